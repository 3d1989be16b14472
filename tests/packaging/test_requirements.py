"""What `pyproject.toml` lets in, against what was published about it."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement

ROOT = Path(__file__).parents[2]
# Of each a version that lacks what an advisory's later one mended.
AFFECTED = {
    "accelerate": "1.11.0",  # CVE-2025-14925
    "av": "17.0.1",  # CVE-2026-40962, of the FFmpeg in its wheels
    "cryptography": "49.0.0",  # CVE-2026-69247
    "h11": "0.14.0",  # CVE-2025-43859
    "jinja2": "3.1.5",  # CVE-2025-27516
    "opencv-python-headless": "4.11.0.86",  # CVE-2025-53644
    "pillow": "12.2.0",  # CVE-2026-54058
    "pillow-heif": "1.2.1",  # CVE-2026-28231
    "playwright": "1.55.0",  # CVE-2025-59288
    "pyarrow": "23.0.0",  # CVE-2026-25087
    "python-multipart": "0.0.29",  # CVE-2026-53539
    "scipy": "1.9.3",  # CVE-2023-25399
    "starlette": "1.3.0",  # CVE-2026-54283
    "torch": "2.9.1",  # CVE-2026-24747
    "transformers": "5.2.0",  # CVE-2026-4372
}


def requirements() -> list[Requirement]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = project["optional-dependencies"].values()
    return [
        Requirement(line) for line in (*project["dependencies"], *(one for extra in extras for one in extra))
    ]


@pytest.mark.parametrize("name", AFFECTED)
def test_no_version_with_a_published_advisory_is_let_in(name):
    asked = [one for one in requirements() if one.name.lower() == name]
    assert asked
    assert not any(one.specifier.contains(AFFECTED[name]) for one in asked)


def test_what_is_pinned_is_what_is_asked_for():
    lines = (ROOT / "constraints.txt").read_text(encoding="utf-8").splitlines()
    pinned = dict(line.split("==") for line in lines if "==" in line and not line.startswith("#"))
    for one in requirements():
        if one.name in pinned:
            assert one.specifier.contains(pinned[one.name].split(";")[0].strip(), prereleases=True), one
