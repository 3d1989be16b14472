"""`limner chat`: a conversation in the terminal. Knows commands and how to show answers; nothing about models."""

from __future__ import annotations

import shlex
from dataclasses import dataclass
from pathlib import Path

from rich.text import Text

import limner
from limner.app.terminal import can_show_pictures, err, half_blocks, out
from limner.chat.conversation import Conversation, Reply
from limner.chat.painter import Painter

HELP = """\
Say what you want to see, for example
  The image shows Mia and Tom in a garden. Mia has long red hair. Tom wears a green sweater.
  A close-up of Mia.
  Add a blue scarf.          Step back 2 times, then make it night.          What color is her hair?
Commands
  /image FILE TEXT   give a picture with what you say (quote names that hold spaces)
  /fork [ID]         go on from an earlier round (its number or id); without ID: list the rounds
  /people            who was named, where they were seen, what was said of them
  /save FILE         keep the whole conversation, every branch, in one file
  /open FILE         continue a saved conversation
  /seed [N]          draw the coming rounds with seed N; without N: back to the conversation's own
  /help, /quit
"""


@dataclass(kw_only=True)
class Talk:
    """A running chat: where it stands and where pictures go."""

    painter: Painter
    conversation: Conversation
    folder: Path
    seed: int | None = None
    num_pictures: int = 0


def talk(*, model: str, seed: int, saved: Path | None, folder: Path) -> None:
    """Read lines until /quit or end of input; a mistake is one sentence and the talk goes on."""
    out.print(f'Loading "{model}" ...', markup=False)
    painter = limner.load(model)
    out.print(f"{painter.summary} /help lists what you can do.", markup=False)
    if saved is not None and saved.exists():
        conversation = limner.open_conversation(saved, painter)
        out.print(f"{saved}: {len(conversation.replies)} rounds so far.", markup=False)
    else:
        conversation = painter.conversation(seed=seed)
    state = Talk(painter=painter, conversation=conversation, folder=folder)
    while True:
        try:
            line = input("you> ").strip()
        except (EOFError, KeyboardInterrupt):
            out.print()
            break
        if line in ("/quit", "/exit", "/q"):
            break
        if line:
            try:
                _take(line, state)
            except KeyboardInterrupt:
                err.print("stopped; the round was not kept")
            except (ValueError, OSError) as error:
                err.print(Text(str(error)))
    if saved is not None:
        state.conversation.save(saved)
        out.print(f"saved: {saved}", markup=False)


def _take(line: str, state: Talk) -> None:
    if not line.startswith("/"):
        _answer(state, line, [])
        return
    command, _, rest = line.partition(" ")
    match command:
        case "/help":
            out.print(HELP, markup=False)
        case "/image":
            words = shlex.split(rest)
            if len(words) < 2:
                raise ValueError(
                    "/image needs a file and then what you say, such as: /image face.png At the beach."
                )
            _answer(state, " ".join(words[1:]), [words[0]])
        case "/fork":
            _fork(state, rest.strip())
        case "/people":
            _people(state)
        case "/save":
            if not rest.strip():
                raise ValueError("/save needs a file name, such as: /save evening.limner")
            out.print(f"saved: {state.conversation.save(rest.strip())}", markup=False)
        case "/open":
            state.conversation = limner.open_conversation(rest.strip(), state.painter)
            _list_rounds(state)
        case "/seed":
            if rest.strip() and not rest.strip().isdecimal():
                raise ValueError("/seed needs a whole number, such as: /seed 7")
            state.seed = int(rest) if rest.strip() else None
        case _:
            raise ValueError(f"There is no command {command}; /help lists them.")


def _answer(state: Talk, text: str, images: list[str]) -> None:
    reply = state.conversation.say(text, images=list(images), seed=state.seed)
    out.print(Text(f"limner> {reply.text}"))
    if reply.image is not None:
        out.print(Text(f"        {_keep(state, reply)}  ({reply.seconds:.1f} s, id {reply.id[:8]})"))
        if can_show_pictures():
            out.print(half_blocks(reply.image))
    else:
        out.print(Text(f"        ({reply.seconds:.1f} s, id {reply.id[:8]})"))


def _keep(state: Talk, reply: Reply) -> Path:
    assert reply.image is not None
    state.folder.mkdir(parents=True, exist_ok=True)
    path = state.folder / f"{len(state.conversation.replies):02d}-{reply.id[:8]}.png"
    reply.image.save(path)
    return path


def _fork(state: Talk, target: str) -> None:
    if not target:
        _list_rounds(state)
        return
    replies = state.conversation.replies
    if target.isdecimal() and 1 <= int(target) <= len(replies):
        target = replies[int(target) - 1].id
    state.conversation = state.conversation.fork(target)
    out.print(f"going on after round {len(state.conversation.replies)}", markup=False)


def _list_rounds(state: Talk) -> None:
    conversation = state.conversation
    for number, (reply, round_) in enumerate(
        zip(conversation.replies, conversation.rounds, strict=True), start=1
    ):
        out.print(Text(f"  {number}  {reply.id[:8]}  {round_.instruction.text[:90]}"))
    if not conversation.replies:
        out.print("  nothing was said yet")


def _people(state: Talk) -> None:
    people = state.conversation.people
    if not people:
        out.print("  nobody was named yet")
    for sighting in people.values():
        found = "face found" if sighting.box is not None else "no face found"
        out.print(Text(f"  {sighting.name}: round {sighting.round_index + 1}, {found}. {sighting.said}"))
