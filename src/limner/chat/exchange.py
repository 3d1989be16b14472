"""A conversation of the store as one file: the very file that `Conversation.save` writes.

So `limner say --conversation FILE` and `limner.open_conversation` go on with an exported one. Knows rows on
one side, a history tree on the other. The way back is `importing.py`.
"""

from __future__ import annotations

from limner.chat.conversation import RoundState
from limner.chat.records import NotThere
from limner.chat.round_cache import content_of, state_of
from limner.chat.saved_conversation import conversation_bytes
from limner.chat.vault import Vault
from limner.dialogue.history import HistoryTree


def export_conversation(vault: Vault, owner: str, id: str) -> bytes:
    """Every branch with pictures and image tokens; NotThere, and ValueError when there is nothing yet.

    Rounds that are equal in all they show and come after the same one become one.
    """
    conversation, stored = vault.conversation(owner, id), vault.tree(owner, id)
    painters = {round_.state.painter for round_ in stored}
    if len(painters) != 1:
        what = "no rounds yet" if not stored else "rounds of several models"
        raise ValueError(f"The conversation {id} has {what}; such a one cannot be exported.")
    tree = HistoryTree()
    states: dict[str, RoundState] = {}
    nodes: dict[str | None, str | None] = {None: None}
    for round_ in stored:
        try:
            content, state = content_of(vault, round_), state_of(vault, round_)
        except NotThere:
            raise NotThere("round", round_.id) from None  # deleted meanwhile
        # After a deletion a round follows an earlier one, and is another node than it was.
        node_id = tree.append(nodes[round_.parent], content)
        states.setdefault(node_id, state)
        nodes[round_.id] = node_id
    return conversation_bytes(
        tree,
        states,
        fingerprint=painters.pop(),
        seed=conversation.seed,
        head=nodes[conversation.head],
        title=conversation.title,
    )
