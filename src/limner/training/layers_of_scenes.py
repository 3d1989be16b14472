"""What the layers of scenes show: persons cut free around their faces, and whole places; and where in scene
tokens all this is said.

Knows the world, its scene tokens and the layers that are to learn from it (`models/scene_layers.py`).
Pictures are met again and again, with a few new ones in every step, as drawing one takes a third as long as
learning from it.

Legend: B figures of a batch, W side of a canvas in pixels, N tokens, D token width, F persons.
"""

from __future__ import annotations

import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Final

import cv2
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from limner.models.backdrop_layer import BackdropLayer
from limner.models.person_canvas import FaceFinder
from limner.models.scene_layers import SceneLayers, in_frame
from limner.models.token_lookup import TokenLookup
from limner.models.windows import FittedSpan, Span
from limner.training.picture_kinds import PICTURE_KINDS
from limner.training.repeated_pictures import RepeatedDraws
from limner.training.scene_pictures import face_boxes
from limner.training.state import SampleRng
from limner_world.chance import pick
from limner_world.render import render_figure
from limner_world.scene import FRAMINGS, LIGHTINGS, SETTINGS, Scene
from limner_world.scene_tokens import FIRST_SCENE_TOKEN, HIDDEN, SCENE_SLOTS, Words, encode_scene
from limner_world.settings import NUM_CUTS, NUM_LAYOUTS, seen_window, variant_of, whole_backdrop
from limner_world.truth import body_frames, scene_truth

AnySpan = Span | FittedSpan
KIND: Final = "conversation"  # of scenes: all that conversations show
FIRST_SEED: Final = 9_000_000_000  # far from other streams'
TO_FIND_FACES: Final = 8_192  # scenes, twice the numbers of a picture's tokens
TALL: Final = ("half body", "full body")
TRIES: Final = 64  # seeds in a row among which a wanted one is looked for
READING_NOISE: Final = 0.05  # of tokens, from which faces are still to be found
PLACES: Final = SETTINGS[1:]  # "white" is no place


@dataclass(frozen=True, kw_only=True)
class FiguresCutFree:
    """Figures and the tokens of the scenes that they stand in."""

    pixels_BWW4: NDArray[np.uint8]  # RGBA, colours times their opacity
    plain_BWW3: NDArray[np.uint8]  # the same colours in clothes without patterns
    tokens_BND: NDArray[np.float32]
    person_B: NDArray[np.int64]
    windows_B4: NDArray[np.float32]  # x0, y0, x1, y1 in the body's frame

    def part(self, start: int, end: int) -> FiguresCutFree:
        """Those from `start` to before `end`."""
        rows = slice(start, end)
        return FiguresCutFree(
            pixels_BWW4=self.pixels_BWW4[rows],
            plain_BWW3=self.plain_BWW3[rows],
            tokens_BND=self.tokens_BND[rows],
            person_B=self.person_B[rows],
            windows_B4=self.windows_B4[rows],
        )

    def target(self) -> Tensor:
        """(B, 4, W, W) float32 as `PersonCanvas` draws: colours in [-1, 1] times their opacity."""
        share = torch.from_numpy(self.pixels_BWW4).permute(0, 3, 1, 2).float() / 255
        colours, opacity = share.split((3, 1), dim=1)
        return torch.cat([2 * colours - opacity, opacity], dim=1)

    def pattern(self) -> Tensor:
        """(B, 3, W, W) float32: what patterns change in the colours of `target`."""
        plain_B3WW, whole_B3WW = (
            torch.from_numpy(pixels).permute(0, 3, 1, 2).float()
            for pixels in (self.plain_BWW3, self.pixels_BWW4[..., :3])
        )
        return (whole_B3WW - plain_B3WW) / 127.5


class RepeatedFigures:
    """Figures in windows of `span`, met again and again (448 KiB each at 256 px). Where a window follows what
    is seen, a quarter is of pictures that show more than a bust, and a quarter wears a pattern: the world has
    few of them.
    """

    def __init__(self, size_px: int, span: AnySpan, *, kept: int, new: int) -> None:
        wanted = (_any, _tall, _any, _patterned) if isinstance(span, FittedSpan) else (_any,)

        def draw(row: int) -> FiguresCutFree:
            return cut_free(FIRST_SEED + row * TRIES, "train", size_px, span, wanted[row % len(wanted)])

        self._drawn = RepeatedDraws(draw, kept=kept, new=new)

    def take(self, sample_rng: SampleRng, batch: int) -> FiguresCutFree:
        """`batch` figures of this micro-batch."""
        return joined(self._drawn.take(sample_rng, sample_rng.numpy(), batch))


def joined(parts: Sequence[FiguresCutFree]) -> FiguresCutFree:
    """Batches concatenated in order."""
    return FiguresCutFree(
        pixels_BWW4=np.concatenate([part.pixels_BWW4 for part in parts]),
        plain_BWW3=np.concatenate([part.plain_BWW3 for part in parts]),
        tokens_BND=np.concatenate([part.tokens_BND for part in parts]),
        person_B=np.concatenate([part.person_B for part in parts]),
        windows_B4=np.concatenate([part.windows_B4 for part in parts]),
    )


def _any(scene: Scene, person: int) -> bool:
    return True


def _tall(scene: Scene, person: int) -> bool:
    return scene.framing in TALL


def _patterned(scene: Scene, person: int) -> bool:
    return scene.figures[person].person.traits.garment_pattern != "plain" and scene.framing != FRAMINGS[0]


def cut_free(
    seed: int, split: str, size_px: int, span: AnySpan, wanted: Callable[[Scene, int], bool] = _any
) -> FiguresCutFree:
    """A batch of one: some figure of the first scene from `seed` on that is `wanted`, in the window of `span`
    around its face.
    """
    for seen in range(seed, seed + TRIES):
        scene = PICTURE_KINDS[KIND](seen, split)
        person = seed % len(scene.figures)
        if wanted(scene, person):
            break
    window = window_of(scene, person, span)
    frame = torch.tensor([body_frames(scene)[person]], dtype=torch.float64)
    pixels = render_figure(scene, person, window, size_px)
    plain = pixels
    if scene.figures[person].person.traits.garment_pattern != "plain":
        plain = render_figure(_in_plain_clothes(scene, person), person, window, size_px)
    return FiguresCutFree(
        pixels_BWW4=pixels[None],
        plain_BWW3=plain[None, ..., :3],
        tokens_BND=encode_scene(scene)[None],
        person_B=np.array([person]),
        windows_B4=in_frame(torch.tensor([window], dtype=torch.float64), frame).float().numpy(),
    )


def _in_plain_clothes(scene: Scene, place: int) -> Scene:
    figure = scene.figures[place]
    traits = replace(figure.person.traits, garment_pattern="plain")
    dressed = replace(figure, person=replace(figure.person, traits=traits))
    return replace(scene, figures=(*scene.figures[:place], dressed, *scene.figures[place + 1 :]))


def window_of(scene: Scene, place: int, span: AnySpan) -> tuple[float, float, float, float]:
    """The window of `span` around the face of a figure: x0, y0, x1, y1 in the unit square of the picture."""
    x0, y0, x1, y1 = scene_truth(scene).face_boxes[place]
    box = torch.tensor([(x0 + x1) / 2, (y0 + y1) / 2, x1 - x0, y1 - y0], dtype=torch.float64)
    left, top, right, bottom = span.window(box).tolist()
    return left, top, right, bottom


def places(rng: np.random.Generator, seeds: Sequence[int], size_px: int, split: str) -> tuple[Tensor, Tensor]:
    """Whole places (B, 3, W, W) in [-1, 1] and the tokens (B, N, D) of scenes that show a part of them."""
    pixels, tokens = [], []
    for seed in seeds:
        drawn = PICTURE_KINDS[KIND](seed, split)
        scene = replace(
            drawn,
            setting=pick(rng, SETTINGS),
            variant=int(rng.integers(1000)),
            lighting=pick(rng, LIGHTINGS),
            interaction="none",
        )
        pixels.append(_whole(scene, size_px))
        tokens.append(encode_scene(scene))
    target = torch.from_numpy(np.stack(pixels)).permute(0, 3, 1, 2).float().div_(127.5).sub_(1.0)
    return target, torch.from_numpy(np.stack(tokens))


def _whole(scene: Scene, size_px: int) -> NDArray[np.uint8]:
    if scene.setting == "white":
        return np.full((size_px, size_px, 3), 255, np.uint8)
    return whole_backdrop(scene.setting, scene.variant, scene.lighting, size_px)


def prepare(layers: SceneLayers) -> None:
    """What needs no learning: where tokens say that faces lie, which contents of tokens name a place and a
    view, and how each place looks from afar.
    """
    _find_faces(layers.finder)
    _name_places(layers.backdrop)
    _name_views(layers.backdrop)


def _find_faces(finder: FaceFinder) -> None:
    """Where faces lie, and bodies' frames beside them, are linear readings of scene tokens: no picture is
    needed to find them.
    """
    scenes = [PICTURE_KINDS[KIND](seed, "train") for seed in range(TO_FIND_FACES)]
    tokens = torch.from_numpy(np.stack([encode_scene(scene) for scene in scenes]))
    boxes_BF4 = torch.from_numpy(face_boxes(scenes))
    frames_BF3 = torch.zeros(*boxes_BF4.shape[:2], 3)
    for row, scene in enumerate(scenes):
        for person, frame in enumerate(body_frames(scene)):
            frames_BF3[row, person] = torch.tensor(frame)
    finder.fit(tokens, boxes_BF4, frames_BF3, noise=READING_NOISE)


def _name_places(backdrop: BackdropLayer) -> None:
    named = [("white", HIDDEN), *itertools.product(PLACES, map(str, range(NUM_LAYOUTS)))]
    setting, layout = backdrop.place.addressed
    # White is named alone: where it is said, layouts mean nothing.
    keys = [
        [2 * _row(setting, "white"), np.zeros_like(_row(layout, HIDDEN))]
        if place == "white"
        else [_row(setting, place), _row(layout, number)]
        for place, number in named
    ]
    _set(backdrop.place, keys)
    side = backdrop.sizes.side
    start = torch.zeros(len(named), backdrop.sizes.channels, side, side)
    for row, (place, number) in enumerate(named):
        if place == "white":
            start[row, :3] = 1.0
            continue
        whole = whole_backdrop(place, int(number), "daylight")
        small = cv2.resize(whole, (side, side), interpolation=cv2.INTER_AREA)
        start[row, :3] = torch.from_numpy(small).permute(2, 0, 1).float() / 127.5 - 1
    with torch.no_grad():
        kept = backdrop.remembered.weight.T.view_as(start)
        kept[:, :3] = start[:, :3]


def _name_views(backdrop: BackdropLayer) -> None:
    mirror, cut, framing = backdrop.view.addressed
    keys: list[list[NDArray[np.float32]]] = []
    corners: list[float] = []
    for turned, part, near in itertools.product(("0", "1", HIDDEN), range(NUM_CUTS), FRAMINGS):
        keys.append([_row(mirror, turned), _row(cut, str(part)), _row(framing, near)])
        variant = variant_of(0, int(turned == "1"), part)
        corners.extend(seen_window(PLACES[0], variant, near))
    _set(backdrop.view, keys)
    backdrop.view_corners.copy_(torch.tensor(corners))


def _set(lookup: TokenLookup, keys: list[list[NDArray[np.float32]]]) -> None:
    lookup.set_keys(torch.from_numpy(np.array(keys)))


def _row(token: int, word: str) -> NDArray[np.float32]:
    """What the scene token at `token`, which holds one word, holds when it is `word`."""
    (factor,) = SCENE_SLOTS[token - FIRST_SCENE_TOKEN].factors
    assert isinstance(factor, Words)
    row: NDArray[np.float32] = factor.rows[len(factor.words) if word == HIDDEN else factor.words.index(word)]
    return row
