"""`limner build questions`: LLaVA's and SEED-X's JSON, long lists, broken records and pictures."""

import json

import pytest
from patch_faces import RED, portrait

from limner.builders import questions
from limner.builders.questions import QuestionsJob, read_records
from limner.builders.runner.build import build
from limner.dataset.check import check_dataset
from limner.dataset.reader import DatasetReader


def built(out, file, **options):
    funnel = build(QuestionsJob(file=file, **options), out)
    assert list(check_dataset(out)) == []
    return funnel, [record.dialogue for record in DatasetReader(out).records()]


def llava(image, *turns):
    asked = [
        {"from": "human" if index % 2 == 0 else "gpt", "value": turn} for index, turn in enumerate(turns)
    ]
    return {"id": "x", "conversations": asked} | ({"image": image} if image else {})


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "in" / "coco").mkdir(parents=True)
    (tmp_path / "in" / "coco" / "1.png").write_bytes(portrait(RED).to_png())
    (tmp_path / "in" / "coco" / "bad.png").write_bytes(b"no picture")
    return tmp_path / "in"


RECORDS = [
    llava("coco/1.png", "<image>\nWhat is red?", "A square.", "Where?", "On the left."),
    llava("train2017/coco/1.png", "Which colour?\n<image>", "Red."),
    llava("", "Is water wet?\nA. yes\nB. no", "A"),
    llava("coco/gone.png", "<image>\nWhat?", "That."),
    llava("coco/bad.png", "<image>\nWhat?", "That."),
    llava("../../etc/passwd", "<image>\nWhat?", "That."),
    llava("coco/1.png", "<image>", "An empty question."),
    {"image": "coco/1.png", "data": ["What is it?", "A portrait.", "Only asked"]},
    {"image": "coco/1.png", "conversations": [{"from": "gpt", "value": "I begin."}]},
    "nonsense",
    3,
]


@pytest.mark.parametrize("as_lines", [True, False])
def test_records_become_rounds_and_broken_ones_reasons(tmp_path, folder, as_lines):
    file = folder / ("all.jsonl" if as_lines else "all.json")
    file.write_text(
        "\n".join(map(json.dumps, [RECORDS[0], *RECORDS[1:]])) if as_lines else json.dumps(RECORDS)
    )
    funnel, dialogues = built(tmp_path / "out", file)
    assert [len(d.rounds) for d in dialogues] == [2, 1, 1, 1]
    first = dialogues[0].rounds
    assert [(r.instruction.text, r.response.text) for r in first] == [
        ("What is red?", "A square."),
        ("Where?", "On the left."),
    ]
    assert first[0].instruction.pictures == (portrait(RED),)
    assert first[1].instruction.pictures == ()
    assert first[1].depends_on == (0,)
    assert dialogues[1].rounds[0].instruction.text == "Which colour?"
    assert dialogues[2].rounds[0].instruction.text == "Is water wet?\nA. yes\nB. no"
    assert dialogues[2].rounds[0].instruction.pictures == ()
    assert {d.kind for d in dialogues} == {"question"}
    reasons = {reason: num for line in funnel.lines for reason, num in line.reasons}
    assert reasons == {
        "missing picture": 2,
        "picture that cannot be read": 1,
        "no question with an answer": 2,
        "not a record": 2,
    }


def test_a_long_list_is_read_in_pieces(tmp_path, monkeypatch):
    monkeypatch.setattr(questions, "_CHUNK_CHARACTERS", 7)
    records = [{"a": "]},{" * index, "n": [index, -1.5e3]} for index in range(30)] + [12345, "x"]
    (tmp_path / "list.json").write_text("\ufeff " + json.dumps(records, indent=1))
    assert list(read_records(tmp_path / "list.json")) == records
    (tmp_path / "list.json").write_text(json.dumps(records)[:-30])
    with pytest.raises(ValueError, match="breaks off"):
        list(read_records(tmp_path / "list.json"))
    (tmp_path / "words.json").write_text("words")
    with pytest.raises(ValueError, match="neither a JSON list"):
        list(read_records(tmp_path / "words.json"))


def test_a_byte_order_mark_and_half_characters(tmp_path, folder):
    file = folder / "all.jsonl"
    records = [RECORDS[2], llava("", "Is it \ud83d?", "Yes.")]
    file.write_text("\n".join(map(json.dumps, records)), encoding="utf-8-sig")
    funnel, dialogues = built(tmp_path / "out", file)
    assert len(dialogues) == 1
    assert dict(funnel.lines[0].reasons) == {"words with half of a character": 1}
