"""Words on signs, drawn with strokes: capitals, digits and a little punctuation.

Knows letter shapes and how wide a word is. Knows nothing about where signs hang.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from limner_world.canvas import RGB, Canvas
from limner_world.curves import Points

# letter -> strokes (parted by commas) of points "xy" on a grid 0..4 wide and 0..6 high, y down
_STROKES: Final[dict[str, str]] = {
    "A": "06 20 46, 14 34",
    "B": "06 00 30 41 42 33 03, 33 44 45 36 06",
    "C": "41 30 10 01 05 16 36 45",
    "D": "06 00 20 42 44 26 06",
    "E": "40 00 06 46, 03 33",
    "F": "40 00 06, 03 33",
    "G": "41 30 10 01 05 16 36 45 43 23",
    "H": "00 06, 40 46, 03 43",
    "I": "20 26, 10 30, 16 36",
    "J": "40 45 36 16 05",
    "K": "00 06, 40 03 46",
    "L": "00 06 46",
    "M": "06 00 23 40 46",
    "N": "06 00 46 40",
    "O": "10 30 41 45 36 16 05 01 10",
    "P": "06 00 30 41 42 33 03",
    "Q": "10 30 41 45 36 16 05 01 10, 24 46",
    "R": "06 00 30 41 42 33 03, 23 46",
    "S": "41 30 10 01 02 13 33 44 45 36 16 05",
    "T": "00 40, 20 26",
    "U": "00 05 16 36 45 40",
    "V": "00 26 40",
    "W": "00 16 23 36 40",
    "X": "00 46, 40 06",
    "Y": "00 23 40, 23 26",
    "Z": "00 40 06 46",
    "0": "10 30 41 45 36 16 05 01 10, 14 32",
    "1": "11 20 26, 16 36",
    "2": "01 10 30 41 42 06 46",
    "3": "01 10 30 41 42 33 13, 33 44 45 36 16 05",
    "4": "36 30 04 44",
    "5": "40 00 03 33 44 45 36 06",
    "6": "40 20 02 05 16 36 45 44 33 03",
    "7": "00 40 16",
    "8": "13 02 01 10 30 41 42 33 13 04 05 16 36 45 44 33",
    "9": "43 13 02 01 10 30 41 44 26",
    "!": "20 24, 26 26",
    "?": "01 10 30 41 23 24, 26 26",
    "&": "46 12 11 20 31 04 05 16 26 44",
    "-": "13 33",
    "'": "20 21",
    ".": "26 26",
}
_ADVANCE: Final = 5.4 / 6  # from letter to letter, in letter heights
_SPACE: Final = 3.6 / 6


def width_of(word: str) -> float:
    """How wide the word is, in letter heights."""
    return sum(_SPACE if letter == " " else _ADVANCE for letter in word) - (_ADVANCE - 4 / 6)


def draw_word(canvas: Canvas, word: str, cx: float, cy: float, height: float, colour: RGB) -> None:
    """Letter `word` in capitals centred on (cx, cy); a letter outside the alphabet shows as a bar."""
    x, top = cx - width_of(word) * height / 2, cy - height / 2
    for letter in word.upper():
        if letter == " ":
            x += _SPACE * height
            continue
        for line in _lines(letter):
            canvas.stroke(line * (height / 6) + (x, top), colour, 0.15 * height)
        x += _ADVANCE * height


def _lines(letter: str) -> list[Points]:
    return [
        np.array([[int(pair[0]), int(pair[1])] for pair in stroke.split()], dtype=np.float64)
        for stroke in _STROKES.get(letter, "13 33").split(", ")
    ]
