"""A stack of shapes painted on a turned face in one go.

Knows that many small shapes turn together faster than one by one. Knows nothing of what they are.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from limner_world.canvas import RGB, Canvas
from limner_world.curves import Points
from limner_world.skull import Head

Layer = tuple[Points, RGB]  # an outline on the face seen straight on, and its colour


def paint_on_face(canvas: Canvas, head: Head, layers: Sequence[Layer], lift: float = 0.0) -> None:
    """Fill outlines (N, 2) in order, as the turned head shows them, `lift` above the skin."""
    if not head.sin:
        for outline, colour in layers:
            canvas.fill(outline, colour)
        return
    moved = head.on_face(np.concatenate([outline for outline, _ in layers]), lift)
    start = 0
    for outline, colour in layers:
        canvas.fill(moved[start : start + len(outline)], colour)
        start += len(outline)
