"""Items of a conversation, added and removed one by one, while the store keeps whole rounds.

A round is an instruction and its answer. An answer's item that comes alone joins the newest round; an item
that goes leaves the rest of its round. A round that changes so is kept anew under another id, as the image
tokens and the hash of what it was are no longer true of it. Knows rounds and items; knows nothing about HTTP.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any, Final

from limner.dialogue.parts import Response, Round
from limner.server.api.transcripts import Transcripts
from limner.server.errors import wrong
from limner.server.schemas.answers import INSTRUCTION, PICTURE, WORDS, Part, parts_of
from limner.server.schemas.response_input import Turn, read_turns
from limner.server.schemas.shapes import Item
from limner.service.conversation_service import ConversationService
from limner.service.round_cache import content_of
from limner.store.records import NotThere, StoredRound

# Kept with rounds that a client told, to know them from those that were painted here.
TOLD: Final[dict[str, Any]] = {"told": True}


class ConversationItems:
    """Adds and removes items. For several threads, and not on the event loop."""

    def __init__(self, service: ConversationService, transcripts: Transcripts) -> None:
        self.service = service
        self.transcripts = transcripts

    def add(self, owner: str, conversation: str, items: Sequence[Item]) -> list[Part]:
        """Keep items after the newest round; the parts that are new, in order. ApiError 400.

        An answer with nothing to answer, such as a greeting, is passed over: a round begins with the user. An
        answer that this conversation has already, as it was painted in it, is not added again.
        """
        turns = read_turns(items)
        if any(turn.id is not None and not turn.is_told for turn in turns):
            raise wrong("Items are added with their content, not by reference.", param="items")
        answer = turns.pop(0) if turns and turns[0].is_told and not turns[0].text.strip() else None
        rounds = self.transcripts.remembered(owner, turns)
        limits = self.transcripts.limits
        of = self.service.conversation(owner, conversation)
        if of.num_rounds + len(rounds) > limits.max_rounds:
            raise wrong(f"A conversation has at most {limits.max_rounds} rounds here.", param="items")
        parts: list[Part] = []
        painted = None if answer is None else self._painted(owner, conversation, answer)
        if painted is not None:
            self._drop_question(owner, painted)
            parts += [part for part in parts_of(painted) if part.number != INSTRUCTION]
        elif answer is not None and of.head is not None:
            head = self.service.get(owner, of.head)
            before = {part.number for part in parts_of(head)}
            grown = self._grow(owner, head, answer)
            has_new_words = any(words.strip() for words in answer.answer_words)
            parts += [
                part
                for part in parts_of(grown)
                if part.number not in before or (part.number == WORDS and has_new_words)
            ]
        for round_ in rounds:
            made = self.service.remember(owner, round_=round_, conversation=conversation, asked_with=TOLD)
            parts += parts_of(made)
        return parts

    def remove(self, owner: str, part: Part) -> None:
        """Forget an item. What else its round holds stays where the round is the conversation's newest; with
        an instruction, and in the middle of a conversation, the whole round goes.
        """
        round_, parts = part.round, parts_of(part.round)
        of = self.service.conversation(owner, round_.conversation or "")
        if part.number == INSTRUCTION or len(parts) == 1 or of.head != round_.id:
            self.service.delete(owner, round_.id)
            return
        answer = content_of(self.service.store, round_).response
        left = replace(answer, picture=None) if part.number == PICTURE else replace(answer, text="")
        self._replace(owner, round_, left)

    def _painted(self, owner: str, conversation: str, answer: Turn) -> StoredRound | None:
        """The round of this conversation that the answer's items are of."""
        if answer.id is None:
            return None
        try:
            found = self.service.get(owner, answer.id)
        except NotThere:
            return None
        return found if found.conversation == conversation else None

    def _drop_question(self, owner: str, painted: StoredRound) -> None:
        """What was added while it was still to be answered, and is now said in the round that answers it."""
        before = self.service.store.children(owner, painted.conversation or "", painted.parent)
        for one in before:
            is_open = one.picture is None and not one.text_out and bool(one.asked_with.get("told"))
            if one.id != painted.id and is_open and one.text_in == painted.text_in:
                self.service.delete(owner, one.id)

    def _grow(self, owner: str, head: StoredRound, answer: Turn) -> StoredRound:
        """The newest round with more of an answer."""
        if not head.asked_with.get("told"):
            raise wrong(
                "The newest round has its answer; add the user's message before another one.", param="items"
            )
        words = Turn(words=["-"], answer_words=answer.answer_words, answer_picture=answer.answer_picture)
        (said,) = self.transcripts.remembered(owner, [words])
        before = content_of(self.service.store, head).response
        text = "\n".join(one for one in (before.text, said.response.text) if one)
        grown = Response(
            text=text[: self.transcripts.limits.max_text], picture=said.response.picture or before.picture
        )
        return self._replace(owner, head, grown)

    def _replace(self, owner: str, round_: StoredRound, answer: Response) -> StoredRound:
        instruction = content_of(self.service.store, round_).instruction
        made = self.service.remember(
            owner,
            round_=Round(instruction=instruction, response=answer),
            previous=round_.parent,
            conversation=round_.conversation,
            from_start=round_.parent is None,
            metadata=round_.metadata,
            asked_with={**round_.asked_with, **TOLD},
        )
        self.service.delete(owner, round_.id)
        return made
