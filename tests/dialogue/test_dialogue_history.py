"""The history tree: identity, forks and roll-backs, its JSON form, and tampering."""

import copy
import json

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from limner.dialogue.history import HistoryTree, node_id
from limner.dialogue.parts import Instruction, Picture, Response, Round

PICTURES = [Picture(np.full((16, 16, 3), shade, np.uint8)) for shade in range(3)]


def say(text: str, picture: Picture | None = None, answer: str = "Here.", **more) -> Round:
    return Round(instruction=Instruction(text=text), response=Response(text=answer, picture=picture), **more)


rounds = st.builds(
    lambda text, given_, answer, picture: Round(
        instruction=Instruction(text=text, pictures=tuple(given_)),
        response=Response(text=answer, picture=picture),
    ),
    st.sampled_from(["", "a", "b", "ab", "é"]),
    st.lists(st.sampled_from(PICTURES), max_size=2),
    st.sampled_from(["", "a", "b"]),
    st.sampled_from([None, *PICTURES]),
)
walks = st.lists(st.tuples(st.integers(0, 9), rounds), max_size=12)


def grow(walk) -> tuple[HistoryTree, dict[str, tuple[Round, ...]]]:
    """A tree from a random walk, and the naive twin: every node's whole path, copied."""
    tree, paths = HistoryTree(), {}
    for pick, round_ in walk:
        known = [None, *paths]
        parent = known[pick % len(known)]
        paths[tree.append(parent, round_)] = (*paths.get(parent, ()), round_)
    return tree, paths


@settings(deadline=None)
@given(walks)
def test_the_tree_agrees_with_copied_paths(walk) -> None:
    tree, paths = grow(walk)
    assert len(tree) == len(paths)
    assert len(set(paths.values())) == len(paths)  # one id for one history, and one history for one id
    for id_, path in paths.items():
        assert tree.path(id_) == path
        assert tree.depth(id_) == len(path)
        for num_rounds in range(len(path) + 1):
            assert tree.path(tree.roll_back(id_, num_rounds)) == path[: len(path) - num_rounds]
        assert all(tree.path(child)[:-1] == path for child in tree.children(id_))
    assert sum(len(tree.children(id_)) for id_ in [None, *paths]) == len(paths)
    tree.verify()


@settings(deadline=None)
@given(walks)
def test_the_tree_survives_json(walk) -> None:
    tree, paths = grow(walk)
    again = HistoryTree.from_json(json.loads(json.dumps(tree.to_json())), tree.pictures())
    assert {id_: again.path(id_) for id_ in paths} == paths
    assert [n.id for n in again] == [n.id for n in tree]


@settings(deadline=None)
@given(rounds, rounds)
def test_equal_rounds_share_an_id_and_different_ones_do_not(first, second) -> None:
    assert (node_id(None, first) == node_id(None, second)) == (first == second)
    assert node_id("x", first) != node_id(None, first)


@settings(deadline=None)
@given(walks.filter(bool), st.data())
def test_any_change_to_the_json_is_noticed(walk, data) -> None:
    tree, _ = grow(walk)
    form = tree.to_json()
    row = data.draw(st.sampled_from(form["nodes"]))
    change = data.draw(st.sampled_from(["text", "answer", "id", "parent_id", "picture", "depends_on"]))
    if change == "text":
        row["instruction"]["text"] += "!"
    elif change == "answer":
        row["response"]["text"] += "!"
    elif change == "picture":
        row["instruction"]["pictures"].append(PICTURES[0].digest)
    elif change == "depends_on":
        row["depends_on"] = [7]
    else:
        row[change] = "0" * 64
    with pytest.raises(ValueError, match="node"):
        HistoryTree.from_json(form, {p.digest: p for p in PICTURES})


def test_a_fork_copies_nothing_and_both_branches_live_on() -> None:
    tree = HistoryTree()
    first = tree.append(None, say("Paint Ada.", PICTURES[0]))
    second = tree.append(first, say("Add a hat.", PICTURES[1], depends_on=(0,)))
    branch = tree.append(tree.fork(first), say("Add a scarf.", PICTURES[2], depends_on=(0,)))
    assert len(tree) == 3
    assert tree.children(first) == (second, branch)
    assert tree.path(second)[0] is tree.path(branch)[0]
    assert tree.append(first, say("Add a hat.", PICTURES[1], depends_on=(0,))) == second
    assert tree.roll_back(branch) == first
    assert tree.roll_back(branch, 2) is None


def test_wrong_requests_are_refused() -> None:
    tree = HistoryTree()
    only = tree.append(None, say("Paint Ada."))
    with pytest.raises(ValueError, match="roll back 2 rounds; this history has 1"):
        tree.roll_back(only, 2)
    with pytest.raises(ValueError, match="roll back -1"):
        tree.roll_back(only, -1)
    with pytest.raises(ValueError, match="no node 'nowhere'"):
        tree.append("nowhere", say("More."))
    with pytest.raises(ValueError, match="no node"):
        tree.fork("nowhere")
    with pytest.raises(ValueError, match="depends on round 1, but only 1"):
        tree.append(only, say("More.", depends_on=(1,)))


def test_tampering_in_memory_is_detected() -> None:
    def built() -> HistoryTree:
        tree = HistoryTree()
        first = tree.append(None, say("Paint Ada.", Picture(np.zeros((16, 16, 3), np.uint8))))
        tree.append(first, say("Add a hat."))
        tree.verify()
        return tree

    text = built()
    object.__setattr__(next(iter(text)).round.instruction, "text", "Paint Bob.")
    pixels = built()
    picture = next(iter(pixels)).round.response.picture
    assert picture is not None
    picture.pixels.setflags(write=True)
    picture.pixels[0, 0, 0] = 1
    depth = built()
    object.__setattr__(list(depth)[1], "depth", 5)
    children = built()
    children._children[None].clear()
    for tree in (text, pixels, depth, children):
        with pytest.raises(ValueError, match="node"):
            tree.verify()


def test_json_of_another_kind_or_with_missing_parts_is_refused() -> None:
    tree = HistoryTree()
    tree.append(None, say("Paint Ada.", PICTURES[0]))
    form = tree.to_json()
    for broken in ([], {}, {"format": "other"}):
        with pytest.raises(ValueError, match="not a history"):
            HistoryTree.from_json(broken, {})
    with pytest.raises(ValueError, match="format version 99"):
        HistoryTree.from_json({**form, "version": 99}, {})
    with pytest.raises(ValueError, match=f"lacks '{PICTURES[0].digest}"):
        HistoryTree.from_json(form, {})
    with pytest.raises(ValueError, match="altered"):
        HistoryTree.from_json(form, {PICTURES[0].digest: PICTURES[1]})
    malformed = copy.deepcopy(form)
    malformed["nodes"][0]["depends_on"] = None
    with pytest.raises(ValueError, match="malformed"):
        HistoryTree.from_json(malformed, tree.pictures())


def test_a_long_history_needs_no_recursion() -> None:
    tree, last = HistoryTree(), None
    for number in range(3000):
        last = tree.append(last, say(str(number)))
    assert [r.instruction.text for r in tree.path(last)] == [str(n) for n in range(3000)]
    tree.verify()
