"""The vocabulary, learned from the world's own sentences before the first language stage.

Knows which texts to read. How a vocabulary is learned is `limner.models.tokenizer`'s business.
"""

from __future__ import annotations

from collections.abc import Iterator

from filelock import FileLock

from limner.builders.world import words_of_world
from limner.models.checkpoint import save_tokenizer
from limner.models.prompt import TURN_END, TURN_START
from limner.models.tokenizer import train_tokenizer
from limner.training.components import is_made
from limner.training.run_context import RunContext

SENTENCES_PER_ENTRY = 10


def make_vocabulary(context: RunContext) -> None:
    """Write `model/tokenizer/`; of two stages that start at the same moment, the second waits and finds it
    there.
    """
    context.model_folder.mkdir(parents=True, exist_ok=True)
    with FileLock(context.out / "tokenizer.lock"):
        if not is_made(context.model_folder, "tokenizer"):
            size = context.preset.language.vocab_size
            save_tokenizer(context.model_folder, train_tokenizer(_texts(SENTENCES_PER_ENTRY * size), size))


def _texts(count: int) -> Iterator[str]:
    """The world's sentences, and the template's marks as often as a dialogue has them: they must be cheap."""
    for text in words_of_world(count):
        yield text
        yield TURN_START
        yield TURN_END
