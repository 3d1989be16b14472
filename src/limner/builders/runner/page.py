"""The page of a build: its funnel, samples of what was kept, and samples of what was dropped by reason.

One self-contained HTML file. Knows a ledger and a data set; all text is escaped.
"""

from __future__ import annotations

import base64
import io
from dataclasses import dataclass
from pathlib import Path

from limner.builders.files import printable
from limner.builders.runner.build import ledger_path
from limner.builders.runner.funnel import Funnel, funnel_of
from limner.builders.runner.ledger import Ledger
from limner.builders.runner.steps import Dropped
from limner.dataset.reader import DatasetReader
from limner.dataset.show import write_html
from limner.dataset.spec import shard_paths
from limner.dialogue.parts import Picture

_SHOWN_PX = 224
_NUM_KEPT = 12
_NUM_DROPPED = 6


@dataclass(frozen=True, kw_only=True)
class _Kept:
    rounds: tuple[tuple[str, str, tuple[str, ...]], ...]  # instruction, response, pictures
    source: str


@dataclass(frozen=True, kw_only=True)
class _Group:
    step: str
    reason: str
    num: int
    samples: tuple[tuple[str, str, str], ...]  # document, detail, picture


def write_build_page(folder: Path, page: Path) -> Funnel:
    """Write the page of the build in `folder` and return its funnel; an older page is replaced at once."""
    with Ledger(ledger_path(folder)) as ledger:
        funnel = funnel_of(ledger)
        groups = _groups(ledger, funnel, _NUM_DROPPED)
    write_html(
        page,
        Path(__file__).with_name("page.html"),
        title=printable(folder.resolve().name),
        funnel=funnel,
        kept=_kept(folder, _NUM_KEPT),
        groups=groups,
    )
    return funnel


def _kept(folder: Path, num: int) -> list[_Kept]:
    """Dialogues spread over the set."""
    if not shard_paths(folder):
        return []
    reader = DatasetReader(folder)
    kept = []
    for place in reader.spread(num):
        dialogue = reader[place]
        rounds = tuple(
            (
                round_.instruction.text,
                round_.response.text,
                tuple(_picture_url(picture) for picture in round_.pictures),
            )
            for round_ in dialogue.rounds
        )
        kept.append(_Kept(rounds=rounds, source=str(dialogue.truth.get("source", ""))))
    return kept


def _groups(ledger: Ledger, funnel: Funnel, num: int) -> list[_Group]:
    samples: dict[tuple[str, str], list[Dropped]] = {}
    for drop in ledger.samples(num):
        samples.setdefault((drop.step, drop.reason), []).append(drop)
    return [
        _Group(
            step=line.step,
            reason=reason,
            num=count,
            samples=tuple(
                (drop.document, drop.detail, _url(drop.strip))
                for drop in samples.get((line.step, reason), [])
            ),
        )
        for line in funnel.lines
        for reason, count in line.reasons
    ]


def _picture_url(picture: Picture) -> str:
    image = picture.to_pil()
    image.thumbnail((_SHOWN_PX, _SHOWN_PX))
    buffer = io.BytesIO()
    image.save(buffer, format="WEBP", quality=80)
    return _url(buffer.getvalue())


def _url(data: bytes) -> str:
    return f"data:image/webp;base64,{base64.b64encode(data).decode()}" if data else ""
