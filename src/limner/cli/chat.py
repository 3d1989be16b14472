"""`limner chat`: a conversation in the terminal. Knows commands and how answers are shown; no models."""

from __future__ import annotations

import contextlib
import io
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from typer import Option

import limner
from limner.cli.files import file_to_write, folder_to_write
from limner.cli.given import conversation_given, model_given
from limner.cli.loading import Model, Offload, Quantize, Seed, Sign, With
from limner.cli.options import from_fields
from limner.cli.terminal import err, out, plain, sentence
from limner.cli.terminal_picture import show
from limner.cli.told_picture import write_reply
from limner.planning.loading import load

if TYPE_CHECKING:
    from limner.inference.conversation import Conversation, Reply
    from limner.inference.painter import Painter

HELP = """\
Say what you want to see, for example
  The image shows Mia and Tom in a garden. Mia has long red hair. Tom wears a green sweater.
  A close-up of Mia.
  Add a blue scarf.          Step back 2 times, then make it night.          What color is her hair?
Commands
  /image FILE TEXT   give a picture with what you say (quote names that hold spaces)
  /reply N TEXT      say something about picture N; "picture 2: ..." and "@Mia" do as well
  /fork [ROUND]      go on from an earlier round (its number or id); without ROUND: list the rounds
  /people            who was named, where they were seen, what was said of them
  /save FILE         keep the whole conversation, every branch, in one file
  /open FILE         continue a saved conversation
  /seed [N]          draw the coming rounds with seed N; without N: back to the conversation's own
  /help, /quit"""

MAX_SEED = 2**31 - 1


@dataclass(frozen=True, kw_only=True)
class ChatOptions:
    """With whom, and what is kept."""

    model: Model = "miniature"
    seed: Seed = 0
    conversation: Annotated[
        Path | None,
        Option("--conversation", help="Continue a saved conversation, and save to it on leaving."),
    ] = None
    folder: Annotated[Path, Option("--out", help="Folder for the pictures.")] = Path("pictures")
    sign: Sign = False
    quantize: Quantize = None
    offload: Offload = False
    words: With = None


@dataclass(kw_only=True)
class Talk:
    """A running chat: where it stands and where pictures go."""

    painter: Painter
    conversation: Conversation
    folder: Path
    seed: int | None = None
    sign: bool = False


def add_to(app: typer.Typer) -> None:
    """Add the command to the command line."""
    app.command()(from_fields(chat))


def chat(options: ChatOptions) -> None:
    """Talk with a painter. Type what you want to see; /help lists the commands."""
    model, saved, words = options.model, options.conversation, options.words or []
    folder_to_write(options.folder)
    if saved is not None:
        file_to_write(saved)
    place = model_given(model, words)
    if saved is not None:
        conversation_given(saved, place)
    out.print(plain(f'Loading "{model}" ...'))
    painter = load(model, words=words, quantize=options.quantize, offload=options.offload)
    out.print(plain(f"{painter.summary} /help lists what you can do."))
    if saved is not None and saved.exists():
        conversation = limner.open_conversation(saved, painter)
        out.print(plain(f"{saved}: {len(conversation.replies)} rounds so far."))
    else:
        conversation = painter.conversation(seed=options.seed)
    state = Talk(painter=painter, conversation=conversation, folder=options.folder, sign=options.sign)
    _prepare_input()
    while (line := _next_line()) is not None:
        try:
            take(line, state)
        except KeyboardInterrupt:
            err.print("stopped; the round was not kept")
        except (ValueError, OSError) as error:
            err.print(plain(sentence(error)))
    if painter.spending is not None:
        err.print(plain(f"spent: {painter.spending}"))
    if saved is not None and state.conversation.replies:
        out.print(plain(f"saved: {state.conversation.save(saved)}"))


def take(line: str, state: Talk) -> None:
    """Do what one line asks for. ValueError or OSError when it cannot be done; the talk is as before then."""
    if not line.startswith("/"):
        _answer(state, line, [])
        return
    command, _, rest = line.partition(" ")
    actions: dict[str, Callable[[Talk, str], None]] = {
        "/help": lambda state, rest: out.print(plain(HELP)),
        "/image": _say_with_image,
        "/reply": _reply,
        "/fork": _fork,
        "/people": _people,
        "/save": _save,
        "/open": _open,
        "/seed": _set_seed,
    }
    if command not in actions:
        raise ValueError(f"There is no command {command}; /help lists them.")
    actions[command](state, rest.strip())


def first_word(text: str) -> tuple[str, str]:
    """A file's name, perhaps in quotes, and the rest as it stands: apostrophes there are only apostrophes."""
    match = re.match(r"""(?:"([^"]+)"|'([^']+)'|((?:\\.|\S)+))(?:\s+|$)(.*)""", text, re.DOTALL)
    if match is None:
        return "", text
    double, single, bare, rest = match.groups()
    return double or single or re.sub(r"\\(.)", r"\1", bare), rest


def _prepare_input() -> None:
    with contextlib.suppress(ImportError):
        import readline  # noqa: F401  (gives the prompt arrow keys and memory)
    if isinstance(sys.stdin, io.TextIOWrapper):
        sys.stdin.reconfigure(errors="replace")


def _next_line() -> str | None:
    while True:
        try:
            line = input("you> ").strip()
        except (EOFError, KeyboardInterrupt):
            out.print()
            return None
        if line in ("/quit", "/exit", "/q"):
            return None
        if line:
            return line


def _answer(state: Talk, text: str, images: list[str], target: int | None = None) -> None:
    reply = state.conversation.say(text, images=list(images), seed=state.seed, target=target)
    out.print(plain(f"limner> {reply.text}"))
    file = f"{_keep(state, reply)}  " if reply.image is not None else ""
    out.print(plain(f"        {file}({reply.seconds:.1f} s, id {reply.id[:8]})"))
    if reply.image is not None:
        show(reply.image)


def _keep(state: Talk, reply: Reply) -> Path:
    assert reply.image is not None
    path = state.folder / f"{len(state.conversation.replies):02d}-{reply.id[:8]}.png"
    return write_reply(state.conversation, reply, path, sign=state.sign)


def _say_with_image(state: Talk, rest: str) -> None:
    file, text = first_word(rest)
    if not file or not text:
        raise ValueError("/image needs a file and then what you say, such as: /image face.png At the beach.")
    _answer(state, text, [str(Path(file).expanduser())])


def _reply(state: Talk, rest: str) -> None:
    number, _, text = rest.partition(" ")
    if not number.isdecimal() or len(number) > 4 or not text.strip():
        raise ValueError(
            "/reply needs a picture's number and then what you say, such as: /reply 2 Add a hat."
        )
    _answer(state, text.strip(), [], target=int(number))


def _fork(state: Talk, target: str) -> None:
    if not target:
        _list_rounds(state)
        return
    replies = state.conversation.replies
    if target.isdecimal() and len(target) < 5:  # ids are longer
        if not 1 <= int(target) <= len(replies):
            raise ValueError(f"There is no round {target}; this conversation has {len(replies)}.")
        target = replies[int(target) - 1].id
    state.conversation = state.conversation.fork(target)
    out.print(plain(f"going on after round {len(state.conversation.replies)}"))


def _save(state: Talk, rest: str) -> None:
    if not rest:
        raise ValueError("/save needs a file name, such as: /save evening.limner")
    path = file_to_write(Path(first_word(rest)[0] or rest).expanduser())
    out.print(plain(f"saved: {state.conversation.save(path)}"))


def _open(state: Talk, rest: str) -> None:
    if not rest:
        raise ValueError("/open needs a file name, such as: /open evening.limner")
    path = Path(first_word(rest)[0] or rest).expanduser()
    state.conversation = limner.open_conversation(path, state.painter)
    _list_rounds(state)


def _set_seed(state: Talk, rest: str) -> None:
    if rest and not (rest.isdecimal() and len(rest) <= 10 and int(rest) <= MAX_SEED):
        raise ValueError(f"/seed needs a whole number from 0 to {MAX_SEED}, such as: /seed 7")
    state.seed = int(rest) if rest else None
    drawn = f"with seed {state.seed}" if rest else "from the conversation's own seed"
    out.print(plain(f"the coming rounds are drawn {drawn}"))


def _list_rounds(state: Talk) -> None:
    conversation = state.conversation
    for number, (reply, round_) in enumerate(
        zip(conversation.replies, conversation.rounds, strict=True), start=1
    ):
        out.print(plain(f"  {number}  {reply.id[:8]}  {' '.join(round_.instruction.text.split())[:90]}"))
    if not conversation.replies:
        out.print("  nothing was said yet")


def _people(state: Talk, rest: str) -> None:
    people = state.conversation.people
    if not people:
        out.print("  nobody was named yet")
    for sighting in people.values():
        found = "face found" if sighting.box is not None else "no face found"
        out.print(plain(f"  {sighting.name}: round {sighting.round_index + 1}, {found}. {sighting.said}"))
