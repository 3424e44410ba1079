"""What a command needs from around it: two consoles, the network and the passing of time."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx
from rich.console import Console


@dataclass(frozen=True, slots=True)
class Session:
    """Results go to `out`; progress, hints and errors go to `err`, so that stdout can be piped."""

    out: Console = field(default_factory=lambda: Console(highlight=False))
    err: Console = field(default_factory=lambda: Console(stderr=True, highlight=False))
    transport: httpx.BaseTransport | None = None
    """Stands in for the network where given."""
    sleep: Callable[[float], None] = time.sleep

    def print_json(self, value: Any) -> None:
        """One JSON document on stdout, never wrapped or coloured."""
        self.out.print(json.dumps(value, ensure_ascii=False, indent=2), markup=False, emoji=False, soft_wrap=True)

    def say(self, text: str, *, style: str | None = None) -> None:
        """A line for the person at the terminal, on stderr, as it stands."""
        self.err.print(text, markup=False, emoji=False, soft_wrap=True, style=style)
