"""Pictures of a conversation as files that tell where they come from, signed if asked for.

Knows a conversation's rounds and the local certificate of whoever sits here. How files tell is the business
of `provenance/origin.py`.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Final

from limner.cli.files import write_bytes

if TYPE_CHECKING:
    from limner.inference.conversation import Conversation, Reply
    from limner.provenance.manifests import Making

FOLDER: Final = Path("~/.limner/credentials")


def write_reply(conversation: Conversation, reply: Reply, path: Path, *, sign: bool = False) -> Path:
    """Write the newest reply's picture as a PNG whose metadata names model, weights, seed and history node.

    `sign`: also with a C2PA manifest, by the local certificate in ~/.limner/credentials, which is made when
    it is not there; and with the watermark, where a picture that was given went into it. ValueError when the
    libraries that sign are not installed.
    """
    from limner.dialogue.parts import Picture
    from limner.provenance.origin import Origin, file_that_tells

    assert reply.image is not None
    painter = conversation.painter
    origin = Origin(model=painter.kind, weights=painter.fingerprint, seed=reply.seed, node_id=reply.id)
    credentials = making = None
    if sign:
        from limner.provenance.credentials import local_credentials

        credentials, making = local_credentials(FOLDER.expanduser()), _making(conversation)
    picture = Picture.from_pil(reply.image)
    return write_bytes(file_that_tells(picture, origin, credentials=credentials, making=making), path)


def _making(conversation: Conversation) -> Making:
    from limner.provenance.manifests import Making, Source
    from limner.provenance.watermark import NAME

    *earlier, last = conversation.rounds
    sources = [
        Source(file=one.to_png(), media_type="image/png", title=f"Picture {index + 1} that was given")
        for index, one in enumerate(last.instruction.pictures)
    ]
    painted = [one.response.picture for one in earlier if one.response.picture is not None]
    if painted:
        title = "The picture painted before"
        sources.append(Source(file=painted[-1].to_png(), media_type="image/png", title=title))
    given = any(one.instruction.pictures for one in conversation.rounds)
    return Making(sources=sources, has_given=given, watermark=NAME if given else None)
