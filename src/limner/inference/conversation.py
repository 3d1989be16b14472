"""A conversation: a place in a history tree, and what a painter needs to go on from there.

Knows rounds, forks, the token cache and the people seen. How a round is computed is the painter's business
(`painter.py`); how a conversation becomes a file is `conversation_file.py`'s.
"""

from __future__ import annotations

import hashlib
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from PIL import Image

from limner.dialogue.boxes import Box
from limner.dialogue.history import HistoryTree
from limner.dialogue.history import node_id as id_of
from limner.dialogue.parts import Instruction, Picture, Response, Round
from limner.inference.backend import Backend
from limner.inference.context_selection import visible_rounds
from limner.inference.conversation_file import as_damaged, read_conversation, save_conversation
from limner.inference.conversation_state import RoundState, check_settings
from limner.inference.events import Finished
from limner.inference.notebook import conversation_html, png_bytes, reply_html
from limner.inference.people import Sighting, people_of
from limner.inference.referenced_rounds import ranks
from limner.inference.request import PastRound, RoundRequest
from limner.inference.sampling import Sampling
from limner.inference.saved_header import check_round
from limner.inference.saying import Image_, checked_steps, instruction_of

# Room kept free for an answer: its words, its picture and the closing.
ANSWER_TOKENS = 256


@dataclass(frozen=True, kw_only=True, eq=False)
class Reply:
    """One answer. `id` names the round for `Conversation.fork`; `image` is None for words alone.

    A notebook shows words and picture.
    """

    text: str
    image: Image.Image | None
    id: str
    seconds: float
    seed: int

    def _repr_png_(self) -> bytes | None:
        return None if self.image is None else png_bytes(self.image)

    def _repr_html_(self) -> str:
        return reply_html(self.text, self.image)


class Conversation:
    """Say something, get words and pictures back; every earlier round is remembered.

    Forks share one tree and copy nothing. Not meant for several threads at once. `history` "cache" keeps
    image tokens as predicted; "reencode" encodes every painted picture anew and exists to be compared with
    (paper, supplement, Figure 10). Nothing cached for one `salt` is found with another, so give every owner
    one where owners share a painter.
    """

    def __init__(
        self,
        painter: Backend,
        *,
        seed: int = 0,
        tree: HistoryTree | None = None,
        states: dict[str, RoundState] | None = None,
        head: str | None = None,
        history: str = "cache",
        salt: str = "",
        kept_as: dict[Path, str] | None = None,
    ) -> None:
        check_settings(seed, history)
        self.painter = painter
        self.seed = seed
        self.tree = tree if tree is not None else HistoryTree()
        self.states = states if states is not None else {}
        self.head = head
        self.history = history
        self.salt = salt
        # The files that it was opened from or saved to, and the digest of what they held then.
        self.kept_as = kept_as if kept_as is not None else {}

    def say(
        self,
        text: str,
        images: Sequence[Image_] = (),
        *,
        seed: int | None = None,
        picture: bool | None = None,
        steps: int | None = None,
        sampling: Sampling | None = None,
        region: Box | None = None,
        target: int | None = None,
    ) -> Reply:
        """One round: what you say, with pictures if you like, and the answer.

        Args:
            text: the instruction, at most 4,000 characters.
            images: up to four pictures: paths, file bytes, PIL images or (H, W, 3) uint8 arrays.
            seed: draws this round differently; by default it follows from the conversation's seed.
            picture: True insists on a picture, False forbids one, None leaves it to the model.
            steps: of the detokenizer, 1 to 1,000: more are slower and finer; by default the checkpoint's own.
            sampling: how the answer is drawn, instead of the painter's defaults.
            region: (x0, y0, x1, y1) in [0, 1] of the last picture, or of the one that is meant: what the
                words are about.
            target: the number of the picture that is meant, as "reply to this picture" does: they are
                counted from 1 as they appear, given ones before the one painted for them.

        Raises:
            ValueError: one sentence on what is wrong with text, picture, seed or steps. Nothing is changed
                then.
        """
        if steps is not None:
            sampling = replace(sampling or self.painter.sampling, pixel_steps=checked_steps(steps))
        request = self.prepare(
            text, images, seed=seed, picture=picture, sampling=sampling, region=region, target=target
        )
        return self.commit(self.painter.answer(request))

    def prepare(
        self,
        text: str,
        images: Sequence[Image_] = (),
        *,
        seed: int | None = None,
        picture: bool | None = None,
        sampling: Sampling | None = None,
        region: Box | None = None,
        num_previews: int = 0,
        target: int | None = None,
    ) -> RoundRequest:
        """The round that `say` would compute, as a request for an `Engine`, whose result goes to `commit`.

        `num_previews` (0 to 3) unfinished pictures are shown on the way. ValueError as in `say`; nothing is
        changed.
        """
        instruction = self.painter.addressed(
            instruction_of(text, images, region),
            target,
            rounds=self.rounds,
            states=[self.states[node_id] for node_id in self.tree.path_ids(self.head)],
            salt=self.salt,
        )
        condition = self._latest_picture(instruction)
        if region is not None and condition is None:
            raise ValueError("There is no picture yet for the region to be a part of; leave the region out.")
        round_seed = self.next_seed(seed)
        return RoundRequest(
            past=self._visible_past(instruction),
            instruction=instruction,
            seed=round_seed,
            picture=picture,
            sampling=sampling,
            condition=condition,
            num_previews=num_previews,
            history=self.rounds if self.painter.reads_rounds else (),
            target=target,
            parent_id=self.head,
            salt=self.salt,
            tree="" if self.head is None else self._tree_of(self.head),
        )

    def commit(self, finished: Finished) -> Reply:
        """Append a computed round after the round it was prepared for, and continue from it."""
        request, answer = finished.request, finished.answer
        round_ = Round(
            instruction=request.instruction, response=Response(text=answer.text, picture=finished.picture)
        )
        tokens_KD, is_partly_kept = answer.image_tokens_KD, request.instruction.region is not None
        anew = (is_partly_kept or self.history == "reencode") and not self.painter.reads_rounds
        encoded = finished.picture is not None and anew
        if finished.picture is not None and encoded:
            tokens_KD = self.painter.encode(finished.picture, self.salt, remember=not is_partly_kept)
        # The state first: should the user interrupt here, the tree holds no round without one.
        new_id = id_of(request.parent_id, round_)
        self.states[new_id] = RoundState(
            response_ids=answer.response_ids,
            image_tokens_KD=tokens_KD,
            num_tokens=0 if finished.piece is None else finished.piece.length,
            seed=request.seed,
            seconds=finished.seconds,
            encoded=encoded,
        )
        self.head = self.tree.append(request.parent_id, round_)
        if (
            not encoded and finished.piece is not None
        ):  # else the piece holds other tokens than later rounds are to read
            self.painter.prefixes.insert(
                [*(past.key for past in request.past), self._key(request.past, new_id)],
                finished.piece,
                tree=self._tree_of(new_id),
            )
        return self._reply(new_id)

    def remember(self, round_: Round) -> Reply:
        """Append a round whose answer is known, such as one of a data set; its picture enters by the encoder.

        Raises ValueError when its instruction is too long for the context.
        """
        start = time.perf_counter()
        self._count(round_.instruction)
        picture = round_.response.picture
        reads = picture is not None and not self.painter.reads_rounds
        tokens_KD = self.painter.encode(picture, self.salt) if reads and picture is not None else None
        node_id = self.tree.append(self.head, replace(round_, depends_on=()))
        state = RoundState(
            response_ids=self.painter.words_of(round_.response.text),
            image_tokens_KD=tokens_KD,
            num_tokens=self.painter.count_round(round_),
            seed=self.next_seed(None),
            seconds=time.perf_counter() - start,
            encoded=tokens_KD is not None,
        )
        self.states[node_id] = state
        self.head = node_id
        return self._reply(node_id)

    def fork(self, id: str | None = None) -> Conversation:
        """A new conversation that continues after round `id` (default: the last); this one is unchanged.

        The beginning of an id is enough when only one round has it. ValueError when none or several have.
        """
        target = self.head if id is None else self.resolve(id)
        return Conversation(
            self.painter,
            seed=self.seed,
            tree=self.tree,
            states=self.states,
            head=self.tree.fork(target),
            history=self.history,
            salt=self.salt,
            kept_as=self.kept_as,
        )

    def resolve(self, id: str) -> str:
        """The full id of the one round whose id begins with `id`."""
        found = [node.id for node in self.tree if node.id.startswith(id)] if id else []
        return check_round(id, found)

    def _repr_html_(self) -> str:
        """A notebook shows the rounds so far as a strip of pictures."""
        said = [round_.instruction.text for round_ in self.rounds]
        return conversation_html(
            [(words, reply.text, reply.image) for words, reply in zip(said, self.replies, strict=True)]
        )

    @property
    def replies(self) -> list[Reply]:
        """The answers so far, oldest first."""
        return [self._reply(node_id) for node_id in self.tree.path_ids(self.head)]

    @property
    def rounds(self) -> tuple[Round, ...]:
        """The rounds so far, oldest first."""
        return self.tree.path(self.head)

    @property
    def people(self) -> Mapping[str, Sighting]:
        """Everyone named so far: the round first seen in, what was said about them, and a crop of the face if
        found.
        """
        return people_of(self.tree.path_ids(self.head), self.rounds, self.painter.senses)

    def save(self, path: str | Path) -> Path:
        """Write the whole tree with pictures and image tokens to one file, all or nothing; the path.

        What somebody else saved there meanwhile stays: its rounds become branches of this conversation too.
        ValueError when the file that is there cannot be read as one of these weights' conversations.
        """
        return save_conversation(
            Path(path),
            self.painter,
            self.tree,
            self.states,
            seed=self.seed,
            head=self.head,
            history=self.history,
            kept_as=self.kept_as,
        )

    def still_read(self, text: str = "") -> list[int]:
        """The rounds (counted from 0) that the model would read if `text` were said now: all, unless they no
        longer fit its context (`context_selection.py`).
        """
        return self._visible(Instruction(text=text))

    def next_seed(self, seed: int | None) -> int:
        """The coming round's seed: the given one, or what follows from the conversation's and the depth."""
        if seed is None:
            text = f"{self.seed} {self.tree.depth(self.head)}"
            return int.from_bytes(hashlib.sha256(text.encode()).digest()[:4], "big") >> 1
        if not isinstance(seed, int) or not 0 <= seed < 2**63:
            raise ValueError(f"A seed is a whole number from 0 to 2**63 - 1, not {seed!r}.")
        return seed

    def past(self) -> list[PastRound]:
        """Every round so far as the model would read it again (the naive twin's input)."""
        return self._past_of(self.tree.path_ids(self.head))

    def _latest_picture(self, instruction: Instruction) -> Picture | None:
        """The picture that SEED-X's stage 2 would be shown: the last one given, else the last one painted."""
        if instruction.pictures:
            return instruction.pictures[-1]
        for round_ in reversed(self.rounds):
            seen = (*round_.instruction.pictures, round_.response.picture)
            for picture in reversed(seen):
                if picture is not None:
                    return picture
        return None

    def _past_of(self, node_ids: Sequence[str]) -> list[PastRound]:
        past: list[PastRound] = []
        for node_id in node_ids:
            state = self.states[node_id]
            past.append(
                PastRound(
                    key=self._key(past, node_id),
                    instruction=self.tree.node(node_id).round.instruction,
                    response_ids=state.response_ids,
                    image_tokens_KD=state.image_tokens_KD,
                )
            )
        return past

    def _key(self, past: Sequence[PastRound], node_id: str) -> str:
        """Names the prefix that ends with a round. Equal pictures, predicted here and encoded there, are
        different prefixes.
        """
        parent = past[-1].key if past else f"salt {self.salt}"
        source = " encoded" if self.states[node_id].encoded else ""
        return hashlib.sha256(f"{parent} {node_id}{source}".encode()).hexdigest()

    def _tree_of(self, node_id: str) -> str:
        """Names the prefixes that this conversation reads, whichever round the selected ones begin with."""
        return f"{self.salt} {self.tree.path_ids(node_id)[0]}"

    def _visible_past(self, instruction: Instruction) -> list[PastRound]:
        node_ids = self.tree.path_ids(self.head)
        return self._past_of([node_ids[index] for index in self._visible(instruction)])

    def _visible(self, instruction: Instruction) -> list[int]:
        """Which of the rounds so far stand before this instruction when it is read."""
        instruction_tokens = self._count(instruction)
        node_ids = self.tree.path_ids(self.head)
        budget = self.painter.context_tokens - instruction_tokens - ANSWER_TOKENS
        lengths = [self.states[node_id].num_tokens for node_id in node_ids]
        if sum(lengths) <= budget:
            return list(range(len(node_ids)))
        said = [round_.instruction for round_ in self.rounds]
        needed = ranks(
            instruction.text,
            [each.text for each in said],
            has_picture=[bool(each.pictures) for each in said],
        )
        return visible_rounds(lengths, needed, budget)

    def _count(self, instruction: Instruction) -> int:
        num = self.painter.count(instruction)
        most = self.painter.context_tokens - ANSWER_TOKENS
        if num > most:
            raise ValueError(
                f"The instruction takes {num} tokens, more than the {most} that fit; "
                "shorten it or give fewer images."
            )
        return num

    def _reply(self, node_id: str) -> Reply:
        response, state = self.tree.node(node_id).round.response, self.states[node_id]
        image = response.picture.to_pil() if response.picture is not None else None
        return Reply(text=response.text, image=image, id=node_id, seconds=state.seconds, seed=state.seed)


def open_conversation(path: str | Path, painter: Backend) -> Conversation:
    """See `limner.open_conversation`."""
    path = Path(path)
    saved, tree, states, kept_as = read_conversation(path, painter)
    with as_damaged(str(path)):
        return Conversation(
            painter,
            seed=saved.seed,
            tree=tree,
            states=states,
            head=saved.head,
            history=saved.history,
            kept_as=kept_as,
        )
