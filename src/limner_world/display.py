"""A list of shapes as plain numbers: what a canvas writes and the compiled pass reads.

Knows the kinds and how many numbers each takes, its own number first. Knows nothing of painting, so that it
can be imported without a compiler.
"""

from __future__ import annotations

from typing import Final

FRAME: Final = 0  # a, b, x, c, d, y: from now on local (u, v) lies at pixel (a u + b v + x, c u + d v + y)
FILL: Final = 1  # parts, red, green, blue, alpha
SHADED: Final = 2  # as FILL, then the second colour, and where it starts and is full: u, v, u, v
STROKE: Final = 3  # as FILL, then width, and whether closed
GLOW: Final = 4  # centre u, v, radii, red, green, blue, alpha
CLIP: Final = 5  # parts
UNCLIP: Final = 6

SIZES: Final = (7, 6, 13, 8, 9, 2, 1)  # of each kind
