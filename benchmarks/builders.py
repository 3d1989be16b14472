"""What building from films costs: CPU time a clip by part, two workers against one, 170,000 clips projected.

    python benchmarks/builders.py [--clips 4] [--repeats 3] [--copies 6] [--write]

Clips are made first: 8 s of 720p at 24 frames a second, H.264 with a key frame every 2 s, two drawn persons
with a camera's noise. The bound is PyAV alone: open, first frame, seek, last frame, both as RGB. CPU time
leaves out what other programs take of the cores, and the least of the repeats counts; the rates of workers
are wall time and mean something on a quiet machine only, so the load is told beside them. `--write` puts the
table into docs/builders.md.
"""

from __future__ import annotations

import argparse
import os
import tempfile
import textwrap
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

os.environ["OMP_NUM_THREADS"] = "1"
os.environ.setdefault("OMP_WAIT_POLICY", "passive")

import cv2

from clips import decode_only, write_clip
from limner.builders.runner.build import Progress, build
from limner.builders.runner.document import Source, Stage, Step, open_steps
from limner.builders.runner.local import settle_threads
from limner.builders.runner.steps import begun, finished, taken_through
from limner.builders.video.recipe import VideoJob
from limner.builders.video.steps import CheckNames, FindFaces, NamePersons, TellCaption, TellDialogue
from limner.perception.protocols import Look, Told, View

DOCUMENT = Path(__file__).parents[1] / "docs" / "builders.md"
BEGIN, END = "<!-- speed -->", "<!-- end of speed -->"
PAPER_CLIPS: Final = 170_000
CORES: Final = 16
MOST_OVERHEAD, LEAST_GAIN = 0.25, 1.8
# The steps that are decoding, faces and cropping; those after them are words.
LOOKING: Final = (
    "film read",
    "two faces in both frames",
    "both in one square",
    "persons matched",
    "heads cut out",
)


class PlainWords:
    """Captioner and writer that cost nothing: a server's time is not ours."""

    def caption(self, view: View) -> Told:
        return Told(caption="Two people stand there.", looks=(Look(), Look()))

    def name_persons(self, view: View, told: Told, names: Sequence[str]) -> str:
        return f"{names[0]} and {names[1]} stand there."


class MeasuredJob(VideoJob):
    """The video recipe with the world's senses and plain words."""

    def _words(self) -> Sequence[Step]:
        words = PlainWords()
        return (
            TellCaption(captioner=words),
            NamePersons(writer=words, split=self.split),
            CheckNames(),
            TellDialogue(),
        )


def job_over(folder: Path) -> MeasuredJob:
    return MeasuredJob(
        sources_given=(folder,), faces="world", captioner="world", writer="world", segmenter="world"
    )


class Clock:
    """CPU seconds by part, and those inside networks and GrabCut as "model"."""

    def __init__(self) -> None:
        self.seconds: defaultdict[str, float] = defaultdict(float)

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        began_s = time.process_time()
        yield
        self.seconds[name] += time.process_time() - began_s

    def timed(self, function: Callable[..., Any]) -> Callable[..., Any]:
        def inside(*given: Any, **named: Any) -> Any:
            with self.part("model"):
                return function(*given, **named)

        return inside

    def listen(self, steps: Sequence[Step]) -> None:
        """Time the networks of the world's senses, and GrabCut."""
        (senses,) = (step.reader for step in steps if isinstance(step, FindFaces))
        senses.face_finder.find = self.timed(senses.face_finder.find)  # type: ignore[attr-defined]
        senses.face_embedder.forward = self.timed(senses.face_embedder.forward)  # type: ignore[attr-defined]


@dataclass(frozen=True, kw_only=True)
class Costs:
    """Milliseconds of CPU time a clip."""

    bound: float
    parts: dict[str, float]  # by step; and "row": PNG and digests
    model: float  # of it, inside networks and GrabCut
    whole: float  # a whole build: runner, ledger and shard too
    kept: int
    clips: int

    @property
    def looking(self) -> float:
        """Decoding, faces and cropping, without what is inside a model."""
        return sum(self.parts[name] for name in LOOKING) - self.model

    @property
    def overhead(self) -> float:
        return self.looking / self.bound - 1

    @property
    def whole_overhead(self) -> float:
        return (self.whole - self.model) / self.bound - 1


def measured_costs(folder: Path, repeats: int) -> Costs:
    """The least of `repeats` rounds over all clips of a folder, by part."""
    settle_threads()
    job, clips = job_over(folder), sorted(folder.glob("*.mp4"))
    steps = open_steps(job.stages())
    clock = Clock()
    clock.listen(steps)
    grab_cut, cv2.grabCut = cv2.grabCut, clock.timed(cv2.grabCut)
    rounds, kept = [], 0
    for _ in range(repeats + 1):  # the first one warms up
        clock.seconds.clear()
        kept = 0
        for number, clip in enumerate(clips):
            with clock.part("bound"):
                decode_only(clip)
            underway = begun(Source(id=clip.name, value={"path": str(clip)}), number, job.seed)
            for step in steps:
                with clock.part(step.name):
                    underway = taken_through((step,), underway)
            with clock.part("row"):
                kept += len(finished(underway).rows)
        rounds.append(dict(clock.seconds))
    cv2.grabCut = grab_cut
    least = {name: 1000 * min(each[name] for each in rounds[1:]) / len(clips) for name in rounds[1]}
    return Costs(
        bound=least.pop("bound"),
        model=least.pop("model"),
        parts=least,
        whole=min(_whole_build_ms(folder) for _ in range(repeats)) / len(clips),
        kept=kept,
        clips=len(clips),
    )


def _whole_build_ms(folder: Path) -> float:
    """CPU time of a build after its models are open."""
    started: list[float] = []
    with tempfile.TemporaryDirectory() as out:

        class Warm(MeasuredJob):
            def stages(self) -> Sequence[Stage]:
                steps = open_steps(super().stages())
                taken_through(steps, begun(Source(id="", value={"path": str(clip)}), 0, 0))
                started.append(time.process_time())
                return [Stage(open=lambda: steps)]

        clip = sorted(folder.glob("*.mp4"))[0]
        build(Warm(**vars(job_over(folder))), Path(out) / "set")
        return 1000 * (time.process_time() - started[0])


def clips_a_second(folder: Path, workers: int) -> float:
    """Wall-clock rate of a build in its middle: after each worker's first clips, when all have started."""
    told: list[float] = []

    def tell(far: Progress) -> None:
        told.append(time.perf_counter())

    with tempfile.TemporaryDirectory() as out:
        build(job_over(folder), Path(out) / "set", workers=workers, tell=tell)
    after = told[1 + 2 * workers :]
    return (len(after) - 1) / (after[-1] - after[0])


def report(costs: Costs, one: float, two: float, load: float) -> str:
    """The numbers as Markdown."""
    parts = costs.parts
    words = sum(value for name, value in parts.items() if name not in (*LOOKING, "row"))
    rows = {
        "decoding alone, by PyAV (the bound)": costs.bound,
        **{name: parts[name] for name in LOOKING},
        "of these five, inside the face networks and GrabCut": costs.model,
        "words (without a server's time), digests, PNG": words + parts["row"],
        "a whole build, with ledger and shards": costs.whole,
    }
    lines = ["| | ms of CPU time a clip |", "|---|---|"]
    lines += [f"| {name} | {value:.1f} |" for name, value in rows.items()]
    told = f"""
        Decoding, faces and crops without what is inside a model: {costs.looking:.1f} ms,
        {costs.overhead:+.0%} of the bound (at most +25%: {_verdict(costs.overhead <= MOST_OVERHEAD)}). A
        whole build without it, three PNGs of 512 px a dialogue included: {costs.whole_overhead:+.0%}.
        {costs.kept} of {costs.clips} clips were kept. One worker: {one:.2f} clips a second; two: {two:.2f},
        {two / one:.2f} times as many (at least 1.8: {_verdict(two >= LEAST_GAIN * one)}; {os.cpu_count()}
        cores, load of other programs {load:.1f}).
    """
    return "\n".join([*lines, "", _filled(told), "", _filled(projection(costs))])


def projection(costs: Costs) -> str:
    """170,000 clips on 16 cores like this one, with the networks on them or on a GPU beside them."""
    all_h = PAPER_CLIPS * costs.whole / 1000 / CORES / 3600
    rest_s = PAPER_CLIPS * (costs.whole - costs.model) / 1000 / CORES
    a_second = PAPER_CLIPS / rest_s
    return f"""
        Projected to {PAPER_CLIPS:,} such clips on {CORES} such cores: {all_h:.1f} hours with everything on
        the cores; {rest_s / 3600:.1f} hours where one GPU takes over all that is inside a model. It keeps up
        if it looks at {2 * a_second:.0f} frames, {4 * a_second:.0f} faces and {2 * a_second:.0f} heads a
        second (no GPU was measured). Words come on top: two questions to a server for each clip that gets so
        far, {2 * PAPER_CLIPS / 3600:.0f} hours at one answer a second, as many times less as it answers side
        by side.
    """


def _filled(text: str) -> str:
    return textwrap.fill(" ".join(text.split()), 130)


def _verdict(is_held: bool) -> str:
    return "held" if is_held else "missed"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--clips", type=int, default=4, help="different clips")
    parser.add_argument("--copies", type=int, default=6, help="of each, for the rates of workers")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--write", action="store_true", help="into docs/builders.md")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as place:
        few, many = Path(place) / "few", Path(place) / "many"
        few.mkdir()
        many.mkdir()
        for number in range(options.clips):
            clip = few / f"clip-{number}.mp4"
            write_clip(clip, number)
            for copy in range(options.copies):
                os.link(clip, many / f"clip-{number}-{copy}.mp4")
        costs = measured_costs(few, options.repeats)
        load = os.getloadavg()[0]
        one, two = (clips_a_second(many, workers) for workers in (1, 2))
    told = report(costs, one, two, max(0.0, load - 1))
    print(told)
    if options.write:
        text = DOCUMENT.read_text(encoding="utf-8")
        before, rest = text.split(BEGIN, 1)
        _, after = rest.split(END, 1)
        DOCUMENT.write_text(f"{before}{BEGIN}\n{told}\n{END}{after}", encoding="utf-8")


if __name__ == "__main__":
    main()
