"""Rows of contacts, and ways to make files of them: ours, and pandas'. `export_runs` measures them."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

from contacts.tabular.write_csv import write_csv
from contacts.tabular.write_json import write_json, write_jsonl
from contacts.tabular.write_xlsx import write_xlsx

COLUMNS = ["email", "firstName", "lastName", "company", "phone", "customFields.zip"]


def contact_rows(count: int, *, first: int = 0) -> Iterator[list[str | None]]:
    """One in seven has no company, one in a hundred a name that a spreadsheet would run."""
    for n in range(first, first + count):
        yield [
            f"person{n}@example.com",
            f"=Zoë{n}" if n % 100 == 0 else f"Zoë{n % 1000}",
            f"Müller-{n}",
            f"Company {n % 5000}, Inc. & Sons" if n % 7 else None,
            f"+49 30 {n:08}",
            f"{n % 99_999:05}",
        ]


def contact_objects(count: int) -> Iterator[dict[str, str | None]]:
    return (dict(zip(COLUMNS, row, strict=True)) for row in contact_rows(count))


#: By format, from rows to bytes, which are counted: making the rows counts.
WRITERS: dict[str, Callable[[int], int]] = {
    "csv": lambda count: sum(map(len, write_csv(COLUMNS, contact_rows(count)))),
    "xlsx": lambda count: sum(map(len, write_xlsx(COLUMNS, contact_rows(count)))),
    "json": lambda count: sum(map(len, write_json(contact_objects(count)))),
    "jsonl": lambda count: sum(map(len, write_jsonl(contact_objects(count)))),
}


def by_pandas(format_: str, count: int) -> int:
    """From rows to a DataFrame to a file on disk, whose bytes are counted."""
    import pandas as pd  # here, since its memory must not count for the others

    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / f"contacts.{format_}"
        frame = pd.DataFrame(contact_rows(count), columns=COLUMNS)
        match format_:
            case "csv":
                frame.to_csv(path, index=False)
            case "xlsx":
                frame.to_excel(path, index=False, engine="xlsxwriter")
            case "json":
                frame.to_json(path, orient="records")
            case _:
                frame.to_json(path, orient="records", lines=True)
        return path.stat().st_size
