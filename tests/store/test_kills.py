"""SIGKILL at 50 random moments: what was acknowledged is there, and the store is whole."""

import os
import random
import signal
import subprocess
import sys
import time

import kill_target
import pytest
from kill_target import FAST

from limner.service.conversation_service import ConversationService, Wish
from limner.store.fsck import check_store, sweep
from limner.store.store import Store

pytestmark = pytest.mark.kills

NUM_KILLS = 50
NUM_POINTS = 18  # of the kills are just before a sync or rename; the others at any moment


class Target:
    """The process that forks the children to be killed."""

    def __init__(self):
        environment = {**os.environ, "OMP_NUM_THREADS": "1"}
        self.process = subprocess.Popen(
            [sys.executable, kill_target.__file__],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            env=environment,
            text=True,
        )
        assert self.line() == ["ready"]

    def line(self):
        found = self.process.stdout.readline()
        assert found, "the process that forks has ended"
        return found.split()

    def kill_one(self, folder, chance, point=0, url="-"):
        """Start a child and kill it: what it acknowledged before, ids and their conversations."""
        self.process.stdin.write(f"{folder} {url} {chance.randrange(10**6)} {point}\n")
        self.process.stdin.flush()
        pid, kept, wanted = 0, {}, 10**9 if point else chance.randrange(1, 3)
        while True:
            match self.line():
                case ["pid", number]:
                    pid = int(number)
                case ["kept", id, conversation]:
                    kept[id] = conversation
                case ["dead", _]:
                    return kept
            if pid and len(kept) >= wanted:
                wanted = 10**9
                # No condition can name a moment inside a round; any moment is a valid test.
                time.sleep(chance.random() * 0.03)
                os.kill(pid, signal.SIGKILL)

    def close(self):
        self.process.kill()
        self.process.wait()
        self.process.stdin.close()
        self.process.stdout.close()


@pytest.fixture(scope="module")
def target():
    made = Target()
    yield made
    made.close()


def test_fifty_kills_lose_nothing_that_was_acknowledged(tmp_path, target):
    chance, kept = random.Random(0), {}
    for number in range(NUM_KILLS):
        point = number + 1 if number < NUM_POINTS else 0
        kept.update(target.kill_one(tmp_path, chance, point))
    store = Store(tmp_path)
    assert len(kept) >= NUM_KILLS - NUM_POINTS
    there = {round_.id: of for of in set(kept.values()) for round_ in store.tree("anna", of)}
    assert kept.items() <= there.items()
    findings = check_store(store)
    assert findings.problems == ()
    assert findings.unneeded  # some were killed between a blob and its row
    sweep(store)
    findings = check_store(store)
    assert findings.problems == findings.unneeded == ()
    store.close()


@pytest.mark.parametrize("elsewhere", [False, True])
def test_another_process_goes_on_with_the_conversation_of_a_killed_one(
    tmp_path, target, tiny_painter, elsewhere
):
    url = f"file://{tmp_path}/shared" if elsewhere else None
    folders = [tmp_path / "one", tmp_path / ("two" if elsewhere else "one")]
    service = ConversationService(tiny_painter.with_sampling(**FAST), Store(folders[1], blobs_url=url))
    for number in range(3):
        kept = target.kill_one(folders[0], random.Random(number), url=url or "-")
        last, conversation = list(kept.items())[-1]
        after = service.ask(Wish(owner="anna", text="A close-up.", previous=last, picture=True)).result()
        assert (after.conversation, after.parent) == (conversation, last)
        assert {*kept, after.id} <= {round_.id for round_ in service.tree("anna", conversation)}
    assert check_store(service.store).problems == ()
    service.close()
