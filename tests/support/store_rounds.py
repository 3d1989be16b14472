"""Rounds for the tests of the store: real rows and blobs, without a model."""

import time

import numpy as np

from limner.dialogue.history import node_id
from limner.dialogue.parts import Instruction, Picture, Response, Round
from limner.store.blobs import digest_of
from limner.store.records import KeptState, StoredConversation, StoredRound, new_id


def picture(number):
    return Picture(np.random.default_rng(number).integers(0, 255, (16, 16, 3), dtype=np.uint8))


def conversation(owner="anna", **more):
    row = {"id": new_id("conv"), "owner": owner, "title": "", "seed": 0, "created": time.time()}
    return StoredConversation(**{**row, **more})


def round_in(of, parent=None, *, text="A garden.", number=0, given=()):
    """A whole round and its blobs: a painted picture, image tokens, pictures given with it."""
    painted = picture(number)
    content = Round(
        instruction=Instruction(text=text, pictures=tuple(map(picture, given))),
        response=Response(text="Here.", picture=painted),
    )
    before = parent.node_id if parent is not None else None
    blobs = [painted.to_png(), f"tokens {number}".encode(), *(picture(n).to_png() for n in given)]
    stored = StoredRound(
        id=new_id("resp"),
        owner=of.owner,
        conversation=of.id,
        parent=None if parent is None else parent.id,
        node_id=node_id(before, content),
        text_in=text,
        pictures_in=tuple(digest_of(blob) for blob in blobs[2:]),
        text_out="Here.",
        picture=digest_of(blobs[0]),
        seed=number,
        seconds=0.1,
        created=max(time.time(), parent.created + 1e-6 if parent is not None else 0.0),
        state=KeptState(
            parent_node=before,
            response_ids=(1, 2),
            num_tokens=9,
            tokens=digest_of(blobs[1]),
            encoded=False,
            painter="tiny",
        ),
    )
    return stored, blobs


def add(store, of, parent=None, *, new=False, **more):
    stored, blobs = round_in(of, parent, **more)
    return store.add_rounds([stored], blobs, new_conversation=of if new else None)[0]
