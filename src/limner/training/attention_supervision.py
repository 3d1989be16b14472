"""Supervised attention: a few heads of the language model are taught, while it trains, where to look.

A name is bound to its person by a chain: each word must know whose it is, an answer must find the same
person's words, a picture must find the picture that it changes. Left to itself, gradient descent stays on
"one of the two" until it stumbles on the first two links at once (141,000 samples of fifteen tokens in a
pilot of ours). Telling one head of the first layer about whose a word is, and one of a later layer what to
copy, takes 5,000 (docs/LOG.md). Nothing of this exists outside training: chat runs the plain LLaMA.

owner    a place of text, or a slot, looks at the last name written before it in its round
recall   a place that predicts a word about a person looks at the same word about that person in earlier
         rounds
told     the same head: a slot of a person whom no earlier picture shows looks at the words that tell its
         trait (a red beard at "beard"); a slot that an edit changes looks at the words of the change, and one
         that a way back restores at the end of the instruction: no word tells it, least of all those that
         name what is undone
quote    a word with which a way back quotes an earlier round ("before adding the hat") looks at the same word
         of that round
gather   a slot of such a way back looks at the words that quote
follow   a place of such a dialogue looks at the end of the picture before it, so that a quoted word also
         tells which picture it followed
picture  a slot looks at what it shall repaint: the same scene token of the picture that is edited or gone
         back to; for a person seen before, the same token of that person there; a place that predicts a word
         of an answer looks at the scene tokens of the picture that say what is asked

Knows dialogues' truth, layouts and attention. Knows nothing about data sets and optimizers.

Legend: B dialogues, N places, P pairs, Q looking places, W width, H width of a head.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

from limner.dialogue.parts import Dialogue
from limner.models.llama import apply_rotary_pos_emb
from limner.models.mllm import MultimodalLLM
from limner.models.packing import NO_LABEL, SEEN, SLOT, TEXT, Layout, PackedBatch, block_mask
from limner.models.tokenizer import TextTokenizer
from limner.training.answers import answering_tokens
from limner.training.edit_words import edit_words
from limner.training.sources import is_edit, token_sources
from limner.training.told_words import NOBODY, told_words
from limner_world.scene_tokens import NUM_TOKENS

LEAST_CHANGE: Final = 1e-3  # of a token's numbers, which have unit spread
HEADS: Final = ("owner", "follow", "recall", "told", "quote", "gather", "picture")


@dataclass(frozen=True, kw_only=True)
class Place:
    """A head of the language model."""

    layer: int
    head: int


def places(num_layers: int) -> dict[str, tuple[Place, ...]]:
    """Which heads are taught what: owners in the first layer, pictures in the last but one, and what finds
    them in the layers before that.

    A picture's token is wider than one head (64 numbers against 32 at the small scales), so three share the
    look back at pictures.
    """
    later = max(num_layers - 2, num_layers // 2)
    return {
        "owner": (Place(layer=0, head=0),),
        "follow": (Place(layer=0, head=3),),
        "recall": (Place(layer=later, head=0),),
        "told": (Place(layer=later, head=0),),
        "quote": (Place(layer=max(later - 2, 0), head=1),),
        "gather": (Place(layer=max(later - 1, 0), head=2),),
        "picture": tuple(Place(layer=later, head=head) for head in (1, 2, 3)),
    }


# Per supervised head, pairs (looking place, place to look at); several pairs of one looking place are
# alternatives.
Pointers = Mapping[str, np.ndarray]


def pointers_of(
    dialogue: Dialogue,
    layout: Layout,
    tokenizer: TextTokenizer,
    image_tokens: Mapping[str, Tensor] | None = None,
) -> dict[str, np.ndarray]:
    """Where the places of `layout` should look: (P, 2) int64 per supervised head.

    Args:
        dialogue: the dialogue that was laid out; its persons' names and its truth are used.
        layout: as `lay_out` made it, perhaps of its first rounds only.
        image_tokens: picture key -> its tokens (K, D), which tell what an edit changes; without them, edits
            are not supervised towards words.
    """
    names = [person.name for person in dialogue.persons]
    whose, named_at = _owners(layout, names, tokenizer)
    looking = np.flatnonzero(named_at >= 0)
    changes, quotes, gathered = _edits(dialogue, layout, tokenizer, image_tokens or {})
    return {
        "owner": _pairs((int(i), int(named_at[i])) for i in looking),
        "follow": _pairs(_followed(dialogue, layout)),
        "recall": _pairs(_recalls(layout, whose, tokenizer)),
        "told": _pairs(itertools.chain(_told(dialogue, layout, whose, tokenizer), changes)),
        "quote": _pairs(iter(quotes)),
        "gather": _pairs(iter(gathered)),
        "picture": _pairs(
            itertools.chain(_pictures(dialogue, layout), answering_tokens(dialogue, layout, tokenizer))
        ),
    }


@dataclass(frozen=True, kw_only=True)
class AttentionTargets:
    """The pointers of a batch: (P, 3) int64 rows (dialogue, looking place, place to look at) per head."""

    pairs_P3: Mapping[str, Tensor]

    @classmethod
    def joined(cls, pointers: Sequence[Pointers]) -> AttentionTargets:
        """The pointers of each dialogue of a batch, in the batch's order."""
        joined = {}
        for head in HEADS:
            rows = [np.insert(found[head], 0, index, axis=1) for index, found in enumerate(pointers)]
            joined[head] = torch.from_numpy(np.concatenate(rows))
        return cls(pairs_P3=joined)


class Watch:
    """Queries and keys (B, N, H) of the supervised heads of a forward pass, turned to their positions."""

    def __init__(self) -> None:
        self.heads: dict[Place, tuple[Tensor, Tensor]] = {}


@contextmanager
def watching(language: MultimodalLLM) -> Iterator[Watch]:
    """Forward passes of `language` within the block are recorded."""
    watch = Watch()

    def recorder(place: Place) -> Callable[..., None]:
        # Projected here and not later: where a layer is split among processes, it is whole only while it
        # computes.
        def record(attention: torch.nn.Module, _args: tuple[Any, ...], given: dict[str, Any]) -> None:
            watch.heads[place] = _projected(
                attention, place, given["hidden_states"], given["position_embeddings"]
            )

        return record

    hooks = [
        _attention(language, place).register_forward_pre_hook(recorder(place), with_kwargs=True)
        for heads in places(language.sizes.layers).values()
        for place in heads
    ]
    try:
        yield watch
    finally:
        for hook in hooks:
            hook.remove()


def attention_loss(
    language: MultimodalLLM, watch: Watch, batch: PackedBatch, targets: AttentionTargets
) -> tuple[Tensor, dict[str, Tensor]]:
    """Minus the log of the attention that each looking place gives to where it should look, a mean per head,
    summed over heads; and the share of attention itself as "look_HEAD".
    """
    mask_BNN = block_mask(batch.slot_blocks_BN, batch.lengths_B)[:, 0]
    total = language.slots.new_zeros((), dtype=torch.float32)
    metrics: dict[str, Tensor] = {}
    for name, heads in places(language.sizes.layers).items():
        pairs_P3 = targets.pairs_P3[name].to(mask_BNN.device)
        if not len(pairs_P3):
            continue
        looking_Q2, which_P = torch.unique(pairs_P3[:, :2], dim=0, return_inverse=True)
        wanted_QN = torch.zeros(len(looking_Q2), mask_BNN.shape[-1], dtype=torch.bool, device=mask_BNN.device)
        wanted_QN[which_P, pairs_P3[:, 2]] = True
        found = [
            _log_attention(language, watch, place, mask_BNN, looking_Q2)
            .masked_fill(~wanted_QN, float("-inf"))
            .logsumexp(-1)
            for place in heads
        ]
        total = total - torch.stack(found).mean()
        metrics[f"look_{name}"] = torch.stack(found).detach().exp().mean()
    return total, metrics


def _projected(
    attention: Any, place: Place, states_BNW: Tensor, turns: tuple[Tensor, Tensor]
) -> tuple[Tensor, Tensor]:
    """Queries and keys of one head; only its rows of the projections are computed, unless they carry
    adapters.
    """
    width = attention.head_dim
    rows = slice(place.head * width, (place.head + 1) * width)
    queries, keys = (
        projection(states_BNW)[:, None, :, rows]
        if hasattr(projection, "lora_A")
        else F.linear(states_BNW, projection.weight[rows])[:, None]
        for projection in (attention.q_proj, attention.k_proj)
    )
    queries, keys = apply_rotary_pos_emb(queries, keys, *turns)
    return queries[:, 0], keys[:, 0]


def _attention(language: MultimodalLLM, place: Place) -> Any:
    layer: Any = language.layers[place.layer]
    return layer.self_attn


def _log_attention(
    language: MultimodalLLM, watch: Watch, place: Place, mask_BNN: Tensor, looking_Q2: Tensor
) -> Tensor:
    """Log attention (Q, N) of one head, at the looking places (dialogue, place)."""
    queries_BNH, keys_BNH = watch.heads[place]
    dialogues_Q, places_Q = looking_Q2.unbind(1)
    scores_QN = torch.einsum("qh,qnh->qn", queries_BNH[dialogues_Q, places_Q], keys_BNH[dialogues_Q])
    seen_QN = mask_BNN[dialogues_Q, places_Q]
    scaling = float(_attention(language, place).scaling)
    scores_QN = (scores_QN.float() * scaling).masked_fill(~seen_QN, float("-inf"))
    chances_QN: Tensor = scores_QN.log_softmax(-1)
    return chances_QN


def _owners(layout: Layout, names: Sequence[str], tokenizer: TextTokenizer) -> tuple[np.ndarray, np.ndarray]:
    """Per place the person it belongs to (index into `names`, or NOBODY), and the place of that name."""
    whose = np.full(len(layout), NOBODY)
    named_at = np.full(len(layout), NOBODY)
    written = [(person, ids) for person, name in enumerate(names) for ids in _spellings(name, tokenizer)]
    person, where, round_index = NOBODY, NOBODY, -1
    for index in range(len(layout)):
        if int(layout.rounds[index]) != round_index:
            person, where, round_index = NOBODY, NOBODY, int(layout.rounds[index])
        if layout.kinds[index] == TEXT:
            for candidate, ids in written:
                start = index + 1 - len(ids)
                if start >= 0 and tuple(layout.ids[start : index + 1]) == ids:
                    person, where = candidate, index
                    whose[start:index] = person  # the name's first pieces are about its bearer too
        if layout.kinds[index] != SEEN:
            whose[index], named_at[index] = person, where
    return whose, named_at


def _spellings(name: str, tokenizer: TextTokenizer) -> set[tuple[int, ...]]:
    """The token ids of a name and of its first word."""
    return {tuple(tokenizer.encode(text)) for text in {name, name.split()[0]}}


def _recalls(layout: Layout, whose: np.ndarray, tokenizer: TextTokenizer) -> Iterator[tuple[int, int]]:
    """(place that predicts a word about a person, earlier place with that word about that person).

    Earlier is what was said before the answer: former rounds, and this round's instruction.
    """
    is_text = layout.kinds == TEXT
    answers = np.flatnonzero(layout.labels != NO_LABEL)
    begins = {int(layout.rounds[index]): int(index) for index in reversed(answers)}
    for index in answers:
        following = index + 1
        while following < len(layout) and not is_text[following]:
            following += 1
        if following == len(layout) or whose[following] == NOBODY:
            continue
        label, before = int(layout.labels[index]), begins[int(layout.rounds[index])]
        if not any(letter.isalnum() for letter in tokenizer.decode([label])):
            continue
        same = is_text[:before] & (whose[:before] == whose[following]) & (layout.ids[:before] == label)
        for place in np.flatnonzero(same):
            yield int(index), int(place)


def _told(
    dialogue: Dialogue, layout: Layout, whose: np.ndarray, tokenizer: TextTokenizer
) -> Iterator[tuple[int, int]]:
    """(slot, place of a word that tells what it shows), of pictures that nothing earlier shows."""
    if not dialogue.truth.get("scenes"):
        return
    for block in _blocks(layout):
        round_index = int(layout.rounds[block[0]])
        known = dialogue.truth["scenes"][round_index] is not None and len(block) == NUM_TOKENS
        if known and token_sources(dialogue, round_index, num_tokens=len(block)) is None:
            for token, place in told_words(dialogue, round_index, layout, whose, tokenizer):
                if place < block[0]:
                    yield int(block[token]), place


Pairs = list[tuple[int, int]]


def _edits(
    dialogue: Dialogue, layout: Layout, tokenizer: TextTokenizer, image_tokens: Mapping[str, Tensor]
) -> tuple[Pairs, Pairs, Pairs]:
    """Of all edits and ways back: (changed slot, word of the change), (word that quotes, the word quoted) and
    (slot, word that quotes).
    """
    changes: Pairs = []
    quotes: Pairs = []
    gathered: Pairs = []
    if not dialogue.truth.get("scenes"):
        return changes, quotes, gathered
    for block, key in zip(_blocks(layout), layout.painted_keys, strict=True):
        round_index = int(layout.rounds[block[0]])
        if not is_edit(dialogue, round_index):
            continue
        source = token_sources(dialogue, round_index, num_tokens=len(block))
        if source is None:
            continue
        words = edit_words(dialogue, round_index, layout, tokenizer)
        if key in image_tokens and source.digest in image_tokens:
            changed_K = _differ(image_tokens, key, source.digest)
            changes += itertools.product(block[changed_K].tolist(), words.change.tolist())
            last = _last_seen(layout, int(block[0]))
            if last is not None and last in image_tokens:
                restored_K = _differ(image_tokens, source.digest, last) & ~changed_K
                changes += itertools.product(block[restored_K].tolist(), [words.end])
        quotes += [
            (int(place), int(other))
            for place in words.quoting
            for other in words.quoted[layout.ids[words.quoted] == layout.ids[place]]
        ]
        gathered += itertools.product(block.tolist(), words.quoting.tolist())
    return changes, quotes, gathered


def _followed(dialogue: Dialogue, layout: Layout) -> Iterator[tuple[int, int]]:
    """(place that is no slot, end of the last picture before it), of dialogues that go back."""
    if not dialogue.truth.get("ways"):
        return
    is_seen = layout.kinds == SEEN
    ends = np.flatnonzero(is_seen[:-1] & ~is_seen[1:]) + 1
    for place in np.flatnonzero(layout.kinds != SLOT):
        before = ends[ends < place]
        if len(before):
            yield int(place), int(before[-1])


def _differ(image_tokens: Mapping[str, Tensor], one: str, other: str) -> np.ndarray:
    """Which tokens (K,) of two pictures differ."""
    differs_K = (image_tokens[one] - image_tokens[other]).abs().amax(-1) > LEAST_CHANGE
    return np.asarray(differs_K.cpu().numpy())


def _last_seen(layout: Layout, place: int) -> str | None:
    """The key of the last picture that stands before `place`."""
    seen = np.flatnonzero(layout.kinds[:place] == SEEN)
    size = int((layout.kinds == SEEN).sum()) // max(1, len(layout.seen_keys))
    return layout.seen_keys[len(seen) // size - 1] if len(seen) else None


def _blocks(layout: Layout) -> np.ndarray:
    """The slots of each painted picture, (pictures, K)."""
    slots = np.flatnonzero(layout.kinds == SLOT)
    return slots.reshape(len(layout.painted_keys), -1) if len(slots) else slots.reshape(0, 0)


def _pictures(dialogue: Dialogue, layout: Layout) -> Iterator[tuple[int, int]]:
    """(slot, place of a seen picture whose content the slot should repaint)."""
    if not layout.painted_keys or not layout.seen_keys or "scenes" not in dialogue.truth:
        return
    seen = np.flatnonzero(layout.kinds == SEEN).reshape(len(layout.seen_keys), -1)
    for block in _blocks(layout):
        round_index = int(layout.rounds[block[0]])
        source = token_sources(dialogue, round_index, num_tokens=len(block))
        if source is None:
            continue
        shown = [
            row for row, key in zip(seen, layout.seen_keys, strict=True)
            if key == source.digest and row[0] < block[0]
        ]  # fmt: skip
        if shown:
            for slot, token in source.pairs:
                yield int(block[slot]), int(shown[0][token])


def _pairs(found: Iterator[tuple[int, int]]) -> np.ndarray:
    return np.array(list(found), dtype=np.int64).reshape(-1, 2)
