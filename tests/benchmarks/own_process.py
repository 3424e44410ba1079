"""Measurements in processes of their own, so that none meets another one's memory, caches or garbage."""

from __future__ import annotations

import json
import resource
import subprocess
import sys
from pathlib import Path


def in_own_process(module: str, *arguments: str) -> dict[str, float]:
    """Run `python -m module arguments`; what it measured is the JSON object on the last line that it prints.

    Raises:
        RuntimeError: it ended otherwise; with what it wrote about that.
    """
    ended = subprocess.run([sys.executable, "-m", module, *arguments], check=False, capture_output=True, text=True)
    if ended.returncode:
        raise RuntimeError(f"{module} {' '.join(arguments)} ended with {ended.returncode}:\n{ended.stderr}")
    found: dict[str, float] = json.loads(ended.stdout.splitlines()[-1])
    return found


def peak_megabytes() -> float:
    """The most memory that this process has had resident so far, in MB of 2 ** 20 bytes.

    Of this process alone: on Linux getrusage() begins with the parent's peak.
    """
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 1024)
