"""Systems for the benchmark's tests: each fails, or succeeds, in one way that is known."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

import cv2
import numpy as np

from limner.benchmark.conversation import BenchConversation, PersonCheck, StateCheck, as_picture
from limner.benchmark.systems.oracle import OracleSystem
from limner.benchmark.systems.protocol import Session, SystemAnswer
from limner.dialogue.parts import Picture
from limner_world.chance import seeded
from limner_world.scene import Scene
from limner_world.staging import portrait


@dataclass(frozen=True)
class ConstantSystem:
    """Says and shows the same whatever it is asked."""

    picture: Picture | None
    text: str = "Here is the picture."
    name: str = "constant"

    def begin(self, conversation: BenchConversation) -> ConstantSession:
        return ConstantSession(self)


@dataclass
class ConstantSession:
    system: ConstantSystem
    said: int = 0

    def say(self, text: str, pictures: Sequence[Picture]) -> SystemAnswer:
        self.said += 1
        return SystemAnswer(text=self.system.text, picture=self.system.picture, id=str(self.said))

    def fork(self, id: str) -> ConstantSession:
        return ConstantSession(self.system, int(id))


Change = Callable[[BenchConversation, int, SystemAnswer], SystemAnswer]


@dataclass(frozen=True)
class ChangedOracle:
    """The oracle, each answer changed by `change(conversation, round, answer)`."""

    change: Change
    name: str = "changed oracle"

    def begin(self, conversation: BenchConversation) -> ChangedSession:
        return ChangedSession(OracleSystem().begin(conversation), conversation, self.change)


@dataclass
class ChangedSession:
    inner: Session
    conversation: BenchConversation
    change: Change

    def say(self, text: str, pictures: Sequence[Picture]) -> SystemAnswer:
        answer = self.inner.say(text, pictures)
        return self.change(self.conversation, int(answer.id), answer)

    def fork(self, id: str) -> ChangedSession:
        return ChangedSession(self.inner.fork(id), self.conversation, self.change)


def blurred(conversation: BenchConversation, index: int, answer: SystemAnswer) -> SystemAnswer:
    """Pictures as a weak painter's: details gone, colours a little off."""
    if answer.picture is None:
        return answer
    sigma = conversation.size_px / 48
    soft = cv2.GaussianBlur(answer.picture.pixels, (0, 0), sigma).astype(np.float32)
    return replace(answer, picture=Picture(np.clip(soft * 0.9 + 8, 0, 255).astype(np.uint8)))


def forgetful(conversation: BenchConversation, index: int, answer: SystemAnswer) -> SystemAnswer:
    """Always means the other one: the other person, another state, the other answer."""
    scored = conversation.rounds[index].scored
    if scored is None or scored.family == "control_edit":
        return answer
    check, size_px = scored.check, conversation.size_px
    if isinstance(check, PersonCheck):
        scene = check.seen if isinstance(check.seen, Scene) else conversation.rounds[0].target
        assert isinstance(scene, Scene)
        other = portrait(seeded("other", index), scene.figures[1 - check.right], scene.style)
        return replace(answer, picture=as_picture(other, size_px))
    if isinstance(check, StateCheck):
        wrong = check.states[check.right - 1]
        shot = wrong if isinstance(wrong, Scene) else conversation.rounds[wrong.round].target  # type: ignore[union-attr]
        assert isinstance(shot, Scene)
        return replace(answer, picture=as_picture(shot, size_px))
    return replace(answer, text=check.options[1 - check.right])  # type: ignore[union-attr]
