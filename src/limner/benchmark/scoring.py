"""Score the answers of one conversation from the world's truth, without a human.

Knows pictures, words and the checks. Knows no system: the same answers get the same score whoever gave them.
Whom a picture shows is `recognising.py`'s business.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from limner.benchmark.conversation import (
    AnswerCheck,
    BenchConversation,
    LookCheck,
    Own,
    PersonCheck,
    Scored,
    StateCheck,
    as_picture,
)
from limner.benchmark.looking import SAME_PERSON, WHICH_STATE, Looker
from limner.benchmark.recognising import Recognised, recognise
from limner.benchmark.systems.protocol import SystemAnswer
from limner.dialogue.parts import Picture
from limner.evaluation.metrics.metric import fit_to
from limner.evaluation.metrics.psnr import psnr_db
from limner.evaluation.metrics.rollback import state_distances
from limner.evaluation.score import Row
from limner.evaluation.suite import paint_seed
from limner.perception.senses import WorldSenses

SEPARATOR = "/"
Values = list[tuple[str, float]]


@dataclass(frozen=True, kw_only=True, eq=False)
class Scorer:
    """Measures conversations.

    Args:
        judge: the perceptual models that look at faces and traits.
        looker: a vision-language judge for real pictures; without one such rounds are left out.
    """

    judge: WorldSenses
    looker: Looker | None = None

    def rows(self, conversation: BenchConversation, answers: Sequence[SystemAnswer]) -> tuple[Row, ...]:
        """Every measured value; a row's metric is "family/metric"."""
        found: list[Row] = []
        for index, round_ in enumerate(conversation.rounds):
            if round_.scored is None:
                continue
            values = self._measure(conversation, answers, index, round_.scored)
            found += [
                Row(
                    dialogue=conversation.name,
                    metric=f"{round_.scored.family}{SEPARATOR}{metric}",
                    value=float(value),
                )
                for metric, value in values
            ]
        return tuple(found)

    def _measure(
        self,
        conversation: BenchConversation,
        answers: Sequence[SystemAnswer],
        index: int,
        scored: Scored,
    ) -> Values:
        answer, check = answers[index], scored.check
        further: Values = []
        match check:
            case StateCheck():
                hit, further = _state(conversation, answers, answer.picture, check)
                further = [*further, *self._looked_state(conversation, answer.picture, check)]
            case PersonCheck() if (portraits := _photographs(check)) is not None:
                looked = self._look_at_person(conversation, answer.picture, portraits, check.right)
                if looked is None:
                    return []
                hit = looked
            case PersonCheck():
                hit, further = self._person(conversation, answers, index, check)
            case AnswerCheck():
                hit = float(chosen_option(answer.text, check.options) == check.right)
            case LookCheck():
                looked = self._look(conversation, answer.picture, check)
                if looked is None:
                    return []
                hit = looked
        if isinstance(check, StateCheck):
            kept = _kept_db(conversation, answer.picture, check)
            further = [*further, *kept, *((f"depth_{scored.depth}.{name}", value) for name, value in kept)]
        if not isinstance(check, AnswerCheck):
            further.append(("picture_given", answer.picture is not None))
        if scored.name:
            further.append(("name_used", _says(answer.text, scored.name)))
        return [*_rates(conversation, scored, hit), *further]

    def _person(
        self,
        conversation: BenchConversation,
        answers: Sequence[SystemAnswer],
        index: int,
        check: PersonCheck,
    ) -> tuple[float, Values]:
        picture = answers[index].picture
        if isinstance(check.seen, Own):
            seen = answers[check.seen.round].picture
        else:
            seen = as_picture(check.seen, conversation.size_px)
        if picture is None or seen is None:
            return 0.0, []
        target = conversation.rounds[index].target
        found = recognise(self.judge, picture, seen, check, target, conversation.size_px)
        return _share(found.evidence, check.right, best=np.max), _beside(found, check.right)

    def _looked_state(
        self, conversation: BenchConversation, picture: Picture | None, check: StateCheck
    ) -> Values:
        """Which real picture the looker finds the answer most like: pixels mislead where a system paints the
        whole picture anew.
        """
        states = [state for state in check.states if isinstance(state, Picture)]
        if self.looker is None or len(states) < len(check.states):
            return []
        value: float | None = 0.0
        if picture is not None:
            seed = paint_seed("state", conversation.name, check.right)
            value = self.looker.choose(WHICH_STATE, picture, states, check.right, seed=seed).value
        return (
            [] if value is None else [("looked.accuracy", value), ("chance.looked.accuracy", 1 / len(states))]
        )

    def _look_at_person(
        self,
        conversation: BenchConversation,
        picture: Picture | None,
        portraits: Sequence[Picture],
        right: int,
    ) -> float | None:
        """Real faces are nothing that the world's perceptual models know; None without a looker's answer."""
        if self.looker is None:
            return None
        if picture is None:
            return 0.0
        seed = paint_seed("person", conversation.name, right)
        return self.looker.choose(SAME_PERSON, picture, portraits, right, seed=seed).value

    def _look(
        self, conversation: BenchConversation, picture: Picture | None, check: LookCheck
    ) -> float | None:
        if self.looker is None:
            return None
        if picture is None:
            return 0.0
        beside = [as_picture(shot, conversation.size_px) for shot in check.pictures]
        looks = self.looker.look(picture, check, beside, seed=paint_seed("look", conversation.name))
        values = [look.value for look in looks if look.value is not None]
        return float(np.mean(values)) if values else None


def _photographs(check: PersonCheck) -> list[Picture] | None:
    """One real picture of each person; None for persons of the world."""
    first = [takes[0] for takes in check.takes if takes]
    found = [take for take in first if isinstance(take, Picture)]
    return found if len(found) == 2 else None


def chosen_option(text: str, options: Sequence[str]) -> int | None:
    """The place of the one option that `text` names as a whole word; None when it names none or several."""
    named = [place for place, option in enumerate(options) if _says(text, option)]
    # "navy-blue" names "blue" too: the longer word is what was said.
    named = [
        place
        for place in named
        if not any(other != place and options[place] in options[other] for other in named)
    ]
    return named[0] if len(named) == 1 else None


def _says(text: str, words: str) -> bool:
    return re.search(rf"(?<!\w){re.escape(words)}(?!\w)", text, re.IGNORECASE) is not None


def _rates(conversation: BenchConversation, scored: Scored, hit: float) -> Iterator[tuple[str, float]]:
    """The hit and its chance: of all, by depth, by how pictures are given; and the hit beyond chance."""
    for part in ("", f"depth_{scored.depth}.", f"{conversation.given}."):
        yield f"{part}accuracy", hit
        yield f"chance.{part}accuracy", scored.chance
    yield f"{conversation.given}.score", (hit - scored.chance) / (1 - scored.chance)
    yield "score", (hit - scored.chance) / (1 - scored.chance)
    yield f"depth_{scored.depth}.score", (hit - scored.chance) / (1 - scored.chance)


def _state(
    conversation: BenchConversation,
    answers: Sequence[SystemAnswer],
    picture: Picture | None,
    check: StateCheck,
) -> tuple[float, Values]:
    """1 when the right state is nearest by pixels; states that are equally near share the hit.

    A chain in which the system owes a picture counts as missed. The chance of PSNR is what the wrong states
    would get, perfectly painted.
    """
    states = [
        answers[state.round].picture if isinstance(state, Own) else as_picture(state, conversation.size_px)
        for state in check.states
    ]
    known = [state for state in states if state is not None]
    if picture is None or len(known) < len(states):
        return 0.0, []
    values: Values = []
    if check.exact is not None:
        exact = as_picture(check.exact, conversation.size_px)
        wrong = [_psnr(state, exact) for place, state in enumerate(known) if place != check.right]
        values += [("psnr_db", _psnr(picture, exact)), ("chance.psnr_db", float(np.mean(wrong)))]
    distances = state_distances(picture.pixels, [state.pixels for state in known])
    return _share(distances, check.right, best=np.min), values


def _kept_db(conversation: BenchConversation, picture: Picture | None, check: StateCheck) -> Values:
    """Consistency of what was not to be edited: PSNR to the exact target over the pixels in which the states
    before and after an edit agree. Nothing where there is no such edit.
    """
    if picture is None or check.exact is None or len(check.states) != 2 or isinstance(check.states[0], Own):
        return []
    before = as_picture(check.states[0], conversation.size_px).pixels
    after = as_picture(check.exact, conversation.size_px).pixels
    if before.shape != after.shape:
        return []
    same_HW = (before == after).all(-1)
    if not same_HW.any():
        return []
    fitted = fit_to(picture.pixels, after)
    return [("kept_db", psnr_db(fitted[same_HW][None], after[same_HW][None]))]


def _psnr(picture: Picture, exact: Picture) -> float:
    return psnr_db(fit_to(picture.pixels, exact.pixels), exact.pixels)


def _share(values: Sequence[float] | np.ndarray, right: int, *, best: Callable[[np.ndarray], float]) -> float:
    """1 when the right one is the best, a share of 1 when others are as good, else 0."""
    found = np.asarray(values, dtype=np.float64)
    ahead = found == best(found)
    return float(ahead[right]) / int(ahead.sum())


def _beside(found: Recognised, right: int) -> Values:
    """What is reported beside the hit; a blind system gets the mean of both persons."""
    values: Values = [("face_found", float(found.face_found))]
    for name, of_both in (("face_similarity", found.similarities), ("traits", found.traits)):
        if len(of_both) == 2:
            values += [(name, of_both[right]), (f"chance.{name}", float(np.mean(of_both)))]
    return values
