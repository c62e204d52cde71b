"""Figures of the machine: load, memory, disk, GPUs."""

from __future__ import annotations

import os
import resource
import shutil
import sys
from pathlib import Path

import psutil

GIB = 1024**3


def figures(folder: Path) -> dict[str, float]:
    """Load, memory and disk, in percent and GiB.

    `cpu_percent` is of all cores together, since the last call. `memory_gib` and `memory_peak_gib` are this process's
    resident memory; `disk_used_gib` is what lies below `folder`, `disk_free_gib` what its disk has left. Every GPU
    that NVML knows adds `gpu0_percent` and `gpu0_memory_gib`, of all processes together; NVML is asked when the
    package nvidia-ml-py is installed.
    """
    # Linux counts in KiB, macOS in bytes.
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    return {
        "cpu_percent": psutil.cpu_percent(),
        "memory_gib": psutil.Process().memory_info().rss / GIB,
        "memory_peak_gib": peak / GIB,
        "disk_free_gib": shutil.disk_usage(folder).free / GIB,
        "disk_used_gib": _size(folder) / GIB,
        **_gpus(),
    }


def _size(folder: Path) -> int:
    """Bytes of the files below `folder`. A file that is deleted meanwhile (an old checkpoint) counts as 0."""
    total = 0
    for place, _, names in os.walk(folder):
        for name in names:
            try:
                total += os.lstat(os.path.join(place, name)).st_size
            except FileNotFoundError:
                continue
    return total


def _gpus() -> dict[str, float]:
    try:
        import pynvml
    except ImportError:
        return {}
    found: dict[str, float] = {}
    try:
        pynvml.nvmlInit()
    except pynvml.NVMLError:
        return {}  # no driver, so no GPU
    try:
        for place in range(pynvml.nvmlDeviceGetCount()):
            handle = pynvml.nvmlDeviceGetHandleByIndex(place)
            found[f"gpu{place}_memory_gib"] = pynvml.nvmlDeviceGetMemoryInfo(handle).used / GIB
            found[f"gpu{place}_percent"] = float(pynvml.nvmlDeviceGetUtilizationRates(handle).gpu)
    except pynvml.NVMLError:
        return found  # a MIG slice reports its memory but no load
    finally:
        pynvml.nvmlShutdown()
    return found
