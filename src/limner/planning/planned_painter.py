"""Any painter behind a planner, as the `Painter` that conversations, stores and servers know.

The history is the rounds themselves: nothing is read into a model, and any planned painter goes on with what
another has begun. Rounds are computed in threads of their own, since a painter may be a server far away.
"""

from __future__ import annotations

import threading
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import Final

from torch import Tensor

from limner.dialogue.parts import Instruction, Picture, Round
from limner.inference.conversation_state import RoundState
from limner.inference.events import Finished
from limner.inference.painter import Painter
from limner.inference.prefix_cache import PrefixCache
from limner.inference.region import within
from limner.inference.request import RoundRequest
from limner.inference.sampling import Sampling
from limner.inference.saying import MAX_TEXT_CHARACTERS
from limner.perception.painters import Spending
from limner.planning.album import Album, pointing_at
from limner.planning.carrying_out import Hands, carry_out
from limner.planning.faces import Faces
from limner.planning.plan import KIND, Planner
from limner.planning.scheduler import PlannedScheduler, finished

_ENDLESS: Final = 2**31


class PlannedPainter(Painter):
    """A painter without memory, and the planner that gives it one.

    Args:
        planner: decides what the painter is given.
        hands: the painter, the face finder, and who answers questions.
        faces: finds the people of a conversation for its users; None finds nobody.
        size_px: along a side of the pictures that it paints.
    """

    def __init__(
        self, planner: Planner, hands: Hands, *, faces: Faces | None = None, size_px: int = 1024
    ) -> None:
        self.planner = planner
        self.hands = hands
        self.senses = faces  # type: ignore[assignment]
        self.fingerprint = KIND  # whoever plans and paints, the history is the same
        self.sampling = Sampling()
        self.prefixes = PrefixCache()
        self.lock = threading.RLock()
        self._size_px = size_px

    def compute(self, request: RoundRequest) -> tuple[str, Picture | None]:
        """Words and picture of a round. ValueError or OSError when painter or planner cannot be reached."""
        album, region = Album(request.history, request.instruction), request.instruction.region
        target = request.target
        if region is not None and target is None:  # who marks a part of a picture points at the picture
            target = album.current
        plan = self.planner.plan(request.history, request.instruction, target=target)
        done = carry_out(plan, album, self.hands, seed=request.seed)
        picture = None if request.picture is False else done.picture
        if region is not None and picture is not None and plan.act == "edit" and plan.base is not None:
            picture = within(region, album.at(plan.base).picture, picture)
        return done.text, picture

    @property
    def image_size_px(self) -> int:
        """Pixels along a side of a new picture."""
        return self.hands.size_px or self._size_px

    @property
    def device_name(self) -> str:
        """Who paints."""
        return self.hands.painter.name

    @property
    def summary(self) -> str:
        """One line: who paints, who plans."""
        return f"{self.hands.painter.name}, with {self.planner.name}."

    @property
    def kind(self) -> str:
        """See `Painter.kind`."""
        return KIND

    @property
    def default_steps(self) -> int:
        """The painter's own business."""
        return 1

    @property
    def tokens_per_picture(self) -> int:
        """Nothing is kept as tokens."""
        return 0

    @property
    def context_tokens(self) -> int:
        """Histories have no end here."""
        return _ENDLESS

    @property
    def closing_tokens(self) -> int:
        """None."""
        return 0

    @property
    def num_words(self) -> int:
        """There are no ids of words."""
        return 0

    @property
    def tokens_shape(self) -> tuple[int, int]:
        """There are no image tokens."""
        return 0, 0

    @property
    def reads_crops(self) -> bool:
        """Pictures stay whole."""
        return False

    @property
    def reads_regions(self) -> bool:
        """False: painters without memory are not given a region."""
        return False

    @property
    def reads_rounds(self) -> bool:
        """That is all it reads."""
        return True

    @property
    def spending(self) -> Spending | None:
        """As the painter counts, where it does."""
        return getattr(self.hands.painter, "spending", None)

    def addressed(
        self,
        instruction: Instruction,
        target: int | None,
        *,
        rounds: Sequence[Round],
        states: Sequence[RoundState],
        salt: str,
    ) -> Instruction:
        """With the picture that is pointed at told in words, which the history keeps. ValueError for one that
        is not there.
        """
        if target is None:
            return instruction
        Album(rounds, instruction).at(target)
        said = pointing_at(target, instruction.text)
        return replace(instruction, text=said) if len(said) <= MAX_TEXT_CHARACTERS else instruction

    def count(self, instruction: Instruction) -> int:
        """Nothing is counted."""
        return 0

    def count_round(self, round_: Round) -> int:
        """Nothing is counted."""
        return 0

    def words_of(self, text: str) -> tuple[int, ...]:
        """No ids."""
        return ()

    def as_computed(self, image_tokens_KD: Tensor) -> Tensor:
        """As they are."""
        return image_tokens_KD

    def encode(self, picture: Picture, salt: str = "", *, remember: bool = True) -> Tensor:
        """ValueError: a painter without a model has no encoder."""
        raise ValueError(
            "This painter reads pictures as they are; history='reencode' is for Limner's own model."
        )

    def know(self, picture: Picture, image_tokens_KD: Tensor, salt: str = "") -> None:
        """Nothing is remembered."""

    def forget(self, salt: str, digests: Iterable[str], keys: Iterable[str] = ()) -> None:
        """Nothing is remembered."""

    def scheduler(self) -> PlannedScheduler:
        """See `Painter.scheduler`."""
        return PlannedScheduler(self.compute)

    def answer(self, request: RoundRequest) -> Finished:
        """One round here and now."""
        return finished(self.compute, request)

    def with_sampling(self, **changes: object) -> PlannedPainter:
        """Itself: how it draws is not in our hands."""
        return self
