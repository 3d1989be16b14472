"""The world's senses at tiny size, on drawn discs for faces: they find, tell apart, read, score, and save."""

from __future__ import annotations

import json
from pathlib import Path

import cv2
import numpy as np
import pytest
import torch

from limner.dialogue.boxes import iou
from limner.perception.crops import body_window, cut, cut_face, face_window, shrink_whole, to_tensor
from limner.perception.face_embedder import (
    ArcFaceLoss,
    FaceEmbedder,
    FaceEmbedderSizes,
    FaceMeasuresLoss,
    FacePointsLoss,
    contrast_loss,
)
from limner.perception.face_finder import FaceFinder, FaceFinderSizes
from limner.perception.protocols import Box
from limner.perception.senses import SensesSizes, WorldSenses, load_senses, trait_views
from limner.perception.text_image_score import TextImageScore, TextImageScoreSizes
from limner.perception.trait_reader import TraitReader, TraitReaderSizes

WORDS = {"colour": ("red", "green", "blue"), "ground": ("white", "black")}
COLOURS = {"red": (220, 40, 30), "green": (40, 200, 60), "blue": (30, 60, 220)}
SIZES = SensesSizes(
    face_finder=FaceFinderSizes(image_size_px=48, width=8),
    face_embedder=FaceEmbedderSizes(image_size_px=16, widths=(8, 16), depth=1, features=24, dim=16),
    trait_reader=TraitReaderSizes(
        words=WORDS, face_size_px=16, body_size_px=16, widths=(8, 16), depth=1, dim=16
    ),
    text_image_score=TextImageScoreSizes(
        vocab_size=40,
        image_size_px=32,
        widths=(8, 16),
        depth=1,
        text_width=16,
        text_layers=1,
        text_heads=2,
        dim=16,
    ),
)


def disc_picture(colour: str, ground: str, boxes: list[Box], size_px: int = 48) -> np.ndarray:
    """Discs of one colour, exactly filling their boxes."""
    pixels = np.full((size_px, size_px, 3), 255 if ground == "white" else 0, np.uint8)
    for x0, y0, x1, y1 in boxes:
        centre = (round((x0 + x1) / 2 * size_px), round((y0 + y1) / 2 * size_px))
        axes = (round((x1 - x0) / 2 * size_px), round((y1 - y0) / 2 * size_px))
        cv2.ellipse(pixels, centre, axes, 0, 0, 360, COLOURS[colour], -1, cv2.LINE_AA)
    return pixels


def random_boxes(rng: np.random.Generator, count: int) -> list[Box]:
    """Boxes apart from each other: one in each half of the picture, left to right."""
    boxes: list[Box] = []
    for index in range(count):
        side = rng.uniform(0.2, 0.32)
        x = (0.02 + 0.5 * index) + rng.uniform(0, 0.46 - side)
        y = rng.uniform(0.05, 0.95 - side)
        boxes.append((x, y, x + side, y + side))
    return boxes


def train(parameters: list[torch.nn.Parameter], loss, steps: int, lr: float = 3e-3) -> dict[str, float]:
    optimizer = torch.optim.Adam(parameters, lr=lr)
    metrics: dict[str, float] = {}
    for step in range(steps):
        value, metrics = loss(step)
        optimizer.zero_grad()
        value.backward()
        optimizer.step()
    return metrics


@pytest.fixture
def senses() -> WorldSenses:
    torch.manual_seed(0)
    return WorldSenses.untrained(SIZES)


def test_the_finder_learns_where_one_or_two_faces_are() -> None:
    torch.manual_seed(0)
    rng = np.random.default_rng(0)
    finder = FaceFinder(SIZES.face_finder)
    places = [random_boxes(rng, 1 + index % 2) for index in range(96)]
    pictures = to_tensor(
        [disc_picture(list(COLOURS)[i % 3], "white", boxes) for i, boxes in enumerate(places)]
    )

    def loss(step: int):
        rows = range(step % 6 * 16, step % 6 * 16 + 16)
        return finder.loss(pictures[list(rows)], [places[row] for row in rows])

    train(list(finder.parameters()), loss, 150, lr=5e-3)
    for count in (0, 1, 2):
        boxes = random_boxes(rng, count)
        found = finder.find(to_tensor([disc_picture("red", "white", boxes)]))[0]
        assert len(found) == count
        for face, box in zip(found, boxes, strict=True):
            assert iou(face.box, box) > 0.5


def test_the_embedder_brings_pictures_of_one_person_together() -> None:
    torch.manual_seed(0)
    rng = np.random.default_rng(1)
    embedder = FaceEmbedder(SIZES.face_embedder)
    arcface = ArcFaceLoss(3, SIZES.face_embedder.dim, margin=0.2, scale=16.0)

    def faces(count: int) -> tuple[torch.Tensor, torch.Tensor]:
        persons = np.arange(count) % 3
        boxes = [random_boxes(rng, 1) for _ in persons]
        pictures = [disc_picture(list(COLOURS)[p], "white", b) for p, b in zip(persons, boxes, strict=True)]
        crops = [cut_face(picture, box[0], 16) for picture, box in zip(pictures, boxes, strict=True)]
        return to_tensor(crops), torch.from_numpy(persons)

    def loss(step: int):
        pixels, persons = faces(24)
        return arcface(embedder(pixels), persons)

    train([*embedder.parameters(), *arcface.parameters()], loss, 40)
    with torch.no_grad():
        vectors = embedder(faces(6)[0])
    torch.testing.assert_close(vectors.norm(dim=-1), torch.ones(6))
    same, other = vectors[:3] @ vectors[3:].T, vectors[:3] @ vectors[3:].roll(1, 0).T
    assert float(same.diagonal().min()) > float(other.diagonal().max()) + 0.3


def test_the_margin_makes_the_loss_harder() -> None:
    torch.manual_seed(0)
    vectors = torch.nn.functional.normalize(torch.randn(6, 8), dim=-1)
    persons = torch.arange(6) % 3
    plain, strict = ArcFaceLoss(3, 8, margin=0.0), ArcFaceLoss(3, 8, margin=0.4)
    strict.load_state_dict(plain.state_dict())
    with torch.no_grad():
        assert float(strict(vectors, persons)[0]) > float(plain(vectors, persons)[0])


def test_contrast_falls_as_persons_part_and_ignores_who_is_alone() -> None:
    together, apart = torch.eye(4)[[0, 0, 0, 0]], torch.eye(4)[[0, 0, 1, 1]]
    persons = torch.tensor([5, 5, 7, 7])
    assert float(contrast_loss(together, persons)) == pytest.approx(np.log(3), abs=1e-5)
    assert float(contrast_loss(apart, persons)) < 1e-6
    alone = torch.cat([apart, torch.eye(4)[[2]]])
    assert float(contrast_loss(alone, torch.tensor([5, 5, 7, 7, 9]))) < 1e-6


def test_measures_and_points_are_read_off_by_one_matrix() -> None:
    torch.manual_seed(0)
    rng = np.random.default_rng(4)
    embedder = FaceEmbedder(SIZES.face_embedder)
    measures, points = FaceMeasuresLoss(1, 16), FacePointsLoss(1, 24)

    def loss(step: int):
        places = rng.uniform(-0.4, 0.4, (24, 2)).astype(np.float32)
        shades = rng.integers(60, 255, 24)
        pictures = []
        for (x, y), shade in zip(places, shades, strict=True):
            picture = np.zeros((16, 16, 3), np.uint8)
            cv2.circle(picture, (round(8 + 8 * x), round(8 + 8 * y)), 3, (int(shade), 0, 0), -1)
            pictures.append(picture)
        features = embedder.features(to_tensor(pictures))
        placed = points(features, torch.from_numpy(places)[:, None])
        wanted = torch.from_numpy(shades / 255.0).float()[:, None]
        measured = measures(embedder.embed(features), wanted)
        return placed + measured, {"points": float(placed.detach()), "measures": float(measured.detach())}

    before = loss(0)[1]
    train([*embedder.parameters(), *measures.parameters(), *points.parameters()], loss, 100)
    after = loss(0)[1]
    assert after["points"] < 0.1 * before["points"]
    assert after["measures"] < 0.25 * before["measures"]


def test_the_trait_reader_learns_words_and_skips_unknown_ones() -> None:
    torch.manual_seed(0)
    rng = np.random.default_rng(2)
    reader = TraitReader(SIZES.trait_reader)

    def sample(count: int):
        traits = [
            {"colour": str(rng.choice(WORDS["colour"])), "ground": str(rng.choice(WORDS["ground"]))}
            for _ in range(count)
        ]
        boxes = [random_boxes(rng, 1)[0] for _ in traits]
        pictures = [disc_picture(t["colour"], t["ground"], [b]) for t, b in zip(traits, boxes, strict=True)]
        views = [trait_views(p, b, SIZES.trait_reader) for p, b in zip(pictures, boxes, strict=True)]
        faces, bodies = (to_tensor(part) for part in zip(*views, strict=True))
        return faces, bodies, traits

    def loss(step: int):
        faces, bodies, traits = sample(24)
        return reader.loss(faces, bodies, torch.tensor([reader.numbers(t) for t in traits]))

    train(list(reader.parameters()), loss, 40)
    faces, bodies, traits = sample(32)
    numbers = torch.tensor([reader.numbers({"colour": t["colour"]}) for t in traits])
    metrics = reader.loss(faces, bodies, numbers)[1]
    assert metrics.keys() == {"colour"}
    assert metrics["colour"] > 0.9
    with pytest.raises(ValueError, match="knows no colour 'mauve'"):
        reader.numbers({"colour": "mauve"})


def test_the_score_learns_which_text_fits_and_ignores_the_batch() -> None:
    torch.manual_seed(0)
    rng = np.random.default_rng(3)
    score = TextImageScore(SIZES.text_image_score)
    texts = [[4, 10, 6], [4, 11, 6, 7], [5, 12]]

    def pictures() -> torch.Tensor:
        drawn = [disc_picture(colour, "white", random_boxes(rng, 1)) for colour in COLOURS]
        return to_tensor([shrink_whole(picture, 32) for picture in drawn])

    train(list(score.parameters()), lambda step: score.loss(pictures(), texts), 150)
    with torch.no_grad():
        pixels = pictures()
        right = score(pixels, texts)
        wrong = score(pixels, [texts[1], texts[2], texts[0]])
        alone = score(pixels[:1], texts[:1])
    assert float(right.min()) > float(wrong.max())
    torch.testing.assert_close(alone[0], right[0], atol=1e-5, rtol=1e-4)
    with pytest.raises(ValueError, match="at least one token"):
        score.embed_texts([[]])


def test_saved_senses_answer_as_before(senses: WorldSenses, tmp_path: Path) -> None:
    senses.measured["face_found"] = 0.5
    picture = disc_picture("green", "black", [(0.2, 0.2, 0.6, 0.6)])
    senses.save(tmp_path)
    loaded = load_senses(tmp_path)
    assert loaded.sizes == senses.sizes
    assert loaded.measured == {"face_found": 0.5}
    assert loaded.read_traits(picture) == senses.read_traits(picture)
    assert loaded.text_score(picture, [1, 2, 3]) == pytest.approx(
        senses.text_score(picture, [1, 2, 3]), abs=1e-6
    )
    crop = loaded.crop_face(picture, (0.2, 0.2, 0.6, 0.6))
    assert loaded.similarity(loaded.embed(crop), senses.embed(crop)) == pytest.approx(1.0)
    assert loaded.find_faces(picture, threshold=0.0)[0].box == pytest.approx(
        senses.find_faces(picture, threshold=0.0)[0].box
    )
    assert {path.name for path in tmp_path.iterdir()} == {"senses.safetensors", "senses.json"}


def test_half_precision_on_disk_comes_back_as_float32(senses: WorldSenses, tmp_path: Path) -> None:
    senses.save(tmp_path, torch.bfloat16)
    picture = disc_picture("green", "black", [(0.2, 0.2, 0.6, 0.6)])
    loaded = load_senses(tmp_path)
    assert loaded.text_score(picture, [1, 2]) == pytest.approx(senses.text_score(picture, [1, 2]), abs=0.03)


def test_folders_that_do_not_fit_are_refused(senses: WorldSenses, tmp_path: Path) -> None:
    with pytest.raises(ValueError, match=r"senses\.safetensors is missing"):
        load_senses(tmp_path)
    senses.save(tmp_path)
    header = json.loads((tmp_path / "senses.json").read_text())
    header["sizes"]["trait_reader"]["words"]["hat"] = ["none", "cap"]
    (tmp_path / "senses.json").write_text(json.dumps(header))
    with pytest.raises(ValueError, match=r"missing \['trait_reader\.fields\.hat\.bias'"):
        load_senses(tmp_path)
    (tmp_path / "senses.json").write_text(json.dumps({**header, "format": 99}))
    with pytest.raises(ValueError, match="format 99"):
        load_senses(tmp_path)


def test_windows_show_what_they_say() -> None:
    pixels = np.zeros((40, 80, 3), np.uint8)
    pixels[10:20, 20:40] = 255
    assert cut(pixels, (0.25, 0.25, 0.5, 0.5), 8).mean() > 240
    assert cut(pixels, (0.55, 0.6, 0.9, 0.9), 8).max() == 0
    assert cut(np.full((40, 80, 3), 90, np.uint8), (-0.5, -0.5, 1.5, 1.5), 8).min() == 90
    x0, y0, x1, y1 = face_window((0.25, 0.25, 0.5, 0.75), aspect=2.0)
    assert (x1 - x0) * 80 == pytest.approx((y1 - y0) * 40)
    assert body_window((0.3, 0.0, 0.7, 0.5)) == (0.0, 0.0, 1.0, 1.0)
    with pytest.raises(ValueError, match="empty"):
        cut(pixels, (0.5, 0.5, 0.5, 0.9), 8)


def test_the_whole_picture_through_a_window_is_the_picture() -> None:
    pixels = np.random.default_rng(0).integers(0, 256, (16, 16, 3), dtype=np.uint8)
    np.testing.assert_array_equal(cut(pixels, (0.0, 0.0, 1.0, 1.0), 16), pixels)
