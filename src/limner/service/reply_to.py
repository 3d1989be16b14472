"""Which picture a request replies to, given as its number or by its round's id. Knows stored rounds."""

from __future__ import annotations

from collections.abc import Sequence

from limner.store.records import StoredRound


def picture_number(path: Sequence[StoredRound], reply_to: int | str | None) -> int | None:
    """The number of the picture that is meant on a line of rounds, given as itself or by its round's id.

    ValueError when the line has no such round, or the round no picture.
    """
    if reply_to is None or isinstance(reply_to, int):
        return reply_to
    number = 0
    for stored in path:
        number += len(stored.pictures_in) + (stored.picture is not None)
        if stored.id == reply_to:
            if stored.picture is None:
                raise ValueError(f"The round {reply_to} has no picture to reply to.")
            return number
    raise ValueError(
        f"The round {reply_to[:60]} is not on this line of the conversation; go on from it instead."
    )
