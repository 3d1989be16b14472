"""What is asked of the embedded model: bars, each the name of a metric and the value it has to reach.

Knows names of metrics. Reads no results (`bar_readings.py` does) and measures nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import KW_ONLY, dataclass
from typing import Final

from limner.evaluation.suites.rollback_tasks import FAMILIES
from limner.evaluation.table import number
from limner.evaluation.views import TOKENS


@dataclass(frozen=True)
class Bar:
    """One bar.

    Args:
        label: what is asked.
        suite: the suite that measures it.
        metric: of that suite; with a star the worst of all that fit.
        bar: the value to reach, from below or, with `at_most`, from above.
        of_ceiling: `bar` is the share of what the judge reads from true pictures.
        above: another metric of the suite that is to be passed, in place of `bar`.
        view: the view that is asked for where the picture as drawn does not tell.
    """

    label: str
    suite: str
    metric: str
    bar: float | None = None
    _: KW_ONLY
    at_most: bool = False
    of_ceiling: bool = False
    above: str = ""
    view: str = ""

    @property
    def told(self) -> str:
        """The bar in words."""
        if self.above:
            return f"above {self.above}"
        if self.bar is None:
            return "told"
        sign = "<=" if self.at_most else ">="
        return f"{sign} {number(self.bar)}{' of the ceiling' if self.of_ceiling else ''}"


def _people() -> Iterator[Bar]:
    yield Bar(
        "traits described are seen, first picture",
        "named",
        "first_picture.traits_seen",
        0.95,
        of_ceiling=True,
    )
    yield Bar("the same, the worst trait", "named", "first_picture.*.trait_seen", 0.85, of_ceiling=True)
    for label, metric, bar in (
        ("right person by face, true first picture", "true_first.right_person", 0.97),
        ("right person by face, own first picture", "own_first.right_person", 0.95),
        ("the same, people of equal traits, true first", "true_first.shared_traits.right_person", 0.92),
        ("the same, people of equal traits, own first", "own_first.shared_traits.right_person", 0.92),
    ):
        yield Bar(label, "named", metric, bar)
    yield Bar(
        "names needed six rounds later: right persons lost",
        "named",
        "true_first.lost_by_distance",
        0.03,
        at_most=True,
    )
    yield Bar("full body: right person", "full-body", "own_first.right_person")
    yield Bar("full body: garments as told", "full-body", "own_first.garments_seen")


def _changes() -> Iterator[Bar]:
    yield Bar("right state after a way back", "rollback", "right_state", 0.97)
    for family in FAMILIES:
        yield Bar(f"the same, {family.replace('_', ' ')}", "rollback", f"{family}.right_state", 0.97)
    yield Bar("right state, history cut to the last round (chance)", "rollback", "cut_history.right_state")
    yield Bar("change asked with a way back is made", "rollback", "change_made", 0.9)
    for label, kind, bar in (("one edit", "single_turn", 0.92), ("chain of three edits", "chain", 0.9)):
        yield Bar(f"{label}: made", "editing", f"{kind}.change_made", bar)
        yield Bar(f"{label}: right state", "editing", f"{kind}.right_state", bar)
        yield Bar(f"{label}: unedited factors kept", "editing", f"{kind}.factors_kept", 0.98, view=TOKENS)
    yield Bar("way back: unedited factors kept", "rollback", "factors_kept", 0.98, view=TOKENS)


def _words() -> Iterator[Bar]:
    for label, metric, bar in (
        ("questions", "question.answers", 0.95),
        ("pointing: a box is given", "pointing.box_given", 0.98),
        ("pointing: IoU", "pointing.iou", 0.7),
        ("pointing: right person", "pointing.right_person", 0.95),
        ("captions: traits named", "caption.traits_named", None),
    ):
        yield Bar(label, "comprehend", metric, bar)


def _likeness() -> Iterator[Bar]:
    yield Bar(
        "likeness of a given face, another scene",
        "personalize",
        "model.paired.face_similarity",
        0.8,
        of_ceiling=True,
    )
    for label, metric, bar in (
        ("drift over ten rounds, token cache: likeness lost", "chat.cache.face_similarity.lost", 0.02),
        ("the same, re-encoded", "chat.reencode.face_similarity.lost", None),
    ):
        yield Bar(label, "drift", metric, bar, at_most=True)
    for label, metric in (
        ("flow: consistency within a run", "within_run.face_similarity"),
        ("flow: diversity across runs", "across_runs.diversity"),
    ):
        yield Bar(label, "twice", f"flow.{metric}", above=f"regression.{metric}")


def _pictures() -> Iterator[Bar]:
    for label, group in (
        ("two persons", "two_person"),
        ("one person", "one_person"),
        ("close-up", "close_up"),
    ):
        yield Bar(
            f"distance from the true picture by the judge's features, {label}",
            "reconstruct",
            f"dit_64.{group}.seen_distance",
            at_most=True,
        )


BARS: Final = (*_pictures(), *_people(), *_changes(), *_words(), *_likeness())
