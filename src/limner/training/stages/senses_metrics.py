"""How well the senses see, on held-out truth and from the picture on: what the finder misses, all miss.

These numbers are stored with the senses. Knows sample caches of held-out pictures. Knows no losses.

Legend: N faces, P persons, V views.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from limner.dialogue.boxes import iou
from limner.models.tokenizer import TextTokenizer
from limner.perception.crops import shrink_whole, to_tensor
from limner.perception.senses import WorldSenses
from limner.training.picture_kinds import VIEWS
from limner.training.sample_cache import PictureCache
from limner.training.stages.scene_labels import figure_labels
from limner.training.stages.senses_data import labelled_words, true_boxes
from limner_world.scene import Scene
from limner_world.staging import visible_traits

AT_ONCE = 64
CHOICES = 32
SAME_FACE_OVERLAP = 0.7
Spoil = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True, kw_only=True)
class HeldOut:
    """Held-out pictures: people in scenes, and look-alikes seen several times; a sample cache for each
    picture size.
    """

    people: Sequence[PictureCache]
    identities: Sequence[PictureCache]
    tokenizer: TextTokenizer


@dataclass(frozen=True, kw_only=True)
class ReadFace:
    """One true face: how well it was found (0: not at all), and which trait fields were read right.

    `described` are the fields that a caption may mention (none of them "none" or "plain").
    """

    scene: Scene
    place: int
    overlap: float
    right: Mapping[str, bool]
    described: frozenset[str]


def measure_senses(senses: WorldSenses, held_out: HeldOut, spoil: Spoil | None = None) -> dict[str, float]:
    """Each between 0 and 1, the mean over picture sizes; `spoil` makes every picture worse first.

    faces_found, faces_true: share of true faces found with an overlap of .7, of found faces that are true.
    traits, traits_and_absences: share of the described fields read right; the same with "none" and "plain".
    same_person: right decisions whether two pictures show one person or two look-alikes (chance .5), by the
    threshold same_person_threshold on the cosine. right_of_two: how often the true person's other picture is
    nearer than a look-alike's (chance .5). cosine_same, _look_alike, _stranger: mean cosines.
    captions_of_two, captions: own caption told from another (chance .5), from 31 others (chance 1/32).
    """
    told: list[dict[str, float]] = []
    for people, identities in zip(held_out.people, held_out.identities, strict=True):
        faces, num_found = read_faces(senses, people, spoil)
        told.append(
            {
                **face_rates(faces, num_found),
                **person_rates(*view_cosines(senses, identities, spoil)),
                **caption_rates(senses, people, held_out.tokenizer, spoil),
            }
        )
    return {name: sum(one[name] for one in told) / len(told) for name in told[0]}


def read_faces(
    senses: WorldSenses, sample_cache: PictureCache, spoil: Spoil | None = None
) -> tuple[list[ReadFace], int]:
    """Every true face of the sample cache as the senses read it, and the number of faces found."""
    faces: list[ReadFace] = []
    num_found = 0
    for index in range(len(sample_cache)):
        pixels = _picture(sample_cache, index, spoil)
        found = [face.box for face in senses.find_faces(pixels)]
        num_found += len(found)
        scene = sample_cache.scene(index)
        for place, true in true_boxes(sample_cache, index):
            shared, box = max(((iou(box, true), box) for box in found), default=(0.0, None))
            words = labelled_words(figure_labels(scene.figures[place], scene))
            read = senses.read_traits(pixels, box) if shared > 0 else {}
            faces.append(
                ReadFace(
                    scene=scene,
                    place=place,
                    overlap=shared,
                    right={name: read.get(name) == word for name, word in words.items()},
                    described=frozenset(visible_traits(scene.figures[place], scene)) & words.keys(),
                )
            )
    return faces, num_found


def face_rates(faces: Sequence[ReadFace], num_found: int) -> dict[str, float]:
    """faces_found, faces_true, traits, traits_and_absences; see `measure_senses`."""
    hits = sum(face.overlap > SAME_FACE_OVERLAP for face in faces)
    described = [face.right[name] for face in faces for name in face.described]
    known = [right for face in faces for right in face.right.values()]
    return {
        "faces_found": hits / max(1, len(faces)),
        "faces_true": min(1.0, hits / max(1, num_found)),
        "traits": float(np.mean(described)) if described else 0.0,
        "traits_and_absences": float(np.mean(known)) if known else 0.0,
    }


def view_cosines(
    senses: WorldSenses, sample_cache: PictureCache, spoil: Spoil | None = None
) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Cosines of the first view of each person with the other V - 1 of itself, of its look-alike and of a
    stranger: three arrays (P, V - 1). Where no face is found, the cosine is that of nothing: 0.
    """
    crops = []
    for index in range(len(sample_cache)):
        pixels = _picture(sample_cache, index, spoil)
        found = senses.find_faces(pixels)
        best = max(found, key=lambda face: face.score).box if found else None
        size = senses.face_embedder.sizes.image_size_px
        crops.append(np.zeros((size, size, 3), np.uint8) if best is None else senses.crop_face(pixels, best))
    made = np.concatenate([senses.embed_all(crops[i : i + AT_ONCE]) for i in range(0, len(crops), AT_ONCE)])
    made *= np.array([bool(crop.any()) for crop in crops])[:, None]
    views = made.reshape(len(sample_cache) // VIEWS, VIEWS, -1)
    persons = np.arange(len(views))
    same, look_alike, stranger = (
        np.einsum("pd,pvd->pv", views[:, 0], views[others][:, 1:])
        for others in (persons, persons ^ 1, (persons + 2) % len(persons))
    )
    return same, look_alike, stranger


def person_rates(same: np.ndarray, look_alike: np.ndarray, stranger: np.ndarray) -> dict[str, float]:
    """same_person, its threshold, right_of_two and mean cosines; see `measure_senses`.

    The threshold that one half of the persons suggests judges the other half.
    """
    half = 2 * (len(same) // 4)
    halves = [(same[part], look_alike[part]) for part in (slice(0, half), slice(half, None))]
    thresholds = [_threshold(yes, no) for yes, no in halves]
    right = [
        ((yes > threshold).mean() + (no <= threshold).mean()) / 2
        for (yes, no), threshold in zip(halves, thresholds[::-1], strict=True)
    ]
    return {
        "same_person": float(np.mean(right)),
        "same_person_threshold": float(np.mean(thresholds)),
        "right_of_two": float((same > look_alike).mean()),
        "right_of_two_strangers": float((same > stranger).mean()),
        "cosine_same": float(same.mean()),
        "cosine_look_alike": float(look_alike.mean()),
        "cosine_stranger": float(stranger.mean()),
    }


def _threshold(yes: np.ndarray, no: np.ndarray) -> float:
    """The cosine above which "the same" is right most often."""
    if not yes.size:
        return 0.5
    tried = np.linspace(-0.2, 1.0, 241)
    right = [(yes > value).mean() + (no <= value).mean() for value in tried]
    return float(tried[int(np.argmax(right))])


def caption_rates(
    senses: WorldSenses, sample_cache: PictureCache, tokenizer: TextTokenizer, spoil: Spoil | None = None
) -> dict[str, float]:
    """captions_of_two and captions; see `measure_senses`."""
    score = senses.text_image_score
    size = score.sizes.image_size_px
    wins: list[bool] = []
    among: list[bool] = []
    for start in range(0, len(sample_cache), CHOICES):
        rows = range(start, min(len(sample_cache), start + CHOICES))
        pictures = [shrink_whole(_picture(sample_cache, row, spoil), size) for row in rows]
        texts = score.embed_texts([tokenizer.encode(sample_cache.captions[row]) for row in rows])
        cosines = (score.embed_pictures(to_tensor(pictures, senses.device)) @ texts.T).float().cpu().numpy()
        own = np.diagonal(cosines)[:, None]
        others = ~np.eye(len(cosines), dtype=bool)
        wins += (own > cosines)[others].tolist()
        among += list(np.all(own >= cosines, axis=1))
    return {"captions_of_two": float(np.mean(wins)), "captions": float(np.mean(among))}


def _picture(sample_cache: PictureCache, index: int, spoil: Spoil | None) -> np.ndarray:
    pixels = np.asarray(sample_cache.pixels[index])
    return pixels if spoil is None else spoil(pixels)
