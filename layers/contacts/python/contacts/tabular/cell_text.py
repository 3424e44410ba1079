"""What the writers of tables take for a cell, and its text."""

from __future__ import annotations

import math
from typing import TypeAlias

#: None and "" are empty cells.
Cell: TypeAlias = str | int | float | None


def cell_text(cell: Cell) -> str:
    """The cell's text: numbers in the fewest digits that give them back, booleans as in JSON.

    Raises:
        ValueError: NaN or infinity, which no contact can have.
    """
    if isinstance(cell, str):
        return cell
    if cell is None:
        return ""
    if isinstance(cell, bool):
        return "true" if cell else "false"
    if isinstance(cell, float) and not math.isfinite(cell):
        raise ValueError("a cell is NaN or infinite")
    return repr(cell)
