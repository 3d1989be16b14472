"""The whole video recipe on small films of the world: against truth, against a stub, with faults."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from film_files import plain, write
from stub_endpoint import Told, completion, serving

from limner.builders.adapters import Endpoint, captioner_by_name, faces_by_name, segmenter_by_name
from limner.builders.runner.build import build
from limner.builders.video.check_films import check_films
from limner.builders.video.recipe import VideoJob
from limner.cli.main import main
from limner.dataset.check import check_dataset
from limner.dataset.reader import DatasetReader
from limner.perception.dlib_faces import DlibFaces
from limner_world.video import write_films

NUM_FILMS = 16


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("films")
    list(write_films(folder, num=NUM_FILMS, seed=880_000, num_frames=3, split="test"))
    return folder


def _job(films: Path, **options: object) -> VideoJob:
    chosen = {"faces": "world", "captioner": "world", "writer": "world", "segmenter": "world", "size_px": 128}
    return VideoJob(sources_given=(films,), **{**chosen, **options})  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def built(films: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("set") / "named"
    build(_job(films), folder)
    return folder


def test_names_go_to_the_right_faces(films: Path, built: Path) -> None:
    found = check_films(built, films)
    assert found.name_to_face >= 0.99
    assert found.box_iou >= 0.8
    assert found.yield_of_films >= 0.7
    assert found.failed == ()


def test_dialogues_have_the_papers_three_rounds(built: Path) -> None:
    assert list(check_dataset(built)) == []
    for dialogue in DatasetReader(built):
        names = [person.name for person in dialogue.persons]
        assert len(set(names)) == 2
        assert [round_.depends_on for round_ in dialogue.rounds] == [(), (0,), (0,)]
        assert all(name in dialogue.rounds[0].instruction.text for name in names)
        later = [[name for name in names if name in r.instruction.text] for r in dialogue.rounds[1:]]
        assert sorted(later) == [[name] for name in sorted(names)]
        for round_ in dialogue.rounds:
            assert round_.response.picture is not None
            assert round_.response.picture.pixels.shape == (128, 128, 3)
        assert (dialogue.rounds[1].response.picture.pixels[0] == 255).all()  # type: ignore[union-attr]


def test_the_command_continues_shows_a_page_and_checks(
    films: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    few = tmp_path / "few"
    few.mkdir()
    for number in range(2):
        for suffix in (".mp4", ".json"):
            name = f"film-{880_000 + number:05d}{suffix}"
            (few / name).write_bytes((films / name).read_bytes())
    (few / "broken.mp4").write_bytes(b"no film")
    write(few / "nobody.mkv", [plain(9), plain(200)])
    arguments = ["build", "video", str(few), "--out", str(tmp_path / "set"), "--size", "64", "--json"]
    for _ in range(2):
        with pytest.raises(SystemExit) as caught:
            main(arguments)
        assert not caught.value.code
        funnel = json.loads(capsys.readouterr().out)
        assert funnel["num_sources"] == 4
        reasons = {reason for line in funnel["lines"] for reason, _ in line["reasons"]}
        assert {"cannot be decoded", "not exactly two faces"} <= reasons
    page = (tmp_path / "set.html").read_text()
    assert "few/broken.mp4" in page
    assert page.count("data:image/webp") > 1
    with pytest.raises(SystemExit) as caught:
        main(["build", "check", str(tmp_path / "set"), str(few)])
    assert "name_to_face" in capsys.readouterr().out


def test_a_build_that_keeps_nothing_shows_why(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "broken.mp4").write_bytes(b"no film")
    with pytest.raises(SystemExit) as caught:
        main(["build", "video", str(tmp_path / "broken.mp4"), "--out", str(tmp_path / "set")])
    assert caught.value.code == 1
    told = capsys.readouterr()
    assert "cannot be decoded: 1" in told.out
    assert "Nothing was kept of 1 sources." in told.err
    assert "for example broken.mp4: " in told.err
    assert "cannot be decoded" in (tmp_path / "set.html").read_text()


def test_an_endpoint_tells_and_names_with_faults_in_between(films: Path, tmp_path: Path) -> None:
    asked: list[str] = []

    def answer(request):  # type: ignore[no-untyped-def]
        content = request.body["messages"][0]["content"]
        text = content[0]["text"]
        asked.append(text)
        if len(asked) == 1:
            return Told({"error": {"message": "slow down"}}, status=429, headers={"Retry-After": "0"})
        if len(asked) == 2:
            return completion("I would rather talk about the weather.")
        if len(content) > 1:
            look = {"presentation": "woman", "age": "adult"}
            return completion(json.dumps({"caption": "Two stand there.", "left": look, "right": look}))
        left, right = text.split("left is called ")[1].split(" and the person on the right is called ")
        names = [left, right.split(".")[0]]
        told = f"{names[0]} and {names[1]} stand there." if len(asked) % 4 else f"{names[0]} stands there."
        return completion(f"```json\n{json.dumps({'caption': told})}\n```")

    with serving(answer) as stub:
        endpoint = Endpoint(url=stub.url, model="stub", key_variable="NO_SUCH_KEY", price=(1.0, 2.0))
        job = _job(films, captioner="openai", writer="openai", endpoint=endpoint)
        funnel = build(job, tmp_path / "set")
    kept = list(DatasetReader(tmp_path / "set"))
    assert kept
    assert all("stand there" in dialogue.rounds[0].instruction.text for dialogue in kept)
    dropped = {reason: num for line in funnel.lines for reason, num in line.reasons}
    assert dropped["not exactly two names"] >= 1
    assert funnel.counts["answers"] == len(asked) - 1  # all but the refused one
    assert funnel.counts["input tokens"] == 5 * (len(asked) - 1)
    assert funnel.counts["microdollars"] == pytest.approx((5 + 2 * 3) * (len(asked) - 1), abs=len(asked))


def test_a_server_that_is_not_there_ends_the_run_and_loses_nothing(films: Path, tmp_path: Path) -> None:
    endpoint = Endpoint(url="http://127.0.0.1:9", model="stub", key_variable="NO_SUCH_KEY")
    job = _job(films, captioner="openai", endpoint=endpoint)
    with pytest.raises(ValueError, match="cannot be reached"):
        build(job, tmp_path / "set")


def test_adapters_say_what_is_missing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LIMNER_WEIGHTS", str(tmp_path))
    with pytest.raises(ValueError, match=r"face_detection_yunet_2023mar\.onnx is missing; get it from"):
        faces_by_name("yunet-auraface")
    with pytest.raises(ValueError, match="choose world, light, dlib, yunet-auraface, insightface, or module"):
        faces_by_name("eagle")
    with pytest.raises(ValueError, match="SAM 2 cannot be loaded"):
        segmenter_by_name(f"sam2={tmp_path}")
    with pytest.raises(ValueError, match="needs the name of a model"):
        captioner_by_name("openai", Endpoint())
    with pytest.raises(ValueError, match="cannot be imported"):
        faces_by_name("nowhere_at_all:Reader")
    (tmp_path / "half_reader.py").write_text("class Reader:\n    def embed(self, crop): ...\n")
    with pytest.raises(ValueError, match="is no FaceReader: it has no find_faces and no similarity"):
        faces_by_name("half_reader:Reader")
    (tmp_path / "hard_reader.py").write_text("class Reader:\n    def __init__(self, folder): ...\n")
    with pytest.raises(ValueError, match="cannot be made without arguments"):
        faces_by_name("hard_reader:Reader")
    (tmp_path / "bad_reader.py").write_text("class Reader\n")
    with pytest.raises(ValueError, match="fails when it is imported"):
        faces_by_name("bad_reader:Reader")


def test_a_users_own_class_reads_faces(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(Path(__file__).parent)
    assert faces_by_name("test_video_persons:ColourReader").__class__.__name__ == "ColourReader"


def test_dlib_knows_a_real_person_again() -> None:
    pytest.importorskip("dlib")
    real = Path(__file__).parents[3] / "shared" / "real"
    if not real.is_dir():
        pytest.skip("no real portraits here")
    from limner.builders.faces.identity import embedding
    from limner.dialogue.parts import Picture

    reader = DlibFaces()
    vectors = []
    for name in ("portrait-a1.jpg", "portrait-a2.jpg", "portrait-b1.jpg"):
        pixels = Picture.from_file(real / name).pixels
        (face,) = reader.find_faces(pixels)
        vectors.append(embedding(reader, pixels, face.box))
    assert reader.similarity(vectors[0], vectors[1]) > reader.match_floor
    assert reader.similarity(vectors[0], vectors[2]) < reader.match_floor
