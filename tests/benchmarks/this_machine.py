"""What figures were measured on."""

from __future__ import annotations

import os
import platform
import shutil
import subprocess
from pathlib import Path
from typing import Any


def describe_machine() -> dict[str, Any]:
    """Cores that this process may use, CPU, memory, Python and system."""
    return {
        "cpu": cpu_model(),
        "cores": len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count(),
        "memoryGigabytes": round(os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30, 1),
        "python": platform.python_version(),
        "platform": platform.platform(),
    }


def cpu_model(cpu_info: Path = Path("/proc/cpuinfo")) -> str:
    """Its name as Linux tells it; elsewhere what Python knows."""
    if cpu_info.exists():
        for line in cpu_info.read_text().splitlines():
            name, _, value = line.partition(":")
            if name.strip() == "model name":
                return value.strip()
    return platform.processor() or platform.machine()


def commit(root: Path) -> str | None:
    """The commit that is checked out, with `+` where files differ from it; None outside of git."""
    git = shutil.which("git")
    if git is None:
        return None
    head = subprocess.run(
        [git, "rev-parse", "--short=12", "HEAD"], check=False, cwd=root, capture_output=True, text=True
    )
    if head.returncode:
        return None
    status = subprocess.run([git, "status", "--porcelain"], check=False, cwd=root, capture_output=True, text=True)
    return head.stdout.strip() + ("+" if status.stdout.strip() else "")
