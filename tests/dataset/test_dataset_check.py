"""The integrity check: silent about a sound set, a clear sentence for every kind of damage."""

import copy

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from limner.dataset.check import check_dataset
from limner.dataset.spec import SCHEMA, shard_paths, to_row
from limner.dataset.writer import DatasetWriter


def write_rows(folder, rows) -> None:
    with DatasetWriter(folder) as writer:
        for row in rows:
            writer.write_row(row)


def sentences(folder) -> list[str]:
    return [finding.sentence for finding in check_dataset(folder)]


def test_a_sound_set_has_no_findings(tmp_path, dialogue_of) -> None:
    with DatasetWriter(tmp_path, rows_per_shard=10) as writer:
        writer.extend(dialogue_of(number) for number in range(25))
    assert list(check_dataset(tmp_path)) == []


def put(row, path, value) -> None:
    *way, last = path
    for step in way:
        row = row[step]
    row[last] = value


DAMAGES = {
    "text": (("rounds", 0, "instruction"), "Paint Ada and Zoë without hats.", "it was altered"),
    "kind": (("kind",), "edit", "it was altered"),
    "truth changed": (("truth",), '{"number": 7}', "it was altered"),
    "truth broken": (("truth",), "{", "The truth is not JSON"),
    "truth list": (("truth",), "[]", "not a JSON object"),
    "id missing": (("id",), None, "'id' is empty"),
    "picture garbage": (("pictures", 1, "bytes"), b"\x89PNG\r\n\x1a\nno", "Picture 1 is unusable"),
    "picture missing": (("pictures", 1, "bytes"), None, "Picture 1 is unusable"),
    "digest": (("picture_digests", 0), "0" * 64, "not the one that its digest"),
    "picture out of range": (("rounds", 0, "response_picture"), 9, "shows picture 9, but 3 are stored"),
    "picture negative": (("rounds", 1, "instruction_pictures"), [-1, 0], "shows picture -1"),
    "picture unused": (("rounds", 1, "instruction_pictures"), [], "is shown in no round"),
    "depends on itself": (("rounds", 1, "depends_on"), [1], "Round 1 depends on round 1"),
    "depends on -1": (("rounds", 1, "depends_on"), [-1], "Round 1 depends on round -1"),
    "depends twice": (("rounds", 2, "depends_on"), [0, 0], "out of order or twice"),
    "empty instruction": (("rounds", 0, "instruction"), "  ", "Round 0 has an empty instruction"),
    "empty response": (("rounds", 2, "response"), "", "Round 2 has an empty response"),
    "no response": (("rounds", 0, "response"), None, "Round 0 lacks 'response'"),
    "no round": (("rounds", 0), None, "Round 0 lacks 'round'"),
    "no rounds": (("rounds",), [], "has no rounds"),
    "person's round": (("persons", 0, "round_index"), 3, "Ada is seen in round 3, but there are 3 rounds"),
    "stranger": (("persons", 0, "name"), "Bob", "Bob is named as a person but in no round's words"),
    "nameless": (("persons", 0, "name"), " ", "A person has no name"),
    "box": (("persons", 0, "box"), [0.5, 0.0, 0.4, 1.0], "Ada's box"),
    "box sides": (("persons", 0, "box"), [0.5], "Ada's box"),
    "box without picture": (("persons", 0, "round_index"), 2, "which shows no picture"),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_each_damage_is_found_and_located(tmp_path, dialogue_of, damage) -> None:
    path, value, message = DAMAGES[damage]
    row = to_row(dialogue_of(1))
    put(row, path, value)
    whole = to_row(dialogue_of(0))
    if damage in ("picture missing", "no round"):  # the writer itself would stumble over these
        pq.write_table(pa.Table.from_pylist([whole, row], schema=SCHEMA), tmp_path / "shard-00000.parquet")
    else:
        write_rows(tmp_path, [whole, row])
    findings = list(check_dataset(tmp_path))
    assert [finding.row for finding in findings] == [1] * len(findings)
    assert message in " ".join(finding.sentence for finding in findings)
    assert "shard-00000.parquet, row 1: " in str(findings[0])


def test_exchanged_pictures_are_found(tmp_path, dialogue_of) -> None:
    row, other = to_row(dialogue_of(0)), to_row(dialogue_of(1))
    row["pictures"][0] = copy.deepcopy(other["pictures"][0])
    write_rows(tmp_path, [row])
    assert "Picture 0 is not the one" in sentences(tmp_path)[0]
    row["picture_digests"][0] = other["picture_digests"][0]  # a more careful forger
    write_rows(tmp_path / "careful", [row])
    assert "altered" in sentences(tmp_path / "careful")[0]


def test_a_dialogue_twice_is_found_across_shards(tmp_path, dialogue_of) -> None:
    for numbers in ([0, 1], [2, 0]):
        write_rows(tmp_path, [to_row(dialogue_of(number)) for number in numbers])
    assert sentences(tmp_path) == ["The dialogue is the same as in shard-00000.parquet, row 0."]


def test_damaged_files_are_found(tmp_path, dialogue_of) -> None:
    assert "There is no data set" in sentences(tmp_path / "nowhere")[0]
    write_rows(tmp_path, [to_row(dialogue_of(0))])
    whole = shard_paths(tmp_path)[0].read_bytes()
    (tmp_path / "shard-00001.parquet").write_bytes(whole[: len(whole) // 2])
    (tmp_path / ".shard-00002.1-2.tmp").write_bytes(b"")
    found = sentences(tmp_path)
    assert any("cannot be read" in sentence for sentence in found)
    assert any("left this behind" in sentence for sentence in found)


def test_a_flipped_byte_anywhere_in_the_pictures_is_found(tmp_path, dialogue_of) -> None:
    row = to_row(dialogue_of(0))
    write_rows(tmp_path, [row])
    path = shard_paths(tmp_path)[0]
    data = bytearray(path.read_bytes())
    data[data.index(row["pictures"][0]["bytes"]) + 400] ^= 1
    path.write_bytes(bytes(data))
    assert sentences(tmp_path)


def test_missing_and_retyped_columns_are_found(tmp_path, dialogue_of) -> None:
    write_rows(tmp_path, [to_row(dialogue_of(0))])
    path = shard_paths(tmp_path)[0]
    table = pq.read_table(path)
    pq.write_table(table.drop_columns(["truth"]), path)
    assert sentences(tmp_path) == ["The column 'truth' is missing."]
    retyped = table.set_column(table.schema.get_field_index("kind"), "kind", pa.array([3]))
    pq.write_table(retyped.replace_schema_metadata(SCHEMA.metadata), path)
    assert sentences(tmp_path) == ["The column 'kind' has the type int64, not string."]
