"""A reader of photographs whose finder comes with the package and whose recogniser is fetched by the user."""

from __future__ import annotations

import re
from pathlib import Path

import cv2
import numpy as np
import pytest

from limner.builders.adapters import check_name, faces_by_name
from limner.cli.main import main
from limner.dialogue.boxes import iou
from limner.dialogue.parts import Picture
from limner.perception.face_network import FaceNetwork
from limner.perception.face_weights import FOLDER_VARIABLE, MANIFEST, WEIGHTS, face_weights_files
from limner.perception.light_faces import LightFaces
from limner.perception.mediapipe_faces import ShortRangeFinder

# Eileen Collins, 1999, by NASA (public domain), cut from the picture "astronaut" of the package scikit-image.
PORTRAIT = Path(__file__).parents[1] / "support" / "astronaut.jpg"
FACE = (0.333, 0.274, 0.667, 0.608)
COMMAND = (
    "mkdir -p {0} && npm pack @vladmandic/face-api@1.7.15 && tar -xzf vladmandic-face-api-1.7.15.tgz "
    "--strip-components=2 -C {0} package/model/face_recognition_model.bin "
    "package/model/face_recognition_model-weights_manifest.json"
)


@pytest.fixture(scope="module")
def photo() -> np.ndarray:
    return Picture.from_file(PORTRAIT).pixels


@pytest.fixture(scope="module")
def wide(photo: np.ndarray) -> np.ndarray:
    """A small face in a wide grey picture."""
    picture = np.full((300, 600, 3), 128, np.uint8)
    picture[100:256, 330:486] = cv2.resize(photo, (156, 156), interpolation=cv2.INTER_AREA)
    return picture


@pytest.fixture(scope="module")
def reader() -> LightFaces:
    try:
        face_weights_files()
    except ValueError:
        pytest.skip(f"no recogniser's weights here; {FOLDER_VARIABLE} names their folder")
    found = faces_by_name("light")
    assert isinstance(found, LightFaces)
    return found


def test_the_finder_finds_the_one_face(photo: np.ndarray, wide: np.ndarray) -> None:
    finder = ShortRangeFinder()
    (face,) = finder.find(photo)
    height, width = photo.shape[:2]
    assert iou(tuple(np.array(face.box) / [width, height, width, height]), FACE) > 0.5
    assert face.points.shape == (6, 2)
    (left, top), (right, _) = face.points[:2]
    assert face.box[0] < left < right < face.box[2]
    assert face.box[1] < top < face.box[3]
    (small,) = finder.find(wide)
    assert 0.6 < (small.box[0] + small.box[2]) / 2 / 600 < 0.76


@pytest.mark.parametrize("size", [(200, 300), (1, 1), (1, 900)])
def test_the_finder_finds_none_where_none_is(size: tuple[int, int]) -> None:
    assert ShortRangeFinder().find(np.full((*size, 3), 90, np.uint8)) == []


def test_missing_weights_are_told_with_what_fetches_them(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(FOLDER_VARIABLE, raising=False)
    with pytest.raises(ValueError, match=re.escape(f"in {FOLDER_VARIABLE} or as light=FOLDER")) as told:
        check_name("light", "--faces")
    assert COMMAND.format("FOLDER") in str(told.value)
    (tmp_path / WEIGHTS).write_bytes(b"")
    monkeypatch.setenv(FOLDER_VARIABLE, str(tmp_path))
    with pytest.raises(ValueError, match=re.escape(f"{tmp_path / MANIFEST}, which is missing")) as told:
        faces_by_name("light")
    assert COMMAND.format(tmp_path) in str(told.value)
    with pytest.raises(ValueError, match=re.escape(f"'{tmp_path}/a folder'")):  # as the shell reads it
        faces_by_name(f"light={tmp_path}/a folder")


def test_the_command_line_tells_it_with_code_2(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.delenv(FOLDER_VARIABLE, raising=False)
    with pytest.raises(SystemExit) as left:
        main(["build", "faces", str(tmp_path), "--out", str(tmp_path / "new"), "--faces", "light"])
    assert left.value.code == 2
    assert COMMAND.format("FOLDER") in " ".join(capsys.readouterr().err.split())


@pytest.mark.parametrize(
    ("manifest", "data", "told"),
    [
        ("rubbish", b"", "is no manifest of weights"),
        ('[{"weights": [{"name": "fc", "shape": [2]}]}]', b"1234", "is cut off"),
        ('[{"weights": [{"name": "fc", "shape": [2]}]}]', b"123456789", "is longer than"),
        ('[{"weights": [{"name": "fc", "shape": [2]}]}]', b"12345678", "fetch both with: mkdir -p"),
        ('[{"weights": [{"name": "fc"}]}]', b"12345678", "is no manifest of weights"),
        ('[{"weights": ["fc"]}]', b"12345678", "is no manifest of weights"),
        (
            '[{"weights": [{"name": "fc", "shape": [8], "quantization": {"dtype": "odd"}}]}]',
            b"12345678",
            "is no manifest of weights",
        ),
    ],
)
def test_weights_that_are_none_are_told(tmp_path: Path, manifest: str, data: bytes, told: str) -> None:
    (tmp_path / MANIFEST).write_text(manifest)
    (tmp_path / WEIGHTS).write_bytes(data)
    with pytest.raises(ValueError, match=told):
        FaceNetwork(tmp_path)


def test_the_one_face_is_known_again(reader: LightFaces, photo: np.ndarray) -> None:
    seen = []
    for picture in (photo, photo[:, ::-1].copy(), cv2.GaussianBlur(photo, (0, 0), 1.5)):
        (face,) = reader.find_faces(picture)
        assert iou(face.box, FACE) > 0.5
        seen.append(reader.embed(reader.crop_face(picture, face.box)))
    assert min(reader.similarity(seen[0], other) for other in seen) > reader.match_floor
    assert float(np.linalg.norm(seen[0])) == pytest.approx(1, abs=1e-5)


def test_no_face_is_told(reader: LightFaces) -> None:
    blank = np.full((200, 300, 3), 90, np.uint8)
    assert reader.find_faces(blank) == ()
    with pytest.raises(ValueError, match="not found"):
        reader.crop_face(blank, (0.2, 0.2, 0.5, 0.5))


def test_points_of_a_turned_face_are_looked_for_in_wider_windows(photo: np.ndarray) -> None:
    height, width = photo.shape[:2]
    for angle, narrow in ((30, 0.6), (35, 0.6), (40, 0.6)):
        to = cv2.getRotationMatrix2D((width / 2, 0.44 * height), angle, 1)
        turned = cv2.warpAffine(photo, to, (width, height), borderMode=cv2.BORDER_REPLICATE)
        turned = cv2.resize(turned, (round(narrow * width), height))
        reader = LightFaces(network=None)  # type: ignore[arg-type]  # crops want no recogniser
        (face,) = reader.find_faces(turned)
        crop = reader.crop_face(turned, face.box).astype(int)
        # Upright now: eyes are darker than the cheeks below them.
        assert crop[40:54, 35:112].mean() < crop[62:76, 35:112].mean() - 5
    alone = np.full((400, 400, 3), 128, np.uint8)
    alone[:200, 200:] = cv2.resize(photo, (200, 200), interpolation=cv2.INTER_AREA)
    with pytest.raises(ValueError, match="not found"):  # the face beside is another's
        reader.crop_face(alone, (0.42, 0.14, 0.62, 0.34))


def test_several_faces_in_one_pass_are_each_as_alone(reader: LightFaces) -> None:
    faces = np.random.default_rng(0).integers(0, 256, (2, 150, 150, 3), np.uint8)
    together = reader.network.descriptors(faces)
    alone = np.concatenate([reader.network.descriptors(face[None]) for face in faces])
    np.testing.assert_allclose(together, alone, atol=1e-5)
