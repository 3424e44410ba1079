"""Stacks for tests and demos: fresh state in a folder of their own, a free port, and no trace when their owner ends."""

import fcntl
import socket
from pathlib import Path
from typing import Any

from local.settings import HOST, ROOT, Settings
from local.stack import StackError, read_stack, up


def ephemeral_stack(directory: Path, owner_pid: int, template: Path = ROOT / "template.yaml") -> dict[str, Any]:
    """The content of ``stack.json`` of the one stack in ``directory``, which the first caller starts.

    The stack ends by itself when the process ``owner_pid`` does; ``down`` ends it sooner.
    """
    directory.mkdir(parents=True, exist_ok=True)
    with (directory / "shared.lock").open("a") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        # Nobody starts it again, and saving what a load has left takes minutes.
        settings = Settings(
            port=free_port(), directory=directory, template=template, owner_pid=owner_pid, keeps_state=False
        )
        try:
            return read_stack(settings)
        except StackError:
            return up(settings).stack


def free_port() -> int:
    """A port that nobody listened on a moment ago."""
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])
