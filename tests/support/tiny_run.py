"""A tiny checkpoint, a tiny suite that really paints with it, and a program that runs that suite."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass
from pathlib import Path

import torch

from limner.dialogue.parts import Instruction, Picture
from limner.evaluation.given import Measured
from limner.evaluation.run import run_suites
from limner.evaluation.score import Row
from limner.evaluation.suite import Bench, Outcome, Shown, paint_seed, task_name
from limner.inference.generation import read_instruction
from limner.models.cache import KeyValueCache
from limner.models.checkpoint import save_model
from limner.models.model import build_model
from limner.models.presets import TINY
from limner.models.tokenizer import train_tokenizer
from limner.perception.face_embedder import FaceEmbedderSizes
from limner.perception.face_finder import FaceFinderSizes
from limner.perception.senses import SensesSizes, WorldSenses
from limner.perception.text_image_score import TextImageScoreSizes
from limner.perception.trait_reader import TraitReaderSizes

SENSES = SensesSizes(
    face_finder=FaceFinderSizes(image_size_px=32, width=8),
    face_embedder=FaceEmbedderSizes(image_size_px=16, widths=(8, 16), dim=16),
    trait_reader=TraitReaderSizes(
        words={"hair": ("red", "blond")}, face_size_px=16, body_size_px=16, widths=(8, 16), dim=16
    ),
    text_image_score=TextImageScoreSizes(
        vocab_size=40, image_size_px=32, widths=(8, 16), text_width=16, text_layers=1, text_heads=2, dim=16
    ),
)


def make_checkpoint(folder: Path, seed: int = 0) -> Path:
    """Random weights of the tiny scale that always paint, with senses."""
    torch.manual_seed(seed)
    texts = ["A close-up of Mia.", "The image shows a woman in a garden. She has curly black hair."]
    # Untrained words are noise, and noise seldom says <img>: let every answer begin with it.
    model = build_model(TINY, train_tokenizer(texts * 4, vocab_size=TINY.language.vocab_size)).eval()
    with torch.no_grad():
        hidden = [
            read_instruction(model, KeyValueCache(), Instruction(text=text), encode=None) for text in texts
        ]
        model.language.llm.lm_head.weight.zero_()
        model.language.llm.lm_head.weight[model.tokenizer.image_start_id] = torch.stack(hidden).mean(0)
    save_model(model, folder)
    WorldSenses.untrained(SENSES).save(folder / "senses")
    return folder


@dataclass(frozen=True, kw_only=True)
class TinySuite:
    """Two painted rounds; brightness of the second, a coin with its chance."""

    name: str = "tiny"
    figure: str = "Figure 0"
    about: str = "Paints twice & measures brightness."
    fails_at: int = -1
    pause_s: float = 0.0

    def measure(self, bench: Bench, index: int) -> Outcome:
        if index == self.fails_at:
            raise ValueError("the paint has dried")
        time.sleep(self.pause_s)
        task = task_name(self.name, bench, index)
        conversation = bench.painter.conversation(seed=paint_seed(task))
        replies = [conversation.say(text, picture=True) for text in (f"A woman {index}.", "A close-up.")]
        pictures = [Picture.from_pil(reply.image) for reply in replies]
        bright = float(pictures[1].pixels.mean()) / 255
        rows = [
            Row(dialogue=task, metric="second.brightness", value=bright),
            Row(dialogue=task, metric="second.right_side", value=float(index % 4 > 0)),
            Row(dialogue=task, metric="chance.second.right_side", value=0.5),
        ]
        rows += [
            Row(dialogue=task, metric=f"own.round_{n}.psnr_db", value=30 - n + bright) for n in range(1, 6)
        ]
        return Outcome(
            rows=tuple(rows),
            shown=tuple(
                Shown(column=column, picture=picture, text=f"<b>{index}</b>")
                for column, picture in zip(("first", "second"), pictures, strict=True)
            ),
            round_seconds=tuple(reply.seconds for reply in replies),
            conversation=conversation.rounds,
        )


SUITES = {"tiny": TinySuite(), "other": TinySuite(name="other")}


if __name__ == "__main__":
    checkpoint, out, num = sys.argv[1:4]
    slow = {"tiny": TinySuite(pause_s=0.5)}
    run_suites(
        ["tiny"], Measured(model=checkpoint), num=int(num), seed=3, out=Path(out), workers=2, suites=slow
    )
