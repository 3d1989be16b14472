"""The history tree: rounds as nodes under one hash, so a fork or a roll-back is only a pointer to a node.

Knows identity: a node's id is the SHA-256 of its parent's id, its round's words and its pictures' digests.
That id also stands for the history's image tokens and key-value prefix. Knows nothing about models or disks.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from limner.dialogue.parts import Instruction, Picture, Response, Round, pixels_digest

FORMAT_VERSION: Final = 1


@dataclass(frozen=True, kw_only=True, eq=False)
class Node:
    """One round at its place. `parent_id` is None for a first round; `depth` counts the rounds before it."""

    id: str
    parent_id: str | None
    depth: int
    round: Round


def round_to_json(round_: Round) -> dict[str, Any]:
    """The round as JSON, each picture as its digest; a region only where there is one."""
    answer, region = round_.response.picture, round_.instruction.region
    return {
        "instruction": {
            "text": round_.instruction.text,
            "pictures": [picture.digest for picture in round_.instruction.pictures],
            **({} if region is None else {"region": list(region)}),
        },
        "response": {"text": round_.response.text, "picture": None if answer is None else answer.digest},
        "depends_on": list(round_.depends_on),
    }


def round_from_json(data: Mapping[str, Any], pictures: Mapping[str, Picture]) -> Round:
    """The inverse of `round_to_json`; KeyError names a digest that `pictures` lacks."""
    answer = data["response"]["picture"]
    return Round(
        instruction=Instruction(
            text=data["instruction"]["text"],
            pictures=tuple(pictures[digest] for digest in data["instruction"]["pictures"]),
            region=data["instruction"].get("region"),
        ),
        response=Response(
            text=data["response"]["text"], picture=None if answer is None else pictures[answer]
        ),
        depends_on=tuple(data["depends_on"]),
    )


def node_id(parent_id: str | None, round_: Round) -> str:
    """SHA-256 (hex) over the parent's id and the whole round, pictures by digest."""
    return _hash(parent_id, round_to_json(round_))


def node_id_of_json(parent_id: str | None, data: Mapping[str, Any]) -> str:
    """`node_id` of a round that is known only as `round_to_json` wrote it; KeyError when a part lacks."""
    region = data["instruction"].get("region")
    content = {
        "instruction": {
            **{name: data["instruction"][name] for name in ("text", "pictures")},
            **({} if region is None else {"region": [float(side) for side in region]}),
        },
        "response": {name: data["response"][name] for name in ("text", "picture")},
        "depends_on": data["depends_on"],
    }
    return _hash(parent_id, content)


def _hash(parent_id: str | None, content: Mapping[str, Any]) -> str:
    canonical = json.dumps([parent_id, content], sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()


class HistoryTree:
    """An append-only tree of rounds. `None` stands for the empty history before any round.

    Appending an equal round under the same parent gives the node that is already there. It holds no lock: let
    one thread append at a time.
    """

    def __init__(self) -> None:
        self._nodes: dict[str, Node] = {}
        self._children: dict[str | None, list[str]] = {None: []}

    def __len__(self) -> int:
        return len(self._nodes)

    def __contains__(self, node_id: object) -> bool:
        return node_id in self._nodes

    def __iter__(self) -> Iterator[Node]:
        """Nodes in the order of appending, so a parent comes before its children."""
        return iter(self._nodes.values())

    def node(self, node_id: str) -> Node:
        """The node of that id; ValueError when there is none."""
        try:
            return self._nodes[node_id]
        except (KeyError, TypeError):
            raise ValueError(
                f"no node {str(node_id)[:12]!r} in this history; use an id that append returned"
            ) from None

    def append(self, parent_id: str | None, round_: Round) -> str:
        """Add a round after `parent_id` (None: as a first round) and return its node id."""
        depth = self.depth(parent_id)
        if round_.depends_on and round_.depends_on[-1] >= depth:
            raise ValueError(
                f"the round depends on round {round_.depends_on[-1]}, but only {depth} rounds stand before it"
            )
        new_id = node_id(parent_id, round_)
        if new_id not in self._nodes:
            self._nodes[new_id] = Node(id=new_id, parent_id=parent_id, depth=depth, round=round_)
            self._children[new_id] = []
            self._children[parent_id].append(new_id)
        return new_id

    def depth(self, node_id: str | None) -> int:
        """How many rounds the history up to and with `node_id` has; 0 for None."""
        return 0 if node_id is None else self.node(node_id).depth + 1

    def fork(self, node_id: str | None) -> str | None:
        """Where another branch may start after `node_id`: the very same node; nothing is copied."""
        self.depth(node_id)
        return node_id

    def roll_back(self, node_id: str | None, num_rounds: int = 1) -> str | None:
        """The ancestor `num_rounds` before `node_id` (None: before the first round); nothing is removed."""
        depth = self.depth(node_id)
        if not 0 <= num_rounds <= depth:
            raise ValueError(f"cannot roll back {num_rounds} rounds; this history has {depth}")
        for _ in range(num_rounds):
            assert node_id is not None
            node_id = self._nodes[node_id].parent_id
        return node_id

    def path_ids(self, node_id: str | None) -> tuple[str, ...]:
        """The ids from the first round to `node_id`; empty for None."""
        ids: list[str] = []
        while node_id is not None:
            ids.append(node_id)
            node_id = self.node(node_id).parent_id
        return tuple(reversed(ids))

    def path(self, node_id: str | None) -> tuple[Round, ...]:
        """The rounds from the first to that of `node_id`; empty for None."""
        return tuple(self._nodes[id_].round for id_ in self.path_ids(node_id))

    def children(self, node_id: str | None) -> tuple[str, ...]:
        """The ids of the rounds that follow directly, in the order of appending."""
        self.depth(node_id)
        return tuple(self._children[node_id])

    def verify(self) -> None:
        """Hash every round anew, pixels too; ValueError names the first node whose content does not match its
        id.
        """
        num_seen: dict[str | None, int] = {None: 0}
        checked: set[int] = set()
        for key, node in self._nodes.items():
            self._verify_node(key, node, num_seen, checked)
            num_seen[key] = 0
            num_seen[node.parent_id] += 1
        for parent_id, ids in self._children.items():
            if num_seen.get(parent_id) != len(ids) or any(self._nodes[i].parent_id != parent_id for i in ids):
                raise ValueError(
                    f"the children of node {str(parent_id)[:12]} disagree with their parents' ids"
                )

    def _verify_node(self, key: str, node: Node, seen: Mapping[str | None, int], checked: set[int]) -> None:
        if node.parent_id not in seen:
            raise ValueError(f"node {key[:12]} follows {str(node.parent_id)[:12]}, which is not before it")
        for picture in node.round.pictures:
            if id(picture) not in checked and pixels_digest(picture.pixels) != picture.digest:
                raise ValueError(
                    f"a picture of node {key[:12]} is not what its digest {picture.digest[:12]} says"
                )
            checked.add(id(picture))
        if (
            node.id != key
            or node_id(node.parent_id, node.round) != key
            or node.depth != self.depth(node.parent_id)
        ):
            raise ValueError(f"node {key[:12]} is not what its id says; the history was altered")

    def pictures(self) -> dict[str, Picture]:
        """All pictures of the tree by digest, which `from_json` needs besides the JSON."""
        return {picture.digest: picture for node in self for picture in node.round.pictures}

    def to_json(self) -> dict[str, Any]:
        """The tree without pixels: nodes in the order of appending, pictures as digests."""
        nodes = [{"id": n.id, "parent_id": n.parent_id, **round_to_json(n.round)} for n in self]
        return {"format": "limner-history", "version": FORMAT_VERSION, "nodes": nodes}

    @classmethod
    def from_json(cls, data: Mapping[str, Any], pictures: Mapping[str, Picture]) -> HistoryTree:
        """Rebuild a tree and check every id and digest; ValueError names what is missing or was altered."""
        if not isinstance(data, Mapping) or data.get("format") != "limner-history":
            raise ValueError("this JSON is not a history of limner")
        if data.get("version") != FORMAT_VERSION:
            raise ValueError(
                f"this history has format version {data.get('version')}, this limner reads {FORMAT_VERSION}; "
                "open it with the limner that wrote it"
            )
        tree = cls()
        for row in data["nodes"]:
            name = str(row.get("id"))[:12] if isinstance(row, Mapping) else "?"
            try:
                new_id = tree.append(row["parent_id"], round_from_json(row, pictures))
            except KeyError as error:
                raise ValueError(
                    f"node {name} of the history lacks {error}; restore the missing part"
                ) from error
            except (TypeError, ValueError) as error:
                raise ValueError(f"node {name} of the history is malformed: {error}") from error
            if new_id != row["id"]:
                raise ValueError(f"node {name} is not what its id says; the history was altered")
        tree.verify()
        return tree
