"""An instruction in words that need no history: names become who is meant, "please" and "instead" go.

Knows words. Who is meant how is told to it.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Final

from limner.dialogue.clauses import without_lead
from limner.dialogue.names import find_names
from limner.planning.plan import Person

_TRAILING: Final = re.compile(r"(?:,?\s+(?:instead|please))+(?=[.!?]*$)", re.IGNORECASE)
_NEW_ONE: Final = re.compile(
    r"^(?:something else in between|leave that for now|now for another picture|here is a different wish"
    r"|now something different|something (?:else|different)(?: entirely)?|(?:a |another )?new picture"
    r"|another picture)"
    r"\s*[.:,–-]\s*",
    re.IGNORECASE,
)
# "Mia's red hair" -> "the red hair of ...": the words of a thing, up to the one that is no adjective.
_OWNED: Final = re.compile(r"(?P<thing>(?:(?:long|short|curly|straight|old|new|red|blue|green|black|white"
    r"|brown|yellow"
    r"|gray|grey|blond|blonde|pink|purple|orange|left|right|big"
    r"|small)\s+)*[a-z][\w-]*)", re.IGNORECASE)  # fmt: skip
_HANDLE: Final = re.compile(r"@(?=[^\W\d_])")


def as_standalone(text: str, people: Iterable[Person], words: Mapping[str, str]) -> str:
    """`text` as one command that needs no history. `words` describe whom each name means; names without words
    stay.
    """
    text = _HANDLE.sub("", text)
    spans = find_names(text, [one.name for one in people])
    for span in reversed(spans):
        if span.name not in words:
            continue
        meant, after = words[span.name], text[span.end :]
        owns = re.match(r"['’]s\s+", after)
        thing = None if owns is None else _OWNED.match(after, owns.end())
        if thing is not None and meant:
            text = f"{text[: span.start]}the {thing['thing']} of {meant}{after[thing.end() :]}"
        else:
            text = f"{text[: span.start]}{meant}{after}"
    bare = without_lead(text).strip()
    while (match := _NEW_ONE.match(bare)) is not None:
        bare = without_lead(bare[match.end() :])
    bare = _TRAILING.sub("", bare).strip(" ,;:")
    if not bare:
        return ""
    bare = bare[0].upper() + bare[1:]
    return bare if bare[-1] in ".!?" else f"{bare}."
