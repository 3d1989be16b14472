"""What a run was computed on, in words, for those who read its seconds."""

from __future__ import annotations

import os
import platform
from pathlib import Path

import torch

from limner.models.precision import best_device


def machine() -> dict[str, str]:
    """Processor, cores, accelerator and versions, as far as the machine tells."""
    told = {
        "processor": _processor(),
        "cores": str(os.cpu_count()),
        "python": platform.python_version(),
        "torch": str(torch.__version__),
    }
    if best_device().type == "cuda":
        told["accelerator"] = torch.cuda.get_device_name()
    return told


def _processor() -> str:
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.is_file():
        for line in cpuinfo.read_text(encoding="utf-8", errors="replace").splitlines():
            if line.startswith("model name"):
                return line.partition(":")[2].strip()
    return platform.processor() or platform.machine()
