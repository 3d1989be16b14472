"""Things people hold: each drawn in its own frame, centred where the hand is, one unit a head's height.

Knows things. Knows nothing about who holds them; `prop_extent` gives the box each fills.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np

from limner_world.canvas import Canvas
from limner_world.cloth import Cloth, cloth
from limner_world.curves import Points, arc, oval, smooth
from limner_world.palette import darken, lighten, mix

# thing -> (left, top, right, bottom) in its own frame
_EXTENTS: Final[dict[str, tuple[float, float, float, float]]] = {
    "potato chip": (-0.13, -0.12, 0.13, 0.12),
    "laptop": (-0.46, -0.40, 0.46, 0.20),
    "book": (-0.42, -0.27, 0.42, 0.25),
    "phone": (-0.11, -0.20, 0.11, 0.20),
    "coffee cup": (-0.15, -0.28, 0.23, 0.15),
    "flowers": (-0.36, -0.46, 0.36, 0.40),
    "tablet": (-0.30, -0.22, 0.30, 0.22),
    "leaf": (-0.15, -0.26, 0.15, 0.16),
    "whiskey glass": (-0.13, -0.14, 0.13, 0.14),
    "balloon": (-0.28, -1.46, 0.28, 0.02),
    "ball": (-0.24, -0.24, 0.24, 0.24),
}


def prop_extent(thing: str) -> tuple[float, float, float, float]:
    """The box (left, top, right, bottom) that a thing fills around the hand."""
    return _EXTENTS[thing]


def draw_prop(canvas: Canvas, thing: str, colour: str) -> None:
    """The thing in the current frame; ValueError when nobody can hold it."""
    if thing not in _DRAWERS:
        raise ValueError(f"nobody can hold {thing!r}; use one of {', '.join(_DRAWERS)}")
    _DRAWERS[thing](canvas, cloth(colour))


def _chip(canvas: Canvas, made_of: Cloth) -> None:
    outline = smooth(
        [[-0.12, 0.02], [-0.06, -0.09], [0.05, -0.11], [0.12, -0.02], [0.07, 0.08], [-0.05, 0.10]]
    )
    canvas.fill(outline, (252, 214, 116), shade=((222, 158, 56), (-0.1, -0.1), (0.1, 0.12)))
    canvas.stroke(outline, (168, 108, 36), 0.016, closed=True)
    canvas.stroke(smooth([[-0.08, 0.02], [0.0, -0.04], [0.08, -0.02]], closed=False), (236, 180, 84), 0.02)
    for x, y in ((-0.03, 0.04), (0.04, 0.02), (0.0, -0.06)):
        canvas.ellipse(x, y, 0.010, 0.010, (190, 124, 44))


def _laptop(canvas: Canvas, made_of: Cloth) -> None:
    """Seen from behind: the lid's back, a little of the base below."""
    steel = cloth(mix(made_of.base, (196, 200, 206), 0.55))
    base = [[-0.44, 0.13], [0.44, 0.13], [0.46, 0.19], [-0.46, 0.19]]
    canvas.fill(base, darken(steel.base, 0.25))
    lid = smooth(
        [
            [-0.42, -0.38],
            [0.42, -0.38],
            [0.43, -0.36],
            [0.44, 0.12],
            [0.43, 0.14],
            [-0.43, 0.14],
            [-0.44, 0.12],
            [-0.43, -0.36],
        ],
        samples=2,
    )
    canvas.fill(lid, steel.light, shade=(steel.shade, (-0.4, -0.4), (0.4, 0.3)))
    canvas.stroke(lid, steel.line, 0.018, closed=True)
    canvas.ellipse(0, -0.12, 0.055, 0.055, lighten(steel.base, 0.7))


def _book(canvas: Canvas, made_of: Cloth) -> None:
    """Open towards its reader: we see the covers' outside with pages above them."""
    pages = smooth(
        [[-0.39, -0.22], [-0.2, -0.27], [0.0, -0.20], [0.2, -0.27], [0.39, -0.22], [0.39, 0.1], [-0.39, 0.1]],
        samples=4,
    )
    canvas.fill(pages, (252, 247, 232), shade=((222, 210, 186), (0, -0.25), (0, 0.0)))
    canvas.stroke(pages, (140, 120, 96), 0.014, closed=True)
    for side in (-1, 1):
        cover = np.array([[0, -0.16], [side * 0.41, -0.20], [side * 0.42, 0.21], [0, 0.25]])
        canvas.fill(
            cover,
            made_of.light if side < 0 else made_of.base,
            shade=(made_of.shade, (0, -0.2), (side * 0.3, 0.4)),
        )
        canvas.stroke(cover, made_of.line, 0.018, closed=True)
        inner = np.array(
            [[side * 0.07, -0.10], [side * 0.36, -0.13], [side * 0.365, 0.14], [side * 0.07, 0.17]]
        )
        canvas.stroke(inner, made_of.second, 0.016, closed=True, alpha=0.8)
    canvas.stroke([[0, -0.16], [0, 0.25]], made_of.line, 0.035)


def _phone(canvas: Canvas, made_of: Cloth) -> None:
    """Its back: the camera in the upper corner."""
    outline = _rounded(0.11, 0.20, 0.035)
    canvas.fill(outline, made_of.light, shade=(made_of.shade, (-0.1, -0.2), (0.1, 0.2)))
    canvas.stroke(outline, made_of.line, 0.016, closed=True)
    canvas.fill(_rounded(0.035, 0.05, 0.015) + np.array([-0.05, -0.12]), made_of.line)
    for y in (-0.14, -0.10):
        canvas.ellipse(-0.05, y, 0.016, 0.016, (196, 206, 218))


def _tablet(canvas: Canvas, made_of: Cloth) -> None:
    outline = _rounded(0.30, 0.22, 0.04)
    canvas.fill(outline, made_of.light, shade=(made_of.shade, (-0.3, -0.2), (0.3, 0.25)))
    canvas.stroke(outline, made_of.line, 0.018, closed=True)
    canvas.ellipse(-0.24, -0.16, 0.022, 0.022, made_of.line)
    canvas.stroke([[-0.06, 0.0], [0.06, 0.0]], made_of.second, 0.02, alpha=0.6)


def _cup(canvas: Canvas, made_of: Cloth) -> None:
    canvas.stroke(arc(0.13, 0.0, 0.085, 0.075, -1.4, 1.5), made_of.line, 0.055)
    canvas.stroke(arc(0.13, 0.0, 0.085, 0.075, -1.4, 1.5), made_of.base, 0.03)
    body = smooth(
        [
            [-0.145, -0.12],
            [0.145, -0.12],
            [0.135, 0.06],
            [0.10, 0.135],
            [0.0, 0.15],
            [-0.10, 0.135],
            [-0.135, 0.06],
        ],
        samples=4,
    )
    canvas.fill(body, made_of.light, shade=(made_of.shade, (-0.1, 0), (0.16, 0.05)))
    canvas.stroke(body, made_of.line, 0.018, closed=True)
    canvas.ellipse(0, -0.12, 0.142, 0.035, made_of.line)
    canvas.ellipse(0, -0.12, 0.125, 0.026, (84, 52, 34))
    for x in (-0.04, 0.05):
        steam = smooth([[x, -0.16], [x + 0.025, -0.20], [x - 0.015, -0.24], [x + 0.01, -0.29]], closed=False)
        canvas.stroke(steam, (255, 255, 255), 0.018, alpha=0.6)


def _flowers(canvas: Canvas, made_of: Cloth) -> None:
    stems = [
        [-0.20, -0.22],
        [-0.05, -0.34],
        [0.10, -0.30],
        [0.22, -0.20],
        [0.02, -0.16],
        [-0.12, -0.10],
        [0.14, -0.10],
    ]
    for x, y in stems:
        canvas.stroke([[x, y], [0.0, 0.16], [-x * 0.25, 0.38]], (74, 128, 70), 0.022)
    for x, y, turn in ((-0.28, -0.06, 0.5), (0.29, -0.04, -0.5), (-0.16, -0.30, 1.0), (0.20, -0.36, -1.0)):
        canvas.ellipse(x, y, 0.10, 0.045, (92, 150, 84), turn)
    for i, (x, y) in enumerate(stems):
        _blossom(canvas, x, y, 0.115, made_of if i % 3 != 1 else cloth(lighten(made_of.base, 0.5)), i)
    wrap = np.array([[-0.20, -0.02], [0.0, 0.05], [0.20, -0.02], [0.07, 0.34], [-0.07, 0.34]])
    canvas.fill(wrap, (246, 236, 216), shade=((206, 190, 166), (-0.1, 0), (0.2, 0.2)))
    canvas.stroke(wrap, (156, 136, 110), 0.015, closed=True)
    canvas.stroke([[-0.10, 0.20], [0.10, 0.20]], made_of.base, 0.035)


def _blossom(canvas: Canvas, x: float, y: float, size: float, made_of: Cloth, twist: int) -> None:
    for k in range(6):
        turn = np.pi / 3 * k + twist * 0.7
        petal = oval(
            x + size * 0.55 * np.cos(turn), y + size * 0.55 * np.sin(turn), size * 0.46, size * 0.36, turn
        )[::3]
        canvas.fill(petal, made_of.light if k % 2 else made_of.base)
        canvas.stroke(petal, made_of.line, 0.008, closed=True, alpha=0.6)
    canvas.ellipse(x, y, size * 0.30, size * 0.30, (250, 206, 92))


def _leaf(canvas: Canvas, made_of: Cloth) -> None:
    outline = smooth(
        [
            [0.0, 0.10],
            [-0.12, 0.02],
            [-0.14, -0.10],
            [-0.05, -0.20],
            [0.0, -0.26],
            [0.05, -0.20],
            [0.14, -0.10],
            [0.12, 0.02],
        ],
        samples=5,
    )
    canvas.stroke([[0, 0.05], [0.01, 0.16]], made_of.line, 0.024)
    canvas.fill(outline, made_of.light, shade=(made_of.shade, (-0.1, -0.2), (0.12, 0.12)))
    canvas.stroke(outline, made_of.line, 0.016, closed=True)
    canvas.stroke([[0, 0.10], [0, -0.22]], made_of.line, 0.014)
    for y in (-0.02, -0.11):
        for side in (-1, 1):
            canvas.stroke([[0, y + 0.04], [side * 0.085, y - 0.02]], made_of.line, 0.010)


def _glass(canvas: Canvas, made_of: Cloth) -> None:
    outline = np.array([[-0.13, -0.14], [0.13, -0.14], [0.11, 0.14], [-0.11, 0.14]])
    canvas.fill(outline, (230, 240, 246), alpha=0.85)
    drink = np.array([[-0.122, -0.02], [0.122, -0.02], [0.105, 0.12], [-0.105, 0.12]])
    canvas.fill(drink, (232, 164, 66), shade=((176, 98, 30), (-0.1, 0), (0.12, 0.1)))
    canvas.fill(
        np.array([[-0.07, -0.06], [0.0, -0.08], [0.02, 0.0], [-0.05, 0.02]]), (250, 250, 250), alpha=0.7
    )
    canvas.ellipse(0, -0.14, 0.13, 0.028, (240, 247, 250), alpha=0.8)
    canvas.stroke(oval(0, -0.14, 0.13, 0.028), (136, 156, 168), 0.012, closed=True)
    canvas.stroke(outline[[0, 3, 2, 1]], (136, 156, 168), 0.016)
    canvas.stroke([[-0.095, -0.08], [-0.085, 0.09]], (255, 255, 255), 0.02, alpha=0.8)


def _balloon(canvas: Canvas, made_of: Cloth) -> None:
    canvas.stroke(
        smooth([[0, 0.02], [0.04, -0.3], [-0.03, -0.6], [0.0, -0.84]], closed=False), (110, 104, 110), 0.014
    )
    outline = smooth(
        [
            [0, -0.84],
            [-0.16, -0.94],
            [-0.27, -1.14],
            [-0.20, -1.38],
            [0, -1.46],
            [0.20, -1.38],
            [0.27, -1.14],
            [0.16, -0.94],
        ]
    )
    canvas.fill([[-0.035, -0.80], [0.035, -0.80], [0, -0.86]], made_of.shade)
    canvas.fill(outline, made_of.light, shade=(made_of.shade, (-0.1, -1.35), (0.2, -0.85)))
    canvas.stroke(outline, made_of.line, 0.016, closed=True)
    canvas.glow(-0.10, -1.26, 0.09, 0.12, (255, 255, 255), 0.75)


def _ball(canvas: Canvas, made_of: Cloth) -> None:
    canvas.ellipse(0, 0, 0.24, 0.24, made_of.light, shade=(made_of.shade, (-0.1, -0.15), (0.2, 0.25)))
    with canvas.clip(oval(0, 0, 0.235, 0.235)):
        canvas.stroke(arc(-0.30, 0.0, 0.30, 0.34, -1.2, 1.2), made_of.second, 0.07)
        canvas.stroke(arc(0.30, 0.0, 0.30, 0.34, 1.94, 4.34), made_of.second, 0.07)
    canvas.stroke(oval(0, 0, 0.24, 0.24), made_of.line, 0.018, closed=True)
    canvas.glow(-0.09, -0.10, 0.10, 0.09, (255, 255, 255), 0.6)


def _rounded(half_width: float, half_height: float, radius: float) -> Points:
    corners = [
        arc(
            sx * (half_width - radius),
            sy * (half_height - radius),
            radius,
            radius,
            start,
            start + np.pi / 2,
            5,
        )
        for sx, sy, start in ((1, 1, 0.0), (-1, 1, np.pi / 2), (-1, -1, np.pi), (1, -1, 1.5 * np.pi))
    ]
    return np.concatenate(corners)


_DRAWERS: Final[dict[str, Callable[[Canvas, Cloth], None]]] = {
    "potato chip": _chip,
    "laptop": _laptop,
    "book": _book,
    "phone": _phone,
    "coffee cup": _cup,
    "flowers": _flowers,
    "tablet": _tablet,
    "leaf": _leaf,
    "whiskey glass": _glass,
    "balloon": _balloon,
    "ball": _ball,
}
