"""What a command needs from around it: two consoles, the network and the passing of time."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import httpx
from rich.console import Console, RenderableType
from rich.segment import Segments

#: Columns. Below it, rich drops columns of tables whose ids alone have 36.
_LEAST_WIDTH = 72


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

    def show(self, renderable: RenderableType) -> None:
        """Something drawn, on stdout: what a narrow terminal has no room for goes on in its next line, uncut."""
        options = self.out.options
        lines = self.out.render(renderable, options.update_width(max(options.max_width, _LEAST_WIDTH)))
        self.out.print(Segments(lines), crop=False, end="")

    def say(self, text: str, *, style: str | None = None) -> None:
        """A line for the person at the terminal, on stderr, as it stands."""
        self.err.print(text, markup=False, emoji=False, soft_wrap=True, style=style)
