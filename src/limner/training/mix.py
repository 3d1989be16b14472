"""A recipe's mix by name: `--mix multi_turn=6,text_to_image=2,crop=3,question=1` is the paper's.

Knows names and ratios. Knows nothing about data or networks.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import fields, is_dataclass, replace
from fractions import Fraction
from math import gcd, lcm
from typing import TYPE_CHECKING, Any, Final

from limner.training.stages.dialogue_counts import dialogues_for

if TYPE_CHECKING:  # which loads torch
    from limner.training.recipe import Recipe

# One name for the dialogues of several rounds, and for the single turns that a recipe counts among them.
MULTI_TURN: Final = "multi_turn"
MULTI_TURN_KINDS: Final = ("named", "full_body", "rollback", "branches", "edit", "paired", "chat")


def read_mix(text: str) -> dict[str, Fraction]:
    """ "named=6,crop=1.5" -> name -> share, as written.

    Raises:
        ValueError: another shape, a name given twice, or a share that is no number above 0.
    """
    found: dict[str, Fraction] = {}
    for word in text.split(","):
        name, equals, number = (part.strip() for part in word.partition("="))
        if not (name and equals and number):
            raise ValueError(f"--mix takes NAME=SHARE,NAME=SHARE,... , not {word!r}.")
        if name in found:
            raise ValueError(f"--mix names {name} twice; give it one share.")
        try:
            found[name] = Fraction(number)
        except (ValueError, ZeroDivisionError):
            raise ValueError(f"--mix gives {name} the share {number!r}; shares are numbers.") from None
        if found[name] <= 0:
            raise ValueError(f"--mix gives {name} the share {number}; leave {name} out instead.")
    return found


def mixed(
    shares: Mapping[str, Fraction], usual: Mapping[str, int], data: Collection[str] = ()
) -> dict[str, int]:
    """The mix in whole numbers: kind -> its ratio.

    `multi_turn` is shared out among the recipe's kinds of several rounds (of those that have data, where any
    data is given, and that have no share of their own) as they stand to each other in `usual`; unless a data
    set is called so itself.

    Args:
        shares: as `read_mix` gives them.
        usual: the recipe's own mix.
        data: the names of the data sets that are given; empty for the world's own dialogues.

    Raises:
        ValueError: a name that is neither a kind of the recipe's nor a data set's, a kind without data, or
            data without a share.
    """
    exact: dict[str, Fraction] = {}
    for name, share in shares.items():
        if name != MULTI_TURN or name in data:
            exact[name] = share
            continue
        kinds = [k for k in MULTI_TURN_KINDS if k in usual and k not in shares and (not data or k in data)]
        if not kinds:
            names = ", ".join(k for k in MULTI_TURN_KINDS if k in usual) or "none"
            raise ValueError(f"--mix names {MULTI_TURN}, but there is nothing of it; its kinds: {names}.")
        whole = sum(usual[kind] for kind in kinds)
        exact |= {kind: share * usual[kind] / whole for kind in kinds}
    unknown = [name for name in exact if name not in usual and name not in data]
    if unknown:
        names = ", ".join((*usual, *((MULTI_TURN,) if set(usual) & set(MULTI_TURN_KINDS) else ())))
        raise ValueError(f"This recipe has no dialogues named {', '.join(unknown)}; it has {names}.")
    bare = [name for name in exact if data and name not in data]
    if bare:
        raise ValueError(f"--mix names {bare[0]}, which has no data; give --data {bare[0]}=FOLDER or =world.")
    left_out = [name for name in data if name not in exact]
    if left_out:
        raise ValueError(f"--data names {', '.join(left_out)}, but --mix gives no share to it.")
    denominators = lcm(*(share.denominator for share in exact.values()))
    whole_numbers = {name: int(share * denominators) for name, share in exact.items()}
    divisor = gcd(*whole_numbers.values())
    return {name: number // divisor for name, number in whole_numbers.items()}


def with_mix(recipe: Recipe, text: str, data: Collection[str] = ()) -> Recipe:
    """The recipe with another mix, as `--mix` says it.

    Raises:
        ValueError: see `read_mix` and `mixed`; or the recipe has no mix.
    """
    stage: Any = recipe.build
    if not is_dataclass(stage) or not {"mix", "dialogues"} <= {part.name for part in fields(stage)}:
        raise ValueError(f"{recipe.name} learns from one kind of sample, so it has no mix; leave --mix out.")
    own: Any = stage  # of another type in each recipe
    mix = mixed(read_mix(text), own.mix, data)
    drawn = [kind for kind in mix if kind in own.mix]
    dialogues = {**dialogues_for(drawn, recipe.preset.name), **own.dialogues}
    build: Any = replace(own, mix=mix, dialogues={k: dialogues.get(k, 0) for k in mix})
    return replace(recipe, build=build)
