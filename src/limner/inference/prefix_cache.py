"""The prefix cache: keys and values of rounds already read, shared by all conversations of one painter.

A radix tree: an edge is a round, and a path from the root is a history. Knows segments of keys and values
under chain keys, and a memory budget. Knows nothing about text, pictures or models: what a missing segment is
rebuilt from is its caller's business, and whose prefix a key names is said in the key (`Conversation.salt`).
Four verbs: match, insert, lock, evict; and `drop`, for what has to be forgotten. Safe for several threads.
"""

from __future__ import annotations

import heapq
import threading
from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from limner.models.cache import KeyValueCache


@dataclass(eq=False)
class _Node:
    key: str
    parent: _Node | None
    segment: KeyValueCache
    num_bytes: int
    tree: str
    used: int = 0  # the tick of the last use; a parent's is never before its children's
    children: set[str] = field(default_factory=set)


class PrefixCache:
    """Segments under chain keys (a key stands for a round and all before it), least used leaves out first.

    A segment is held only while its parent is, for without it nothing could be joined to it. One tree (a
    conversation, with all that its context held, wherever it began) holds at most `tree_paths` times its
    longest path: a long conversation leaves prefixes behind that are never matched again, and must not fill
    the cache with them.
    """

    def __init__(self, budget_bytes: int = 64 * 2**20, *, tree_paths: int = 4) -> None:
        if budget_bytes <= 0:
            raise ValueError(f"the prefix cache needs a budget above 0 bytes, not {budget_bytes}")
        self.budget_bytes = budget_bytes
        self.tree_paths = tree_paths
        self._trees: dict[str, set[str]] = {}  # the keys of each
        self._tree_bytes: Counter[str] = Counter()
        self._longest: dict[str, int] = {}  # bytes of the longest path so far, by tree
        self._nodes: dict[str, _Node] = {}
        self._locks: Counter[str] = Counter()
        self._num_bytes = 0
        self._tick = 0
        self._mutex = threading.RLock()

    def __len__(self) -> int:
        return len(self._nodes)

    @property
    def num_bytes(self) -> int:
        """Bytes held now."""
        return self._num_bytes

    def match(self, keys: Sequence[str]) -> list[KeyValueCache]:
        """The segments of the longest prefix of `keys` that is held. Mutates only the order of use."""
        with self._mutex:
            self._tick += 1
            found = []
            for node in self._path(keys):
                node.used = self._tick
                found.append(node.segment)
            return found

    def insert(self, keys: Sequence[str], segment: KeyValueCache, *, tree: str | None = None) -> bool:
        """Hold a segment as the last of the path `keys`; False when it is not, its parent having left or all
        room being taken by what is locked. Evicts the least used leaves until the budget holds.

        `tree` names the conversation, which may have several first keys; by default it is the first key.
        """
        with self._mutex:
            path = self._path(keys)
            if len(path) < len(keys) - 1 or not keys:
                return False
            key = keys[-1]
            self._tick += 1
            for node in path:
                node.used = self._tick
            if len(path) < len(keys):
                parent, tree = path[-1] if path else None, tree or keys[0]
                self._nodes[key] = _Node(key, parent, segment, segment.num_bytes, tree, self._tick)
                self._num_bytes += segment.num_bytes
                self._trees.setdefault(tree, set()).add(key)
                self._tree_bytes[tree] += segment.num_bytes
                if parent is not None:
                    parent.children.add(key)
                path_bytes = sum(self._nodes[each].num_bytes for each in keys)
                self._longest[tree] = max(self._longest.get(tree, 0), path_bytes)
                self._prune(tree, self.tree_paths * self._longest[tree])
            self.evict(self.budget_bytes)
            return key in self._nodes

    @contextmanager
    def lock(self, keys: Sequence[str]) -> Iterator[None]:
        """While open, these keys are not evicted, held yet or not. Mutates only the locks."""
        self.hold(keys)
        try:
            yield
        finally:
            self.release(keys)

    def hold(self, keys: Iterable[str]) -> None:
        """Lock until `release`, for what is not done in one block."""
        with self._mutex:
            self._locks.update(keys)

    def release(self, keys: Iterable[str]) -> None:
        """Undo one `hold` of the same keys; what is over the budget leaves."""
        with self._mutex:
            self._locks.subtract(keys)
            self._locks += Counter()
            self.evict(self.budget_bytes)

    def evict(self, budget_bytes: int = 0) -> int:
        """Drop the least used, unlocked leaves until at most `budget_bytes` are held; how many went."""
        with self._mutex:
            if self._num_bytes <= budget_bytes:
                return 0
            return self._drop_leaves(list(self._nodes.values()), lambda: self._num_bytes > budget_bytes)

    def drop(self, keys: Iterable[str]) -> int:
        """Forget these keys and everything that follows them, locked or not (who has matched a segment keeps
        it); how many went.
        """
        with self._mutex:
            before = len(self._nodes)
            for key in keys:
                leaving = [key] if key in self._nodes else []
                for each in leaving:
                    leaving += self._nodes[each].children
                for each in reversed(leaving):
                    self._remove(self._nodes[each])
            return before - len(self._nodes)

    def _prune(self, tree: str, budget_bytes: int) -> None:
        """Drop the least used, unlocked leaves of a tree until it holds so much at most."""
        if self._tree_bytes[tree] > budget_bytes:
            nodes = [self._nodes[key] for key in self._trees[tree]]
            self._drop_leaves(nodes, lambda: self._tree_bytes[tree] > budget_bytes)

    def _drop_leaves(self, nodes: Iterable[_Node], is_too_much: Callable[[], bool]) -> int:
        leaves = [(node.used, node.key) for node in nodes if self._may_leave(node)]
        heapq.heapify(leaves)
        dropped = 0
        while leaves and is_too_much():
            node = self._nodes[heapq.heappop(leaves)[1]]
            self._remove(node)
            dropped += 1
            if node.parent is not None and self._may_leave(node.parent):
                heapq.heappush(leaves, (node.parent.used, node.parent.key))
        return dropped

    def _path(self, keys: Sequence[str]) -> list[_Node]:
        path: list[_Node] = []
        for key in keys:
            node = self._nodes.get(key)
            if node is None or node.parent is not (path[-1] if path else None):
                break
            path.append(node)
        return path

    def _may_leave(self, node: _Node) -> bool:
        return not node.children and self._locks[node.key] == 0

    def _remove(self, node: _Node) -> None:
        assert not node.children, "a parent left before its child"
        del self._nodes[node.key]
        self._num_bytes -= node.num_bytes
        self._tree_bytes[node.tree] -= node.num_bytes
        self._trees[node.tree].discard(node.key)
        if not self._trees[node.tree]:
            del self._trees[node.tree], self._tree_bytes[node.tree], self._longest[node.tree]
        if node.parent is not None:
            node.parent.children.discard(node.key)
