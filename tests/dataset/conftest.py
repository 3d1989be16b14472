"""Small dialogues for the data set's tests."""

from collections.abc import Callable

import numpy as np
import pytest

from limner.dialogue.parts import Dialogue, Instruction, NamedPerson, Picture, Response, Round


def make_dialogue(number: int, kind: str = "named") -> Dialogue:
    """Three rounds about two persons; every picture and text depends on `number`."""
    rng = np.random.default_rng(number)
    first, second, given = (Picture(rng.integers(0, 256, (20, 24, 3), dtype=np.uint8)) for _ in range(3))
    return Dialogue(
        rounds=(
            Round(
                instruction=Instruction(text=f"Paint Ada and Zoë, number {number}."),
                response=Response(text="Here they are.", picture=first),
            ),
            Round(
                instruction=Instruction(text="A close-up of Ada, as here.", pictures=(given, first)),
                response=Response(text="Here is Ada.", picture=second),
                depends_on=(0,),
            ),
            Round(
                instruction=Instruction(text="What does <b>Zoë</b> wear?"),
                response=Response(text="A hat."),
                depends_on=(0,),
            ),
        ),
        persons=(
            NamedPerson(name="Ada", round_index=0, box=(0.1, 0.2, 0.3, 0.4)),
            NamedPerson(name="Zoë", round_index=0),
        ),
        kind=kind,
        truth={"number": number, "scene": {"figures": [1.5, "é", None, True]}},
    )


@pytest.fixture
def dialogue_of() -> Callable[..., Dialogue]:
    return make_dialogue
