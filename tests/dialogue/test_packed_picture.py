import numpy as np
import pytest

from limner.dialogue.history import HistoryTree
from limner.dialogue.packed_picture import PackedPicture, packed
from limner.dialogue.parts import Instruction, Picture, Response, Round


def photo(seed: int = 0) -> Picture:
    pixels = np.random.default_rng(seed).integers(0, 256, (32, 48, 3))
    return Picture(pixels.astype(np.uint8))


def test_a_packed_picture_is_the_picture():
    picture = photo()
    held = PackedPicture(picture)
    assert held == picture
    assert hash(held) == hash(picture)
    assert (held.width_px, held.height_px) == (48, 32)
    np.testing.assert_array_equal(held.pixels, picture.pixels)
    assert Picture.from_png(held.to_png()) == picture
    assert Picture(held.pixels).digest == held.digest


def test_a_packed_picture_holds_no_pixels_after_it_was_looked_at():
    held = PackedPicture(Picture(np.full((256, 256, 3), 90, np.uint8)))
    first = held.pixels
    assert held.pixels is not first
    assert not first.flags.writeable
    assert held.num_bytes < first.nbytes / 3
    assert not any(isinstance(value, np.ndarray) for value in vars(held).values())


@pytest.mark.parametrize("painted", [None, photo(3)])
def test_a_packed_round_stands_at_the_same_place_in_a_history(painted):
    given = (photo(1), photo(2))
    round_ = Round(
        instruction=Instruction(text="This is Mia.", pictures=given, region=(0.0, 0.0, 0.5, 0.5)),
        response=Response(text="Yes.", picture=painted),
    )
    held = packed(round_, [picture.to_png() for picture in round_.pictures])
    assert held == round_
    assert HistoryTree().append(None, held) == HistoryTree().append(None, round_)
    assert all(isinstance(picture, PackedPicture) for picture in held.pictures)
