"""A planner in front of a painter, as a system: the painter has no memory, the planner gives it one.

Knows plans and how they are carried out. Uses nothing of the task but its name, from which its seeds follow.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from limner.benchmark.conversation import BenchConversation
from limner.benchmark.systems.protocol import SystemAnswer
from limner.dialogue.parts import Instruction, Picture, Response, Round
from limner.evaluation.suite import paint_seed
from limner.planning.album import Album
from limner.planning.carrying_out import Hands, carry_out
from limner.planning.plan import Planner


@dataclass(frozen=True, kw_only=True, eq=False)
class PlannedSystem:
    """`planner` decides what the painter of `hands` is given. Threads may hold conversations side by side."""

    planner: Planner
    hands: Hands

    @property
    def name(self) -> str:
        """Planner and painter."""
        return f"{self.planner.name}, {self.hands.painter.name}"

    @property
    def spent(self) -> object:
        """What the painter's server has cost, where it counts."""
        return getattr(self.hands.painter, "spent", None)

    def begin(self, conversation: BenchConversation) -> PlannedSession:
        """An empty conversation."""
        return PlannedSession(
            planner=self.planner, hands=self.hands, seed=paint_seed("planned", conversation.name), places={}
        )


@dataclass(kw_only=True)
class PlannedSession:
    """`places` are the rounds up to every answer, shared by forks."""

    planner: Planner
    hands: Hands
    seed: int
    places: dict[str, tuple[Round, ...]]
    rounds: tuple[Round, ...] = ()

    def say(self, text: str, pictures: Sequence[Picture]) -> SystemAnswer:
        """One round."""
        instruction = Instruction(text=text, pictures=tuple(pictures))
        plan = self.planner.plan(self.rounds, instruction)
        album = Album(self.rounds, instruction)
        done = carry_out(plan, album, self.hands, seed=self.seed + len(self.places))
        response = Response(text=done.text, picture=done.picture)
        self.rounds = (*self.rounds, Round(instruction=instruction, response=response))
        id = str(len(self.places))
        self.places[id] = self.rounds
        return SystemAnswer(text=done.text, picture=done.picture, id=id)

    def fork(self, id: str) -> PlannedSession:
        """Another line from an answer on."""
        return PlannedSession(
            planner=self.planner,
            hands=self.hands,
            seed=self.seed,
            places=self.places,
            rounds=self.places[id],
        )
