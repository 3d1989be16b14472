"""What a round does next, for any number of rounds at that stage in one forward.

The stages in order: `prefill` (what is needed of the past, then the instruction), `decode` (the answer's
words, one by one), then `finish_text` or, for a picture, `sample_image_tokens` (from the slots) and `denoise`
(step by step). Rounds at the same stage share a forward, whichever word or denoising step each has come to.
Knows stages, forwards and the events that they cause. Knows nothing of when rounds come, go or fail
(`scheduler.py`).

A stage changes its rounds only after its forwards went well, so that it may be repeated for some of them.

Legend: B rounds, W model width, V vocabulary, K slots, D token width.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence

import torch
from torch import Tensor

from limner.dialogue.parts import Picture
from limner.inference.backend import LoadedModel
from limner.inference.events import Cancelled, Event, Failed, Finished, Painting, Preview, Wrote
from limner.inference.generation import (
    Answer,
    choose_word,
    condition_latents,
    embed_answer,
    embed_ids,
    embed_instruction,
    embed_picture,
    pixel_temperature,
    to_uint8,
    token_temperature,
    unspeakable_ids,
    words_that_fit,
)
from limner.inference.region import as_asked
from limner.inference.request import RoundRequest
from limner.models.cache import KeyValueCache
from limner.models.pad_to_square import pad_to_square
from limner.models.prompt import decode_response
from limner.models.sampling_state import SamplingState
from limner.models.sequence_batch import BatchedSequence, hidden_together

UNFINISHED = "�"  # what a character's bytes decode to while some are missing


class ScheduledRound:
    """One round that is computed: `stage` names the function of this module that is next, "" at its end."""

    def __init__(
        self,
        painter: LoadedModel,
        request: RoundRequest,
        emit: Callable[[Event], None],
        wants_stop: Callable[[], bool],
    ) -> None:
        self.request = request
        self.emit = emit
        self.wants_stop = wants_stop
        self.sampling = request.sampling or painter.sampling
        self.keys = tuple(round_.key for round_ in request.past)
        self.start_s = time.perf_counter()
        self.stage = "prefill"
        self.end: Finished | Cancelled | Failed | None = None
        # Prefill and decode
        self.sequence = BatchedSequence(KeyValueCache())
        self.num_prefilled = 0  # rounds of the past
        self.start = 0  # of this round in its sequence
        self.hidden_W: Tensor | None = None  # after the last word
        self.generator = torch.Generator().manual_seed(request.seed)
        self.most_words = 0
        self.ids: list[int] = []
        self.chosen: int | None = None  # the next word, not read yet
        self.num_said = 0  # characters emitted
        # The picture
        self.tokens_KD: Tensor | None = None
        self.sampling_state: SamplingState | None = None
        self.shown_after: list[int] = []  # the denoising steps after which a preview is due
        self.piece: KeyValueCache | None = None

    def finish(self, end: Finished | Cancelled | Failed) -> None:
        """No further stage."""
        self.end, self.stage = end, ""


def prefill(painter: LoadedModel, round_: ScheduledRound) -> int:
    """Read one more round of the past, else the instruction; how many tokens that were."""
    request, model = round_.request, painter.model
    if not round_.num_prefilled:
        held = painter.prefixes.match(round_.keys)
        round_.sequence, round_.num_prefilled = BatchedSequence(KeyValueCache.join(held)), len(held)
    start = round_.sequence.length
    if round_.num_prefilled < len(request.past):
        prefill_past(painter, round_.sequence, request, round_.num_prefilled + 1)
        round_.num_prefilled += 1
        return round_.sequence.length - start
    embeds_1NW = embed_instruction(
        model, request.instruction, lambda picture: painter.encode(picture, request.salt)
    )
    round_.most_words = words_that_fit(model, round_.sampling, start + embeds_1NW.shape[1])
    round_.hidden_W = hidden_together(model.language, [round_.sequence], embeds_1NW)[0, -1]
    round_.start, round_.stage = start, "decode"
    return round_.sequence.length - start


def prefill_past(painter: LoadedModel, sequence: BatchedSequence, request: RoundRequest, num: int) -> None:
    """Append the last of the first `num` past rounds to a sequence that holds the others, and keep its
    piece in the prefix cache.
    """
    past = request.past[:num]
    round_, start, model = past[-1], sequence.length, painter.model
    instruction_1NW = embed_instruction(
        model, round_.instruction, lambda picture: painter.encode(picture, request.salt)
    )
    answer_1NW = embed_answer(model, round_.response_ids, round_.image_tokens_KD)
    hidden_together(model.language, [sequence], torch.cat([instruction_1NW, answer_1NW], dim=1))
    piece = sequence.cache.piece(start, sequence.length, own_memory=True)
    painter.prefixes.insert([known.key for known in past], piece, tree=request.tree)


def decode(painter: LoadedModel, rounds: Sequence[ScheduledRound]) -> None:
    """The next word of each: chosen, emitted and read; or the end of the words."""
    model, tokenizer = painter.model, painter.model.tokenizer
    choosing = [round_ for round_ in rounds if round_.chosen is None]
    if choosing:
        logits_BV = model.language.text_logits(
            torch.stack([round_.hidden_W for round_ in choosing if round_.hidden_W is not None])
        ).float()
        logits_BV[:, unspeakable_ids(tokenizer)] = -torch.inf
        for round_, logits_V in zip(choosing, logits_BV, strict=True):
            if round_.request.picture is False:
                logits_V[tokenizer.image_start_id] = -torch.inf
            round_.chosen = choose_word(
                logits_V,
                tokenizer,
                round_.sampling,
                round_.generator,
                is_last=len(round_.ids) >= round_.most_words,
                picture=round_.request.picture,
            )
    for round_ in rounds:
        if round_.chosen == tokenizer.end_id:
            _say(painter, round_, is_all=True)
            round_.stage = "finish_text"
    going_on = [round_ for round_ in rounds if round_.stage == "decode"]
    if not going_on:
        return
    words = [round_.chosen for round_ in going_on if round_.chosen is not None]
    embeds_B1W = embed_ids(model, words).transpose(0, 1)
    hidden_B1W = hidden_together(model.language, [round_.sequence for round_ in going_on], embeds_B1W)
    for round_, word, hidden_1W in zip(going_on, words, hidden_B1W, strict=True):
        round_.hidden_W, round_.chosen = hidden_1W[-1], None
        if word == tokenizer.image_start_id:
            _say(painter, round_, is_all=True)
            round_.stage = "sample_image_tokens"
        else:
            round_.ids.append(word)
            _say(painter, round_)


def finish_text(painter: LoadedModel, rounds: Sequence[ScheduledRound]) -> None:
    """The end of answers in words alone."""
    model = painter.model
    embeds_11W = embed_ids(model, [model.tokenizer.end_id])
    sequences = [round_.sequence for round_ in rounds]
    hidden_together(model.language, sequences, embeds_11W.expand(len(rounds), -1, -1))
    for round_ in rounds:
        _cut_piece(round_)
        _finish(painter, round_, None)


def sample_image_tokens(painter: LoadedModel, rounds: Sequence[ScheduledRound]) -> None:
    """The image tokens of each: slots in one forward, the token head's draw, and the draw as history.

    The rounds' sampling must agree in what concerns the token head.
    """
    model, sampling = painter.model, rounds[0].sampling
    sequences = [round_.sequence for round_ in rounds]
    slots_BKW = model.language.embed_slots(len(rounds))
    hidden_BKW = hidden_together(model.language, sequences, slots_BKW, grow=False, are_slots=True)
    tokens_BKD = model.token_heads.of_kind(sampling.token_head).predict(
        model.language.image_hidden(hidden_BKW),
        [round_.request.seed for round_ in rounds],
        steps=sampling.token_steps,
        temperature=token_temperature(model, sampling),
    )
    tokens_BKD = tokens_BKD.to(model.dtype)
    states = [_begin(painter, *pair) for pair in zip(rounds, tokens_BKD, strict=True)]
    hidden_together(model.language, sequences, embed_picture(model, tokens_BKD))
    for round_, tokens_KD, state in zip(rounds, tokens_BKD, states, strict=True):
        _cut_piece(round_)
        round_.tokens_KD, round_.sampling_state, round_.stage = tokens_KD.clone(), state, "denoise"
        round_.shown_after = preview_steps(round_.request.num_previews, state.num_steps)
        round_.emit(Painting(step=0, num_steps=state.num_steps))


def denoise(painter: LoadedModel, rounds: Sequence[ScheduledRound]) -> None:
    """Advance every picture by one denoising step, whichever step each is at; then emit finished pictures and
    due previews.
    """
    detokenizer = painter.model.detokenizer
    after = detokenizer.advance(
        [round_.sampling_state for round_ in rounds if round_.sampling_state is not None]
    )
    steps = list(zip(rounds, after, strict=True))
    done = [state for _, state in steps if state.is_done]
    due = [state for round_, state in steps if state.step in round_.shown_after]
    latents = [detokenizer.finish(done)] if done else []
    latents += [detokenizer.predict_x0(due)] if due else []
    pictures: dict[SamplingState, Picture] = {}
    if latents:
        pixels_B3HW = painter.model.autoencoder.decode(torch.cat(latents))
        seen = (Picture(to_uint8(pixels_3HW)) for pixels_3HW in pixels_B3HW)
        pictures = dict(zip([*done, *due], seen, strict=True))
    for round_, state in steps:
        round_.sampling_state = state
        round_.emit(Painting(step=state.step, num_steps=state.num_steps))
        picture = as_asked(round_.request, pictures[state]) if state in pictures else None
        if state.is_done:
            _finish(painter, round_, picture)
        elif picture is not None:
            round_.emit(Preview(index=round_.shown_after.index(state.step), picture=picture))


def preview_steps(num_previews: int, num_steps: int) -> list[int]:
    """After which denoising steps previews are due: evenly spread, and fewer when there are too few steps."""
    spread = {round(number * num_steps / (num_previews + 1)) for number in range(1, num_previews + 1)}
    return sorted(spread - {0, num_steps})


def _begin(painter: LoadedModel, round_: ScheduledRound, tokens_KD: Tensor) -> SamplingState:
    model, condition = painter.model, round_.request.condition
    shown = None
    if condition is not None and model.detokenizer.reads_condition:
        shown = pad_to_square(condition, model.preset.autoencoder.image_size_px)
    (state,) = model.detokenizer.begin(
        tokens_KD[None].clone(),
        round_.sampling.pixel_steps or model.detokenizer.sizes.default_steps,
        [round_.request.seed],
        condition_BCHW=condition_latents(model, shown),
        temperature=pixel_temperature(model, round_.sampling),
    )
    return state


def _say(painter: LoadedModel, round_: ScheduledRound, *, is_all: bool = False) -> None:
    """Emit the words that are new since the last call, but no half character while more may come."""
    text = decode_response(round_.ids, painter.model.tokenizer)
    if len(text) > round_.num_said and (is_all or not text.endswith(UNFINISHED)):
        round_.emit(Wrote(text=text[round_.num_said :]))
        round_.num_said = len(text)


def _cut_piece(round_: ScheduledRound) -> None:
    """Keep this round's own part of the cache only; the past's is not needed any more."""
    round_.piece = round_.sequence.cache.piece(round_.start, round_.sequence.length, own_memory=True)
    round_.sequence, round_.hidden_W = BatchedSequence(KeyValueCache()), None


def _finish(painter: LoadedModel, round_: ScheduledRound, picture: Picture | None) -> None:
    assert round_.piece is not None
    answer = Answer(
        text=decode_response(round_.ids, painter.model.tokenizer),
        response_ids=tuple(round_.ids),
        image_tokens_KD=round_.tokens_KD,
    )
    round_.finish(
        Finished(
            request=round_.request,
            answer=answer,
            picture=picture,
            piece=round_.piece,
            seconds=time.perf_counter() - round_.start_s,
        )
    )
