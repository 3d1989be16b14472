"""Writer and reader: round trips, random access, appending, and nothing half-written."""

import json
import os
import pickle
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from limner.dataset import spec
from limner.dataset.reader import DatasetReader
from limner.dataset.spec import FormatVersionError, dialogue_id, from_row, shard_paths, to_row
from limner.dataset.writer import DatasetWriter
from limner.dialogue.parts import Dialogue


def write(folder, dialogues, **options):
    with DatasetWriter(folder, **options) as writer:
        writer.extend(dialogues)
    return writer


def rewrite(path, table, metadata):
    pq.write_table(table.replace_schema_metadata(metadata), path)


def test_dialogues_come_back_as_they_were(tmp_path, dialogue_of) -> None:
    dialogues = [dialogue_of(number, kind="named" if number % 3 else "edit") for number in range(45)]
    writer = write(tmp_path, dialogues, rows_per_shard=20)
    assert writer.num_written == 45
    reader = DatasetReader(tmp_path)
    assert [path.name for path in reader.paths] == [f"shard-0000{n}.parquet" for n in range(3)]
    assert list(reader) == dialogues
    for index in np.random.default_rng(0).permutation(45):
        assert reader[int(index)] == dialogues[index]
    assert reader[-1] == dialogues[44]
    assert reader.kinds() == {"named": 30, "edit": 15}
    with pytest.raises(IndexError, match="45 dialogues"):
        reader[45]


def test_a_record_is_known_without_decoding_its_pictures(tmp_path, dialogue_of) -> None:
    row = to_row(dialogue_of(0))
    row["pictures"][0]["bytes"] = b"not decoded unless asked"
    with DatasetWriter(tmp_path) as writer:
        writer.write_row(row)
    record = DatasetReader(tmp_path).record(0)
    assert (record.kind, record.num_rounds, record.truth["number"]) == ("named", 3, 0)
    assert record.pngs[0] == b"not decoded unless asked"
    with pytest.raises(ValueError, match="not a PNG"):
        _ = record.dialogue


def test_part_of_a_set_is_streamed(tmp_path, dialogue_of) -> None:
    write(tmp_path, [dialogue_of(number) for number in range(40)], rows_per_shard=17)
    assert [r.truth["number"] for r in DatasetReader(tmp_path).records(15, 38)] == list(range(15, 38))


def test_a_picture_shown_twice_is_stored_once(dialogue_of) -> None:
    row = to_row(dialogue_of(0))
    assert len(row["pictures"]) == 3
    assert row["rounds"][1]["instruction_pictures"] == [2, 0] or row["rounds"][1]["instruction_pictures"] == [
        1,
        0,
    ]
    assert from_row(row) == dialogue_of(0)


def test_the_id_tells_contents_apart(dialogue_of) -> None:
    base = dialogue_of(0)
    others = [
        dialogue_of(1),
        dialogue_of(0, kind="edit"),
        Dialogue(rounds=base.rounds[:2], persons=base.persons, kind=base.kind, truth=base.truth),
        Dialogue(rounds=base.rounds, persons=base.persons[:1], kind=base.kind, truth=base.truth),
        Dialogue(rounds=base.rounds, persons=base.persons, kind=base.kind, truth={"number": 2}),
    ]
    assert len({dialogue_id(dialogue) for dialogue in [base, *others]}) == 6
    assert dialogue_id(base) == dialogue_id(dialogue_of(0))


def test_appending_adds_shards_and_leaves_the_old_ones_alone(tmp_path, dialogue_of) -> None:
    write(tmp_path, [dialogue_of(0)])
    before = shard_paths(tmp_path)[0].read_bytes()
    write(tmp_path, [dialogue_of(1)])
    assert [r.truth["number"] for r in DatasetReader(tmp_path).records()] == [0, 1]
    assert shard_paths(tmp_path)[0].read_bytes() == before


def test_two_writers_at_once_lose_nothing(tmp_path, dialogue_of) -> None:
    with DatasetWriter(tmp_path) as first, DatasetWriter(tmp_path) as second:
        first.extend(dialogue_of(number) for number in range(20))
        second.extend(dialogue_of(number) for number in range(20, 40))
    assert sorted(r.truth["number"] for r in DatasetReader(tmp_path).records()) == list(range(40))


def test_an_error_leaves_complete_shards_and_nothing_else(tmp_path, dialogue_of) -> None:
    def failing():
        yield from (dialogue_of(number) for number in range(50))
        raise RuntimeError("the builder broke")

    with pytest.raises(RuntimeError, match="broke"):
        write(tmp_path, failing(), rows_per_shard=20)
    assert sorted(os.listdir(tmp_path)) == ["README.md", "shard-00000.parquet", "shard-00001.parquet"]
    assert len(DatasetReader(tmp_path)) == 40


def test_a_reader_never_sees_a_shard_in_progress(tmp_path, dialogue_of) -> None:
    writer = DatasetWriter(tmp_path)
    writer.extend(dialogue_of(number) for number in range(20))
    assert shard_paths(tmp_path) == []
    with pytest.raises(ValueError, match="no data set"):
        DatasetReader(tmp_path)
    writer.close()
    assert len(DatasetReader(tmp_path)) == 20


def test_large_pictures_end_a_shard_early(tmp_path, dialogue_of) -> None:
    write(tmp_path, [dialogue_of(number) for number in range(10)], bytes_per_shard=10_000)
    assert len(shard_paths(tmp_path)) > 2
    assert len(DatasetReader(tmp_path)) == 10


def test_threads_and_other_processes_may_share_a_reader(tmp_path, dialogue_of) -> None:
    write(tmp_path, [dialogue_of(number) for number in range(60)], rows_per_shard=25)
    reader = DatasetReader(tmp_path)
    assert reader[3].truth["number"] == 3
    sent = pickle.loads(pickle.dumps(reader))  # noqa: S301 - our own bytes
    assert sent[59].truth["number"] == 59
    with ThreadPoolExecutor(4) as pool:
        numbers = list(pool.map(lambda i: reader.record(i * 7 % 60).truth["number"], range(120)))
    assert numbers == [i * 7 % 60 for i in range(120)]


@pytest.mark.parametrize(
    ("version", "message"),
    [
        (b"2", "pip install --upgrade limner"),
        (b"0", "limner dataset migrate "),
        (b"-1", "build the data set anew"),
    ],
)
def test_another_format_version_is_refused_with_the_remedy(
    tmp_path, dialogue_of, monkeypatch, version, message
) -> None:
    monkeypatch.setattr(spec, "MIGRATIONS", {0: "limner dataset migrate {folder}"})
    write(tmp_path, [dialogue_of(0)])
    path = shard_paths(tmp_path)[0]
    rewrite(path, pq.read_table(path), {b"limner_format_version": version})
    with pytest.raises(FormatVersionError, match=message):
        DatasetReader(tmp_path)
    with pytest.raises(FormatVersionError, match=message):
        DatasetWriter(tmp_path)


def test_foreign_and_damaged_files_are_refused(tmp_path) -> None:
    pq.write_table(pa.table({"a": [1]}), tmp_path / "shard-00000.parquet")
    with pytest.raises(ValueError, match="no limner data set"):
        DatasetReader(tmp_path)
    (tmp_path / "shard-00000.parquet").write_bytes(b"PAR1 no")
    with pytest.raises(ValueError, match="not a readable Parquet file"):
        DatasetReader(tmp_path)


def test_a_truth_that_json_cannot_hold_is_refused(dialogue_of) -> None:
    base = dialogue_of(0)
    for value in (np.int64(3), float("nan"), {1, 2}):
        with pytest.raises(ValueError, match="truth is not JSON"):
            to_row(Dialogue(rounds=base.rounds, truth={"value": value}))


def test_the_hub_is_told_which_column_holds_pictures(tmp_path, dialogue_of) -> None:
    write(tmp_path, [dialogue_of(0)])
    schema = pq.read_schema(shard_paths(tmp_path)[0])
    features = json.loads(schema.metadata[b"huggingface"])["info"]["features"]
    assert features["pictures"] == [{"_type": "Image"}]
    assert list(features) == schema.names


@pytest.mark.filterwarnings("ignore")  # the library's own
def test_the_datasets_library_reads_it(tmp_path, dialogue_of, monkeypatch) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    datasets = pytest.importorskip("datasets")
    write(tmp_path / "train", [dialogue_of(number) for number in range(5)], rows_per_shard=3)
    write(tmp_path / "test", [dialogue_of(9)])
    loaded = datasets.load_dataset("parquet", data_dir=str(tmp_path), cache_dir=str(tmp_path / "cache"))
    assert {name: len(split) for name, split in loaded.items()} == {"train": 5, "test": 1}
    row = loaded["train"][1]
    picture = row["pictures"][row["rounds"][0]["response_picture"]]
    assert np.array_equal(np.asarray(picture), dialogue_of(1).rounds[0].response.picture.pixels)
    assert row["persons"][0]["box"] == [0.1, 0.2, 0.3, 0.4]
