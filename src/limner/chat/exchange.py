"""A conversation of the store as one file, and back: the very file that `Conversation.save` writes.

So `limner say --conversation FILE` and `limner.open_conversation` go on with an exported one, and one held on
the command line enters a store. Knows rows on one side, a history tree on the other.
"""

from __future__ import annotations

import tempfile
import time
from dataclasses import replace
from pathlib import Path

from limner.chat.conversation import MAX_IMAGES, MAX_TEXT_CHARACTERS, Conversation, RoundState
from limner.chat.painter import Painter
from limner.chat.records import NotThere, StoredConversation, StoredRound, new_id
from limner.chat.shelf import as_stored, content_of, state_of
from limner.chat.store import conversation_bytes, open_conversation, title_of
from limner.chat.vault import Vault
from limner.chat.vault_rows import MAX_TITLE_CHARACTERS
from limner.dialogue.history import HistoryTree, Node
from limner.models.prompt import closing_ids, count_tokens, instruction_segments

MAX_IMPORTED_ROUNDS = 2000


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


def import_conversation(vault: Vault, owner: str, data: bytes, painter: Painter) -> StoredConversation:
    """Keep the conversation of such a file under new ids, whole or not at all; ValueError says what is wrong
    with the file. The bytes need not be trusted.
    """
    with tempfile.TemporaryDirectory(prefix="limner-") as folder:
        path = Path(folder) / "the file"
        path.write_bytes(data)
        try:
            talk = open_conversation(path, painter)
            title = " ".join(title_of(path).split())[:MAX_TITLE_CHARACTERS]
        except ValueError as error:
            cause = error.__cause__
            if cause is not None and type(cause) not in (ValueError, KeyError):
                # What a library said is of no use to whoever sent the file.
                raise ValueError("The file is not a readable conversation file.") from error
            raise ValueError(str(error).replace(str(path), "The file")) from error
    if not 0 < len(talk.tree) <= MAX_IMPORTED_ROUNDS:
        raise ValueError(
            f"The file holds {len(talk.tree)} rounds; 1 to {MAX_IMPORTED_ROUNDS} can be imported."
        )
    made = StoredConversation(
        id=new_id("conv"), owner=owner, title=title, seed=talk.seed, created=time.time()
    )
    ids: dict[str | None, str | None] = {None: None}
    rounds: list[StoredRound] = []
    blobs: dict[str, bytes] = {}
    # The store's conversation stands where its newest round is; let that be where the file's stood.
    for node in sorted(talk.tree, key=lambda node: is_end(talk, node)):
        _check(talk, node)
        ids[node.id] = new_id("resp")
        stored, needed = as_stored(
            talk,
            node.id,
            id=ids[node.id] or "",
            owner=owner,
            of=made.id,
            parent=ids[node.parent_id],
            created=made.created,
        )
        rounds.append(stored)
        blobs.update(needed)
    vault.add_rounds(rounds, blobs.values(), new_conversation=made)
    return vault.conversation(owner, made.id)


def is_end(talk: Conversation, node: Node) -> bool:
    """Whether the conversation stands at this node and nothing follows it."""
    return node.id == talk.head and not talk.tree.children(node.id)


def _check(talk: Conversation, node: Node) -> None:
    """What nobody can have said is refused; how long a round is gets counted anew, not believed."""
    instruction, state = node.round.instruction, talk.states[node.id]
    if len(instruction.text) > MAX_TEXT_CHARACTERS or len(instruction.pictures) > MAX_IMAGES:
        raise ValueError(
            f"The file holds a round of more than {MAX_TEXT_CHARACTERS} characters or {MAX_IMAGES} pictures."
        )
    model, response = talk.painter.model, node.round.response
    if (response.picture is None) != (state.image_tokens_KD is None):
        raise ValueError("The file holds a round with a picture but no image tokens, or the reverse.")
    num_image_tokens = model.language.num_image_tokens
    segments = instruction_segments(instruction, model.tokenizer, model.preset.upload_crop_px)
    num_tokens = count_tokens(segments, num_image_tokens)
    num_tokens += len(state.response_ids) + 1
    if response.picture is not None:
        num_tokens += num_image_tokens + len(closing_ids(model.tokenizer))
    if num_tokens > model.language.sizes.context_tokens:
        raise ValueError(f"The file holds a round of {num_tokens} tokens, more than the model reads.")
    talk.states[node.id] = replace(state, num_tokens=num_tokens)
