"""Where a response goes on: what its input points at, looked up; what the store does not know, read from the
transcript.

Knows a service, turns and pictures. Knows nothing about requests' other fields.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from limner.dialogue.parts import Instruction, Picture, Round
from limner.dialogue.parts import Response as RoundResponse
from limner.server.api.people import file_reader
from limner.server.errors import ApiError, not_found, wrong
from limner.server.pictures.painting import reader_of
from limner.server.pictures.pictures_in import PictureSource
from limner.server.rounds.rounds import told
from limner.server.schemas.response_input import Reading, Turn
from limner.server.settings import ServerSettings
from limner.service.conversation_service import ConversationService


@dataclass(frozen=True, kw_only=True)
class Resolved:
    """A request after its lookups: the round that it follows, and its pictures decoded."""

    previous: str | None
    before: tuple[Round, ...]
    pictures: tuple[Picture, ...]


class Transcripts:
    """Looks things up in a service. For several threads, and not on the event loop."""

    def __init__(self, service: ConversationService, settings: ServerSettings) -> None:
        self.service = service
        self.limits = settings.limits
        self.reader = reader_of(settings)

    def resolve(self, owner: str, reading: Reading, previous: str | None) -> Resolved:
        """Look up what the input points at, and read its pictures. `previous` is known to be there."""
        before: list[Turn] = []
        start = previous
        for turn in reading.before:
            if turn.id is not None and previous is None and self._is_kept(owner, turn.id):
                start, before = turn.id, []
            elif turn.is_told:
                before.append(turn)
            elif turn.id is not None:
                if previous is None:
                    raise not_found(f"item of response {turn.id!r}", param="input")
            elif turn.words or turn.pictures:
                before.append(turn)
        if len(before) > self.limits.max_rounds:
            raise wrong(f"A transcript has at most {self.limits.max_rounds} rounds here.", param="input")
        pictures = self._pictures(owner, reading.pictures)
        if reading.shown is not None and reading.shown != start:
            if start is None and not before:
                with told("input"):
                    self.service.get(owner, reading.shown)
                start = reading.shown
            else:
                with told("input"):
                    pictures.append(self.service.picture(owner, reading.shown))
        return Resolved(
            previous=start, before=tuple(self.remembered(owner, before)), pictures=tuple(pictures)
        )

    def remembered(self, owner: str, turns: Sequence[Turn]) -> list[Round]:
        """Turns of a transcript as rounds whose answers are known."""
        limits, rounds = self.limits, []
        for turn in turns:
            text = limits.check_text(turn.text, param="input")
            limits.check_images(turn.pictures, param="input")
            answer = [] if turn.answer_picture is None else [turn.answer_picture]
            painted = self._pictures(owner, answer)
            rounds.append(
                Round(
                    instruction=Instruction(text=text, pictures=tuple(self._pictures(owner, turn.pictures))),
                    response=RoundResponse(
                        text=turn.answer_text.strip()[: limits.max_text],
                        picture=painted[0] if painted else None,
                    ),
                )
            )
        return rounds

    def _is_kept(self, owner: str, id: str) -> bool:
        try:
            with told():
                self.service.get(owner, id)
        except ApiError as error:
            if error.status_code != 404:
                raise
            return False
        return True

    def _pictures(self, owner: str, sources: Sequence[PictureSource]) -> list[Picture]:
        with told("input"):
            return self.reader.read(
                sources,
                file_reader(self.service, owner),
                most=self.limits.max_images,
            )
