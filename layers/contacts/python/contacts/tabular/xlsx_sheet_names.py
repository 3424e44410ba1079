"""What the sheets of one table are called: "Contacts", "Contacts 2", "Contacts 3" ..."""

from __future__ import annotations

from typing import Final

#: The first sheet that this project writes.
SHEET_NAME: Final = "Contacts"


def continuation_name(name: str, number: int) -> str:
    """The name of the `number`th sheet of a table which begins in the sheet `name`."""
    return name if number == 1 else f"{name} {number}"
