"""Files that are imported need not be trusted: nothing is decoded that no round names, and not too much."""

import json

import numpy as np
import pytest
import torch
from safetensors import safe_open

from limner.dialogue.parts import Picture
from limner.inference.saved_conversation import conversation_bytes
from limner.inference.sealed import MAX_HEADER_BYTES, sealed
from limner.service.conversation_service import ConversationService
from limner.store.fsck import check_store
from limner.store.store import Store


@pytest.fixture
def service(tiny_painter, tmp_path):
    painter = tiny_painter.with_sampling(token_steps=1, pixel_steps=1, max_text_tokens=1)
    made = ConversationService(painter, Store(tmp_path / "store"))
    yield made
    made.close()


class Decoded:
    """Decodes, and counts what was asked for."""

    def __init__(self):
        self.num = 0

    def __call__(self, png):
        self.num += 1
        return Picture.from_png(png)


def rewritten(data, tmp_path, change):
    """The file with other tensors or metadata, under a seal that is right."""
    (tmp_path / "file").write_bytes(data)
    with safe_open(tmp_path / "file", framework="pt") as file:
        metadata = json.loads(file.metadata()["limner"])
        tensors = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118
    change(tensors, metadata)
    return sealed(tensors, {"limner": json.dumps(metadata)})


def square(side_px, value):
    return Picture(np.full((side_px, side_px, 3), value, np.uint8))


def as_tensor(png):
    return torch.from_numpy(np.frombuffer(png, np.uint8).copy())


@pytest.fixture
def talk(service):
    talk = service.painter.conversation(seed=1)
    talk.say("A garden.", [square(64, 9)], picture=True)
    talk.say("A close-up of Mia.", [square(64, 9)], picture=True)
    return talk


def bytes_of(talk):
    return conversation_bytes(
        talk.tree, talk.states, fingerprint=talk.painter.fingerprint, seed=talk.seed, head=talk.head
    )


def refused(service, data, match, *, undecoded=True):
    decode = Decoded()
    with pytest.raises(ValueError, match=rf"^The file .*{match}.*\.$"):
        service.import_("anna", data, decode=decode)
    assert not (undecoded and decode.num)
    assert service.conversations("anna") == []
    assert list(service.store.keep.blobs) == []


def test_each_picture_is_decoded_once_and_the_store_is_whole(service, talk):
    decode = Decoded()
    made = service.import_("anna", bytes_of(talk), decode=decode)
    assert decode.num == 3
    assert made.num_rounds == 2
    assert check_store(service.store).problems == ()
    assert service.store.round("anna", made.head).node_id == talk.head


def test_pictures_that_no_round_names_are_refused_undecoded(service, talk, tmp_path):
    png = as_tensor(square(4000, 0).to_png())

    def bomb(tensors, metadata):
        tensors.update({f"picture/{number:064x}": png.clone() for number in range(25)})

    refused(
        service, rewritten(bytes_of(talk), tmp_path, bomb), "holds 25 pictures .* none of its rounds names"
    )


def test_too_many_pixels_in_all_are_refused_undecoded(service, talk, monkeypatch):
    monkeypatch.setattr("limner.service.import_export.MAX_IMPORTED_PIXELS", 3_000_000)
    talk.say("Four.", [square(1000, number) for number in range(4)], picture=False)
    data = bytes_of(talk)
    with pytest.raises(ValueError, match="have 4 megapixels in all, more than the 3 that"):
        service.import_("anna", data, decode=lambda png: pytest.fail("was decoded"))
    assert service.conversations("anna") == []


def test_one_picture_too_large_a_lying_header_and_a_wrong_digest_are_refused(service, talk, tmp_path):
    def with_png(png):
        def change(tensors, metadata):
            key = next(key for key in tensors if key.startswith("picture/"))
            tensors[key] = as_tensor(png)

        return rewritten(bytes_of(talk), tmp_path, change)

    png = square(64, 1).to_png()
    huge = png[:16] + (60_000).to_bytes(4, "big") * 2 + png[24:]
    refused(service, with_png(huge), "3600 megapixels")
    refused(service, with_png(b"GIF89a" + bytes(40)), "no PNG")
    refused(service, with_png(png[:40]), "cannot be read", undecoded=False)
    refused(service, with_png(png), "not what its digest says", undecoded=False)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda nodes: nodes[1].update(parent_id="0" * 64), "follows none of its rounds"),
        (lambda nodes: nodes.append(nodes[1]), "not what its id says"),
        (lambda nodes: nodes[0]["instruction"].update(text="A burden."), "not what its id says"),
        (lambda nodes: nodes[0].update(depends_on=["x"]), "not what its id says"),
        (lambda nodes: nodes[0]["instruction"].update(text="x" * 4001), "4000 characters"),
        (lambda nodes: nodes[0]["instruction"].update(text=["x"]), "malformed"),
        (lambda nodes: nodes[0].pop("response"), "lacks"),
        (lambda nodes: nodes.clear(), "none of its rounds names"),
        (lambda nodes: nodes.extend(None for _ in range(3)), "damaged"),
    ],
)
def test_a_tree_that_nobody_can_have_made_is_refused_undecoded(service, talk, tmp_path, change, said):
    data = rewritten(bytes_of(talk), tmp_path, lambda tensors, metadata: change(metadata["history"]["nodes"]))
    refused(service, data, said)


def test_a_header_too_long_to_be_read_is_refused(service):
    header = b'{"__metadata__":{"limner":"' + b"x" * MAX_HEADER_BYTES + b'"}}'
    refused(service, len(header).to_bytes(8, "little") + header, "no header of such a file")
