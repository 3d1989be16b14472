"""Answers rounds in a store until it is killed; one process that forks, so that 50 kills cost one start.

For `test_kills.py`. Reads a line per child, "FOLDER URL SEED POINT", from stdin and forks one, which tells
each id on stdout as soon as the service has acknowledged the round. Its own lines are "pid N" and "dead N".
With a POINT above 0 the child kills itself just before it syncs or renames for the POINT-th time.
"""

import os
import signal
import sys

import torch
from chat_texts import TEXTS

from limner.inference.painter import Painter
from limner.models.model import build_model
from limner.models.presets import TINY
from limner.models.tokenizer import train_tokenizer
from limner.service.conversation_service import ConversationService, Wish
from limner.store.store import Store

FAST = {"token_steps": 1, "pixel_steps": 1, "max_text_tokens": 1}


def tell(line: str) -> None:
    os.write(1, f"{line}\n".encode())  # one write: a kill cannot cut it in two


def die_at(point: int) -> None:
    """Make every sync and rename count."""
    left = [point]

    def counted(act):
        def acting(*arguments, **more):
            left[0] -= 1
            if left[0] == 0:
                os.kill(os.getpid(), signal.SIGKILL)
            return act(*arguments, **more)

        return acting

    os.fsync, os.replace = counted(os.fsync), counted(os.replace)


def answer(painter: Painter, folder: str, url: str, seed: int) -> None:
    service = ConversationService(painter, Store(folder, blobs_url=None if url == "-" else url))
    previous = None
    for number in range(1000):
        stored = service.ask(
            Wish(owner="anna", text=f"Round {number}.", previous=previous, seed=seed + number, picture=True)
        ).result()
        tell(f"kept {stored.id} {stored.conversation}")
        # Now and then a fork, so that parents are not always the newest.
        previous = stored.id if number % 3 < 2 else stored.parent


def main() -> None:
    torch.set_num_threads(1)
    torch.manual_seed(0)
    model = build_model(TINY, train_tokenizer(TEXTS * 4, vocab_size=TINY.language.vocab_size)).eval()
    painter = Painter(model, None, fingerprint="tiny").with_sampling(**FAST)
    tell("ready")
    for line in sys.stdin:
        folder, url, seed, point = line.split()
        pid = os.fork()
        if pid == 0:
            try:
                if int(point):
                    die_at(int(point))
                answer(painter, folder, url, int(seed))
            finally:
                os._exit(3)
        tell(f"pid {pid}")
        os.waitpid(pid, 0)
        tell(f"dead {pid}")


if __name__ == "__main__":
    main()
