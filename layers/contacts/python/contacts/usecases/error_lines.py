"""Rows in error as lines of JSON, as staging and the end of an import store them."""

from __future__ import annotations

import orjson


def without_cells(line: bytes) -> bytes:
    """The line, with its line break, of a list that people page through. Cells make a line as long as the row was, up
    to megabytes; only the list of failed rows, which is CSV, needs them."""
    record = orjson.loads(line)
    del record["cells"]
    return orjson.dumps(record, option=orjson.OPT_APPEND_NEWLINE)
