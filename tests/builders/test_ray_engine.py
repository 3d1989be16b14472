"""The Ray engine: byte for byte the set of the local one, with GPUs and without, after kills and deaths."""

from __future__ import annotations

import hashlib
import json
import os
import signal
import subprocess
import sys
import time
from importlib.util import find_spec
from inspect import getfile
from pathlib import Path

import pytest
from toy_job import ToyJob

from limner.builders.runner.build import build, ledger_path
from limner.builders.runner.engines import engine_by_name
from limner.builders.runner.steps import DIED
from limner.builders.video.recipe import VideoJob
from limner_world.video import write_films

# Not imported here: every test process reads this file.
pytestmark = pytest.mark.skipif(find_spec("ray") is None, reason="needs the extra `ray`")

# Ray takes a GPU for granted when told so; the networks look for themselves and find none.
_ON_A_PRETENDED_GPU = """
import json; from pathlib import Path
import ray
from test_ray_engine import toy_job, video_job
from limner.builders.runner.build import build
from limner.builders.runner.on_ray import run_ray
if __name__ == "__main__":
    ray.init(
        num_cpus=2, num_gpus=1, include_dashboard=False, log_to_driver=False, object_store_memory=1 << 27
    )
    build(video_job(Path({films!r})), Path({staged!r}), engine=run_ray, workers=1)
    funnel = build(toy_job(Path({deadly!r})), Path({toys!r}), engine=run_ray, workers=2)
    print(json.dumps(funnel.to_json()))
"""


def video_job(films: Path) -> VideoJob:
    return VideoJob(
        sources_given=(films,),
        faces="world",
        captioner="world",
        writer="world",
        segmenter="world",
        size_px=64,
    )


def toy_job(deadly: Path) -> ToyJob:
    return ToyJob(num=20, deadly=str(deadly))


def _digest(folder: Path) -> dict[str, str]:
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in folder.glob("[!.]*.*")}


@pytest.fixture(scope="module")
def films(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("films")
    list(write_films(folder, num=24, seed=882_000, size_px=128, num_frames=3))
    (folder / "broken.mp4").write_bytes(b"no film")
    return folder


@pytest.fixture(scope="module")
def calm(films: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, str]:
    folder = tmp_path_factory.mktemp("local") / "set"
    build(video_job(films), folder)
    assert _digest(folder)
    return _digest(folder)


@pytest.mark.kills
def test_killed_and_gone_on_with_on_a_gpu_and_actors_that_die(
    films: Path, calm: dict[str, str], tmp_path: Path
) -> None:
    folder, deadly = tmp_path / "set", tmp_path / "deadly"
    command = [sys.executable, "-m", "limner.cli.main", "build", "video", str(films), "--out", str(folder)]
    log = ledger_path(folder).with_name(f"{ledger_path(folder).name}-wal")
    process = subprocess.Popen([*command, "--size", "64", "--engine", "ray", "--workers", "2"])
    while process.poll() is None and not (log.exists() and log.stat().st_size > 120_000):
        time.sleep(0.002)
    os.kill(process.pid, signal.SIGKILL)
    process.wait()

    deadly.touch()
    script = tmp_path / "run.py"
    script.write_text(
        _ON_A_PRETENDED_GPU.format(
            films=str(films), staged=str(folder), deadly=str(deadly), toys=str(tmp_path / "toys")
        )
    )
    quietly = {"RAY_USAGE_STATS_ENABLED": "0", "RAY_worker_niceness": "0"}
    quietly["PYTHONPATH"] = os.pathsep.join(
        sorted({os.path.dirname(__file__), os.path.dirname(getfile(ToyJob))})
    )
    done = subprocess.run(
        [sys.executable, str(script)], env=os.environ | quietly, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stderr
    assert _digest(folder) == calm
    # Ray's own news of dead workers comes on the same stream, also after the last word of ours.
    funnel = json.loads(next(line for line in reversed(done.stdout.splitlines()) if line.startswith("{")))
    assert (funnel["num_done"], funnel["lines"][0]["reasons"]) == (20, [[DIED, 1]])
    build(toy_job(deadly), tmp_path / "beside", workers=2)
    assert _digest(tmp_path / "toys") == _digest(tmp_path / "beside")


def test_engines_are_known_by_name() -> None:
    with pytest.raises(ValueError, match="no engine 'spark'; choose local or ray"):
        engine_by_name("spark")
