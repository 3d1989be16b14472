"""The service: rounds made durable before they are told of, forks, owners, deletion that reaches memory."""

import threading
from dataclasses import replace

import numpy as np
import pytest
from waiting import until

import limner
from limner.dialogue.parts import Instruction, Picture, Response, Round
from limner.inference.conversation import Conversation
from limner.inference.engine import Busy, Engine
from limner.inference.events import Cancelled
from limner.inference.painter import Painter
from limner.inference.sampling import Sampling
from limner.service.conversation_service import Answered, CancelledRound, ConversationService, Wish
from limner.store.fsck import check_store
from limner.store.records import NotThere
from limner.store.store import Store

FAST = {"token_steps": 2, "pixel_steps": 2, "max_text_tokens": 4}


@pytest.fixture
def painter(tiny_painter):
    return tiny_painter.with_sampling(**FAST)


@pytest.fixture
def service(painter, tmp_path):
    made = ConversationService(painter, Store(tmp_path / "store"))
    yield made
    made.close(0)


def say(service, text, previous=None, *, owner="anna", **more):
    more.setdefault("picture", True)
    return service.ask(Wish(owner=owner, text=text, previous=previous, **more)).result(60)


def pixels(service, round_, owner="anna"):
    return service.picture(owner, round_.id).pixels


def face(number=0):
    return Picture(np.random.default_rng(number).integers(0, 255, (24, 24, 3), dtype=np.uint8))


def remembers(painter, picture):
    """Whether memory holds an uploaded picture's image tokens, for anybody."""
    return picture.digest in {digest for _, digest in painter._uploads}


def test_rounds_are_those_of_a_conversation_in_memory(service, painter):
    of = service.new_conversation("anna", seed=5)
    first = say(service, "A garden.", conversation=of.id, images=[face()])
    second = say(service, "Add a scarf.", first.id)
    other = say(service, "Make it night.", first.id)
    talk = Conversation(painter.with_sampling(), seed=5)
    replies = [talk.say("A garden.", [face()], picture=True), talk.say("Add a scarf.", picture=True)]
    assert [first.node_id, second.node_id] == [reply.id for reply in replies]
    assert [first.seed, second.seed] == [reply.seed for reply in replies]
    for round_, reply in zip((first, second), replies, strict=True):
        np.testing.assert_array_equal(pixels(service, round_), np.asarray(reply.image))
        assert round_.text_out == reply.text
    assert service.get("anna", other.id).siblings == (second.id, other.id)
    assert [round_.depth for round_ in service.tree("anna", of.id)] == [0, 1, 1]
    assert service.conversation("anna", of.id).head == other.id
    assert say(service, "More.", conversation=of.id).parent == other.id
    assert check_store(service.store).problems == ()


def test_asked_the_same_again_it_draws_something_else(service):
    first = say(service, "A garden.")
    again = [say(service, "Add a scarf.", first.id) for _ in range(3)]
    assert len({round_.seed for round_ in again}) == 3
    assert say(service, "Add a scarf.", first.id, seed=again[0].seed).picture == again[0].picture


def test_a_round_is_durable_when_it_is_told_of(service, tmp_path):
    found, told = [], threading.Event()
    other = Store(tmp_path / "store")

    def look(event):
        if isinstance(event, Answered):
            found.append(other.round("anna", event.round.id))
            told.set()

    asked = service.ask(Wish(owner="anna", text="A garden.", picture=True))
    asked.subscribe(look)
    assert told.wait(60)
    assert asked.result(60) == found[0] == service.get("anna", asked.id)
    assert asked.conversation == found[0].conversation
    events = [type(event).__name__ for event in asked.events()]
    assert (events[0], events[-1]) == ("Begun", "Answered")
    assert "Finished" not in events
    assert events == [type(event).__name__ for event in asked.events()]  # told again to whoever comes late
    other.close()


def test_it_goes_on_after_a_restart_as_if_nothing_had_been(painter, tmp_path):
    one = ConversationService(painter, Store(tmp_path))
    first = say(one, "A garden.", seed=1, images=[face()])
    kept = say(one, "Add a scarf.", first.id, seed=2)
    one.close()
    two = ConversationService(painter.with_sampling(), Store(tmp_path))
    again = say(two, "Add a scarf.", first.id, seed=2)
    assert (again.node_id, again.picture) == (kept.node_id, kept.picture)
    two.close()


def test_a_replica_elsewhere_goes_on_when_this_one_is_gone(painter, tmp_path):
    url = f"file://{tmp_path}/shared"
    one = ConversationService(painter, Store(tmp_path / "one", blobs_url=url))
    two = ConversationService(painter.with_sampling(), Store(tmp_path / "two", blobs_url=url))
    first = say(one, "A garden.", seed=1)
    second = say(two, "Add a scarf.", first.id, seed=2)
    one.close()
    third = say(two, "A close-up of Mia.", conversation=first.conversation)
    assert [round_.id for round_ in two.tree("anna", first.conversation)] == [first.id, second.id, third.id]
    two.close()


def test_what_is_not_to_be_kept_is_nowhere(service, painter):
    first = say(service, "A garden.")
    held = painter.prefixes.num_bytes, len(painter.prefixes)
    for previous in (None, first.id):
        asked = service.ask(
            Wish(
                owner="anna", text="A secret.", previous=previous, images=[face(3)], picture=True, keep=False
            )
        )
        round_ = asked.result(60)
        assert not round_.kept
        assert asked.picture.pixels.shape == (32, 32, 3)
        assert (asked.conversation, round_.depth) == (
            (None, 0) if previous is None else (first.conversation, 1)
        )
        with pytest.raises(NotThere):
            service.get("anna", round_.id)
        with pytest.raises(NotThere):
            service.png("anna", round_.picture)
    assert (painter.prefixes.num_bytes, len(painter.prefixes)) == held
    assert not remembers(painter, face(3))
    assert len(service.tree("anna", first.conversation)) == 1


def test_wrong_requests_are_refused_before_anything_is_computed(service, painter):
    first = say(service, "A garden.")
    other = service.new_conversation("anna")
    for wrong, error in [
        ({"text": " "}, ValueError),
        ({"text": "x" * 4001}, ValueError),
        ({"text": "A", "num_previews": 4}, ValueError),
        ({"text": "A", "seed": -1}, ValueError),
        ({"text": "A", "images": [face()] * 5}, ValueError),
        ({"text": "A", "previous": first.id, "conversation": other.id}, ValueError),
        ({"text": "A", "previous": "resp_" + "0" * 32}, NotThere),
        ({"text": "A", "previous": "../x"}, NotThere),
        ({"text": "A", "conversation": "conv_" + "0" * 32}, NotThere),
    ]:
        with pytest.raises(error, match=r"\.$"):
            service.ask(Wish(owner="anna", **wrong))
    with pytest.raises(NotThere):
        service.ask(Wish(owner="ben", text="A", previous=first.id))
    until(lambda: service.engine.stats.num_rounds == 1)
    assert len(service.conversations("anna")) == 2


def test_another_owner_has_no_part_in_it(service):
    first = say(service, "A garden.", images=[face()])
    for attempt in (
        lambda: service.get("ben", first.id),
        lambda: service.delete("ben", first.id),
        lambda: service.running("ben", first.id),
        lambda: service.tree("ben", first.conversation),
        lambda: service.rename("ben", first.conversation, "mine"),
        lambda: service.delete_conversation("ben", first.conversation),
        lambda: service.picture("ben", first.picture),
        lambda: service.png("ben", first.pictures_in[0]),
        lambda: service.people("ben", first.id),
        lambda: service.export("ben", first.conversation),
    ):
        with pytest.raises(NotThere):
            attempt()


def test_a_full_queue_says_when_to_come_again(painter, tmp_path):
    engine = Engine(painter, max_batch=1, max_waiting=1)
    service = ConversationService(painter, Store(tmp_path), engine=engine)
    hold, reached = threading.Event(), threading.Event()
    first = service.ask(Wish(owner="anna", text="A garden.", picture=True))
    first.subscribe(lambda event: (reached.set(), hold.wait(60)))  # the engine's thread waits here
    assert reached.wait(60)
    waiting = service.ask(Wish(owner="anna", text="A garden.", picture=True))
    with pytest.raises(Busy) as busy:
        service.ask(Wish(owner="anna", text="A garden.", picture=True))
    assert busy.value.retry_after_s >= 1
    hold.set()
    waiting.result(60)
    service.close()
    with pytest.raises(Busy):
        service.ask(Wish(owner="anna", text="A garden.", picture=True))


def test_a_cancelled_round_leaves_nothing(service, painter):
    first = say(service, "A garden.")
    held = painter.prefixes.num_bytes
    hold = threading.Event()
    asked = service.ask(
        Wish(owner="anna", text="A secret.", previous=first.id, images=[face(4)], picture=True)
    )
    asked.subscribe(lambda event: hold.wait(60))
    assert service.running("anna", asked.id) is asked
    asked.cancel()
    hold.set()
    with pytest.raises(CancelledRound):
        asked.result(60)
    assert isinstance(list(asked.events())[-1], Cancelled)
    for look in (service.get, service.running, service.delete):
        with pytest.raises(NotThere):
            look("anna", asked.id)
    assert len(service.tree("anna", first.conversation)) == 1
    assert painter.prefixes.num_bytes == held
    assert not remembers(painter, face(4))


@pytest.mark.parametrize("whole", [True, False])
def test_deleting_what_is_in_progress_stops_it_for_good(service, whole):
    first = say(service, "A garden.")
    hold = threading.Event()
    asked = service.ask(Wish(owner="anna", text="Add a scarf.", previous=first.id, picture=True))
    asked.subscribe(lambda event: hold.wait(60))
    deleting = threading.Thread(
        target=lambda: (
            service.delete_conversation("anna", first.conversation)
            if whole
            else service.delete("anna", asked.id)
        )
    )
    deleting.start()
    while not asked.is_cancelled:
        hold.wait(0.001)
    hold.set()
    deleting.join()
    with pytest.raises(CancelledRound):
        asked.result(60)
    with pytest.raises(NotThere):
        service.get("anna", asked.id)
    assert len(service.conversations("anna")) == (0 if whole else 1)


@pytest.mark.parametrize("elsewhere", [False, True])
def test_deletion_reaches_disk_and_memory(service, painter, tmp_path, elsewhere):
    first = say(service, "A garden.", images=[face(5)])
    second = say(service, "A secret.", first.id, images=[face(6)])
    third = say(service, "A close-up.", second.id)
    apart = say(service, "A house.")
    assert remembers(painter, face(6))
    if elsewhere:  # another process of the same folder
        other = Store(tmp_path / "store")
        other.delete_round("anna", second.id)
        other.close()
    else:
        service.delete("anna", second.id)
    again = say(service, "What now?", third.id)
    assert not remembers(painter, face(6))
    path = service.store.path("anna", again.id)
    assert [round_.id for round_ in path] == [first.id, third.id, again.id]
    folder = tmp_path / "store"
    assert all(b"A secret." not in path.read_bytes() for path in folder.rglob("*") if path.is_file())
    assert check_store(service.store).unneeded == ()
    service.delete_conversation("anna", first.conversation)
    service.delete_conversation("anna", apart.conversation)
    assert (painter.prefixes.num_bytes, len(painter.prefixes)) == (0, 0)
    assert not remembers(painter, face(5))
    assert list(service.store.keep.blobs) == []


def test_rounds_of_other_weights_are_refused_in_a_sentence(service, painter):
    first = say(service, "A garden.")
    other = Painter(painter.model, None, fingerprint="other").with_sampling(**FAST)
    with pytest.raises(ValueError, match="painted with other weights; serve those"):
        ConversationService(other, service.store).ask(Wish(owner="anna", text="More.", previous=first.id))


def test_a_known_answer_is_remembered_and_gone_on_from(service):
    painted = face(1)
    known = Round(instruction=Instruction(text="A garden."), response=Response(text="Here.", picture=painted))
    kept = service.remember("anna", round_=known)
    assert service.picture("anna", kept.id) == painted
    after = say(service, "Add a scarf.", kept.id)
    assert after.parent == kept.id
    same = service.remember("anna", round_=known, conversation=kept.conversation)
    assert same.parent == after.id
    with pytest.raises(ValueError, match="empty"):
        service.remember("anna", round_=Round(instruction=Instruction(text=""), response=Response(text="")))


def test_many_owners_at_once_keep_apart(service):
    asked = {
        owner: [service.ask(Wish(owner=owner, text=f"Round {n}.", picture=True)) for n in range(3)]
        for owner in ("anna", "ben", "cleo")
    }
    for owner, rounds in asked.items():
        kept = {round_.result(60).conversation for round_ in rounds}
        assert {of.id for of in service.conversations(owner)} == kept
    assert check_store(service.store).problems == ()


def test_closing_lets_rounds_end_and_keeps_them(painter, tmp_path):
    service = ConversationService(painter, Store(tmp_path))
    asked = [service.ask(Wish(owner="anna", text=f"Round {n}.", picture=True)) for n in range(3)]
    service.close(60)
    store = Store(tmp_path)
    assert all(store.round("anna", round_.id) == round_.result(0) for round_ in asked)
    store.close()


# Files and people


def test_a_face_enters_by_an_explicit_act_and_leaves_with_what_was_painted_from_it(service):
    file = service.add_file("anna", name="mia.png", data=face(8).to_png())
    act = {"name": "Mia", "file_id": file.id, "note": "Mia agreed on 3 May."}
    for wrong, message in [
        ({"consent": False}, "consent=True"),
        ({"consent": True, "note": " "}, "who agreed to what"),
        ({"consent": True, "name": ""}, "1 to 200 characters"),
        ({"consent": "yes"}, "consent=True"),
    ]:
        with pytest.raises(ValueError, match=message):
            service.enroll("anna", **{**act, **wrong})
    with pytest.raises(NotThere):
        service.enroll("ben", consent=True, **act)
    person = service.enroll("anna", consent=True, **act)
    assert service.people_enrolled("anna") == [person] == [service.person("anna", person.id)]
    assert service.people_enrolled("ben") == []
    assert service.picture("anna", person.picture) == face(8)
    first = say(service, "A portrait of Mia.")
    [seen] = service.people("anna", first.id)
    assert (seen.name, seen.round, seen.source) == ("Mia", first.id, "enrolled")
    assert service.people("anna", first.conversation)[0].name == "Mia"
    shown = say(service, "Paint her so.", first.id, images=[face(8)])
    say(service, "Again.", shown.id)
    service.unenroll("anna", person.id)
    assert [round_.id for round_ in service.tree("anna", first.conversation)] == [first.id]
    assert service.people_enrolled("anna") == service.list_files("anna") == []
    assert service.people("anna", first.id)[0].source == "named"
    assert not remembers(service.painter, face(8))


def test_files_come_back_byte_for_byte(service):
    file = service.add_file("anna", name="a" * 999, data=b"bytes")
    assert service.file_bytes("anna", file.id) == b"bytes"
    assert (service.get_file("anna", file.id).num_bytes, len(file.name)) == (5, 200)
    with pytest.raises(NotThere):
        service.file_bytes("ben", file.id)
    service.delete_file("anna", file.id)
    with pytest.raises(NotThere):
        service.get_file("anna", file.id)


# Import and export


def test_an_exported_conversation_goes_on_alone_and_comes_back(service, painter, tmp_path):
    first = say(service, "A garden.", seed=1, images=[face()])
    say(service, "Make it night.", first.id, seed=2)
    second = say(service, "Add a scarf.", first.id, seed=3)
    service.rename("anna", first.conversation, "The garden")
    data = service.export("anna", first.conversation)
    (tmp_path / "talk.limner").write_bytes(data)
    talk = limner.open_conversation(tmp_path / "talk.limner", painter.with_sampling())
    assert talk.head == second.node_id
    alone = talk.say("A close-up.", picture=True, seed=4)
    here = say(service, "A close-up.", second.id, seed=4)
    assert here.node_id == alone.id

    copy = service.import_("ben", data)
    assert (copy.num_rounds, copy.title) == (3, "The garden")
    assert copy.id != first.conversation
    there = say(service, "A close-up.", conversation=copy.id, owner="ben", seed=4)
    assert (there.node_id, there.picture) == (here.node_id, here.picture)
    nodes = [(round_.node_id, round_.depth, round_.seed) for round_ in service.tree("ben", copy.id)]
    assert nodes == [
        (round_.node_id, round_.depth, round_.seed) for round_ in service.tree("anna", first.conversation)
    ]
    assert check_store(service.store).problems == ()


def test_a_conversation_saved_alone_can_be_imported(service, painter, tmp_path):
    talk = painter.conversation(seed=2)
    for text in ("A garden.", "Add a scarf."):
        talk.say(text, [face()], picture=True)
    side = talk.fork(talk.replies[0].id)
    side.say("Make it night.", picture=False)
    data = talk.save(tmp_path / "talk").read_bytes()
    copy = service.import_("anna", data)
    tree = service.tree("anna", copy.id)
    assert [round_.node_id for round_ in tree if round_.id == copy.head] == [talk.head]
    assert [round_.state.num_tokens for round_ in service.store.path("anna", copy.head)] == [
        talk.states[id].num_tokens for id in talk.tree.path_ids(talk.head)
    ]


def test_an_export_after_a_deletion_holds_only_what_is_left(service, painter, tmp_path):
    first = say(service, "A garden.")
    second = say(service, "A secret.", first.id)
    third = say(service, "A close-up.", second.id)
    service.delete("anna", second.id)
    (tmp_path / "f").write_bytes(service.export("anna", third.conversation))
    assert b"secret" not in (tmp_path / "f").read_bytes()
    talk = limner.open_conversation(tmp_path / "f", painter)
    assert [round_.instruction.text for round_ in talk.rounds] == ["A garden.", "A close-up."]


@pytest.mark.parametrize("damage", ["nothing", "noise", "cut", "text", "tokens", "other", "deep"])
def test_a_bad_file_is_refused_in_a_sentence_and_nothing_is_kept(service, painter, tmp_path, damage):
    talk = painter.conversation()
    talk.say("A garden.", picture=True)
    data = talk.save(tmp_path / "talk").read_bytes()
    match damage:
        case "nothing":
            data = b""
        case "noise":
            data = bytes(range(256)) * 20
        case "cut":
            data = data[:-100]
        case "text":
            data = data.replace(b"A garden.", b"A barden.")
        case "tokens":
            [key] = talk.states
            state = talk.states[key]
            talk.states[key] = replace(state, image_tokens_KD=state.image_tokens_KD * float("nan"))
            data = talk.save(tmp_path / "talk").read_bytes()
        case "other":
            data = data.replace(b'\\"tiny\\"', b'\\"tinz\\"')
        case "deep":
            header = b'{"a":' + b"[" * 100_000 + b"]" * 100_000 + b"}"
            data = len(header).to_bytes(8, "little") + header
    with pytest.raises(ValueError, match=r"^The file .*\.$") as error:
        service.import_("anna", data)
    assert str(tmp_path) not in str(error.value)
    assert "/" not in str(error.value)
    assert service.conversations("anna") == []
    assert list(service.store.keep.blobs) == []


def test_sampling_is_kept_with_a_round(service):
    round_ = say(service, "A garden.", sampling=Sampling(**{**FAST, "token_steps": 3}))
    assert service.get("anna", round_.id).sampling["token_steps"] == 3
