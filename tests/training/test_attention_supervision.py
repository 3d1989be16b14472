"""Where supervised heads should look: checked on the words themselves, then shown to be learnable."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch
from dots import dots
from library_llama import llama_of

from limner.builders.world import KINDS, words_of_world
from limner.dialogue.parts import Dialogue, Instruction, NamedPerson, Picture, Response, Round
from limner.models.mllm import MultimodalLLM
from limner.models.packing import SEEN, SLOT, TEXT, Layout, collate, lay_out, packed_hidden
from limner.models.presets import TINY
from limner.models.prompt import segments
from limner.models.tokenizer import TextTokenizer, train_tokenizer
from limner.training.answers import tokens_asked
from limner.training.attention_supervision import (
    HEADS,
    AttentionTargets,
    attention_loss,
    places,
    pointers_of,
    watching,
)
from limner.training.sources import LASTING, token_sources
from limner.training.told_words import TOLD
from limner_world.scene_tokens import FIRST_SCENE_TOKEN, NUM_TOKENS, PERSON_TOKENS


@pytest.fixture(scope="module")
def tokenizer() -> TextTokenizer:
    return train_tokenizer([*words_of_world(600), *["Clara Adam"] * 200], vocab_size=1500)


def dialogue_of(kind: str, seed: int) -> Dialogue:
    return KINDS[kind](seed, "train", 32, paint=dots)


def words(layout: Layout, tokenizer: TextTokenizer, places: list[int]) -> str:
    return tokenizer.decode([int(layout.ids[place]) for place in places])


def laid_out(
    dialogue: Dialogue, tokenizer: TextTokenizer, num_image_tokens: int = TINY.num_image_tokens
) -> Layout:
    return lay_out([segments(round_, tokenizer) for round_ in dialogue.rounds], num_image_tokens)


def told() -> Dialogue:
    cards = "Clara: red hair. Adam: gray hair."
    rounds = (
        Round(instruction=Instruction(text=cards), response=Response(text="Here they are.")),
        Round(
            instruction=Instruction(text="Adam?"), response=Response(text="Adam: gray hair."), depends_on=(0,)
        ),
    )
    persons = tuple(NamedPerson(name=name, round_index=0) for name in ("Clara", "Adam"))
    return Dialogue(rounds=rounds, persons=persons, kind="drill")


def test_every_word_looks_at_the_last_name_of_its_round(tokenizer: TextTokenizer) -> None:
    layout = laid_out(told(), tokenizer)
    owner = {int(a): int(b) for a, b in pointers_of(told(), layout, tokenizer)["owner"]}
    red, gray, *later_gray = [
        int(place)
        for word in ("red", "gray")
        for place in (layout.ids == tokenizer.encode(word)[0]).nonzero()[0]
    ]
    assert words(layout, tokenizer, [owner[red]]) == "Clara"
    assert words(layout, tokenizer, [owner[gray]]) == "Adam"
    assert owner[later_gray[0]] > later_gray[0] - 4  # the name in the answer, not the one of the first round
    first_answer = layout.rounds.tolist().index(1)
    assert all(place >= first_answer for looking, place in owner.items() if looking >= first_answer)


def test_an_answer_looks_at_the_same_persons_words(tokenizer: TextTokenizer) -> None:
    layout = laid_out(told(), tokenizer)
    pairs = pointers_of(told(), layout, tokenizer)["recall"]
    assert len(pairs)
    second = int(tokenizer.encode("Adam")[0])
    adams_card = layout.ids.tolist().index(second)
    for looking, place in pairs:
        assert int(layout.labels[looking]) == int(layout.ids[place])
        assert place >= adams_card  # never Clara's "hair"


def test_an_undone_edit_looks_at_the_picture_before(tokenizer: TextTokenizer) -> None:
    checked = 0
    for seed in range(40):
        dialogue = dialogue_of("rollback", seed)
        if dialogue.truth["rollback"] not in ("undo", "step back"):
            continue
        index = next(i for i, round_ in enumerate(dialogue.rounds) if not round_.is_markov(i))
        base = dialogue.rounds[int(dialogue.truth["base"])].response.picture
        layout = laid_out(dialogue, tokenizer)
        if base is None or index >= int(layout.rounds.max()) + 1:
            continue
        seen_at = [key for key in layout.seen_keys for _ in range(TINY.num_image_tokens)]
        seen_place = dict(zip((layout.kinds == SEEN).nonzero()[0].tolist(), seen_at, strict=True))
        of_round = [
            (int(a), int(b))
            for a, b in pointers_of(dialogue, layout, tokenizer)["picture"]
            if layout.rounds[a] == index
        ]
        assert len(of_round) == TINY.num_image_tokens
        assert {seen_place[place] for _, place in of_round} == {base.digest}
        checked += 1
    assert checked >= 5


def test_a_close_up_looks_at_the_tokens_of_its_person(tokenizer: TextTokenizer) -> None:
    checked = set()
    for seed in range(6):
        dialogue = dialogue_of("plain_named", seed)
        layout = laid_out(dialogue, tokenizer, NUM_TOKENS)
        first = int((layout.kinds == SEEN).nonzero()[0][0])
        pairs = pointers_of(dialogue, layout, tokenizer)["picture"]
        for name, (_, place) in dialogue.truth["names"].items():
            for round_index in (1, 2):
                if name not in dialogue.rounds[round_index].instruction.text:
                    continue
                slots = (layout.kinds == SLOT) & (layout.rounds == round_index)
                start = int(slots.nonzero()[0][0])
                found = {int(a) - start: int(b) - first for a, b in pairs if layout.rounds[a] == round_index}
                assert found == {k: place * PERSON_TOKENS + k for k in range(LASTING)}
                checked.add(place)
    assert checked == {0, 1}


def test_a_person_is_found_in_a_picture_that_was_given() -> None:
    dialogue = dialogue_of("paired", 0)
    source = token_sources(dialogue, 0, num_tokens=NUM_TOKENS)
    assert source is not None
    assert source.digest == dialogue.rounds[0].instruction.pictures[0].digest
    assert {token for _, token in source.pairs} == set(range(LASTING))


def test_nothing_is_looked_at_for_somebody_new() -> None:
    dialogue = dialogue_of("named", 0)
    assert token_sources(dialogue, 0, num_tokens=NUM_TOKENS) is None


def test_slots_look_at_the_words_that_tell_them(tokenizer: TextTokenizer) -> None:
    """Whatever a slot looks at tells its own trait, of its own person: checked against the scene."""
    found: dict[str, set[str]] = {}
    for seed in range(40):
        dialogue = dialogue_of("named", seed)
        layout = laid_out(dialogue, tokenizer, NUM_TOKENS)
        block = np.flatnonzero(layout.kinds == SLOT)[:NUM_TOKENS]
        owner = {int(a): int(b) for a, b in pointers_of(dialogue, layout, tokenizer)["owner"]}
        figures = dialogue.truth["scenes"][0]["figures"]
        names = [name for _, name in sorted((person.box, person.name) for person in dialogue.persons)]
        for slot, place in pointers_of(dialogue, layout, tokenizer)["told"]:
            if slot > block[-1]:
                continue  # another picture
            person, token = divmod(int(slot) - int(block[0]), PERSON_TOKENS)
            name = next(name for name, index in TOLD.items() if index == token)
            told = figures[person]["person"]["traits"][name]
            word = words(layout, tokenizer, [int(place)]).strip().lower()
            found.setdefault(f"{name} {told}", set()).add(word)
            bearer = words(layout, tokenizer, [owner[int(place)]]).strip()
            assert bearer in names[person], (bearer, names)
    assert "fair" in found["skin fair"]
    assert "skin" not in found["skin fair"], "every skin is told with this word"
    assert "spiky" in found["hair_style spiky"]
    assert found["hair_style long"] <= {"long", "lo", "ng"}
    assert {key.split()[0] for key in found} > {"skin", "hair_style", "garment", "expression", "age"}


def test_one_person_without_a_name_is_who_is_told_of(tokenizer: TextTokenizer) -> None:
    pairs = 0
    for seed in range(20):
        dialogue = dialogue_of("text_to_image", seed)
        layout = laid_out(dialogue, tokenizer, NUM_TOKENS)
        found = pointers_of(dialogue, layout, tokenizer)["told"]
        alone = len(dialogue.truth["scenes"][0]["figures"]) == 1
        pairs += len(found) if alone else 0
        assert alone or dialogue.persons or not len(found), "of two without names nothing is known"
    assert pairs > 20


def test_an_answer_looks_at_the_tokens_that_say_it(tokenizer: TextTokenizer) -> None:
    """What the token that is looked at says is what the answer's word says."""
    colours = 0
    for seed in range(60):
        dialogue = KINDS["question"](seed, "train", 32)
        layout = laid_out(dialogue, tokenizer, NUM_TOKENS)
        first_seen = int(np.flatnonzero(layout.kinds == SEEN)[0])
        pairs = pointers_of(dialogue, layout, tokenizer)["picture"]
        scene = dialogue.truth["pictures"][0][0]
        for round_index, (field, place) in enumerate(dialogue.truth["asked"]):
            here = {int(b) - first_seen for a, b in pairs if layout.rounds[a] == round_index}
            assert here == set(tokens_asked(field, place))
            answer = dialogue.rounds[round_index].response.text.lower()
            if field != "hair_colour" or place is None or answer[:3] in ("yes", "no.", "no,"):
                continue
            colours += 1
            assert [token - PERSON_TOKENS * place for token in here] == [TOLD["hair_style"] - 1]
            assert answer == f"{scene['figures'][place]['person']['traits']['hair_colour']}."
    assert colours > 3


def test_what_is_asked_is_found_among_the_scene_tokens() -> None:
    assert tokens_asked("count", None) == [FIRST_SCENE_TOKEN]
    left, right = tokens_asked("box", 0), tokens_asked("box", 1)
    assert left == [PERSON_TOKENS - 1]
    assert right == [2 * PERSON_TOKENS - 1]
    assert len(tokens_asked("garment", None)) == 6
    assert tokens_asked("no such field", 0) == []


def test_supervised_heads_learn_where_to_look(tokenizer: TextTokenizer) -> None:
    torch.manual_seed(0)
    dialogue = dialogue_of("plain_named", 1)
    layout = laid_out(dialogue, tokenizer, NUM_TOKENS)
    sizes = replace(TINY.language, vocab_size=len(tokenizer))
    language = MultimodalLLM(sizes, replace(TINY.input_resampler, grid=8))
    picture_tokens = {key: torch.randn(NUM_TOKENS, 16) for key in {*layout.seen_keys, *layout.painted_keys}}
    batch = collate([layout], picture_tokens)
    targets = AttentionTargets.joined([pointers_of(dialogue, layout, tokenizer)])
    optimizer = torch.optim.Adam(language.parameters(), lr=3e-3)
    looks = []
    for _ in range(80):
        with watching(language) as watch:
            packed_hidden(language, batch)
        total, metrics = attention_loss(language, watch, batch, targets)
        optimizer.zero_grad()
        total.backward()
        optimizer.step()
        looks.append({name: float(value) for name, value in metrics.items()})
    for name in ("look_owner", "look_recall", "look_told", "look_picture"):
        assert looks[-1][name] > looks[0][name] + 0.2, name


def test_the_attention_that_is_supervised_is_the_models_own(tokenizer: TextTokenizer) -> None:
    torch.manual_seed(1)
    layout = laid_out(told(), tokenizer)
    sizes = replace(TINY.language, vocab_size=len(tokenizer), position_waves=0)
    language = MultimodalLLM(sizes, TINY.input_resampler)
    theirs = llama_of(sizes, language.llm.state_dict(), how="eager").model
    batch = collate([layout], {})
    with watching(language) as watch, torch.no_grad():
        packed_hidden(language, batch)
        everything = torch.ones(1, 1, batch.ids_BN.shape[1], batch.ids_BN.shape[1]).tril().bool()
        attended = theirs(
            inputs_embeds=language.embed_text(batch.ids_BN),
            position_ids=batch.positions_BN,
            attention_mask=torch.zeros(everything.shape).masked_fill(~everything, float("-inf")),
            output_attentions=True,
        ).attentions
    pairs = pointers_of(told(), layout, tokenizer)["recall"]
    one = dict.fromkeys(HEADS, pairs[:0]) | {"recall": pairs[:1]}
    _, metrics = attention_loss(language, watch, batch, AttentionTargets.joined([one]))
    (place,) = places(sizes.layers)["recall"]
    expected = attended[place.layer][0, place.head, pairs[0, 0], pairs[0, 1]]
    assert float(metrics["look_recall"]) == pytest.approx(float(expected), abs=1e-5)


def test_a_dialogue_without_names_supervises_nothing(tokenizer: TextTokenizer) -> None:
    dialogue = Dialogue(
        rounds=(
            Round(
                instruction=Instruction(text="Hello."),
                response=Response(text="Hi.", picture=Picture.from_pil(_gray())),
            ),
        ),
        kind="text_to_image",
    )
    layout = laid_out(dialogue, tokenizer)
    assert {SLOT, TEXT} == set(layout.kinds.tolist())
    assert all(len(pairs) == 0 for pairs in pointers_of(dialogue, layout, tokenizer).values())


def _gray():  # type: ignore[no-untyped-def]
    from PIL import Image

    return Image.new("RGB", (32, 32), (128, 128, 128))
