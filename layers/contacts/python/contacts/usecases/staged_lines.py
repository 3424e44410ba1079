"""Staged rows as lines of JSON, and back.

A line does not name the targets of its values: in a file of a hundred columns the names would be most of what is
staged. They are those of the job's mapping, in the order that `staged_targets` gives them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import orjson

from contacts.domain.contact_fields import ID_TARGET
from contacts.domain.rows import StagedRow

#: Stands for a target that the row leaves alone. No value is empty: an empty cell sets nothing, or None.
_UNSET = ""


def staged_targets(field_mapping: Mapping[str, str]) -> tuple[str, ...]:
    """The targets that rows of this mapping have values for, sorted: a table gives a mapping back in any order."""
    return tuple(sorted(target for target in field_mapping.values() if target != ID_TARGET))


def staged_line(row: StagedRow, targets: Sequence[str]) -> bytes:
    """The row as a line, with its line break.

    Raises:
        orjson.JSONEncodeError: a cell holds what is no text.
    """
    value_of = row.values.get
    values = [value_of(target, _UNSET) for target in targets]
    return orjson.dumps((row.row, values, row.cells, row.contact_id), option=orjson.OPT_APPEND_NEWLINE)


def rows_of_lines(lines: bytes, targets: Sequence[str]) -> list[StagedRow]:
    """The inverse, of one line or of many."""
    # As one document: starting the parser anew for each line takes as long as parsing it.
    records = orjson.loads(b"[%b]" % lines.rstrip(b"\n").replace(b"\n", b","))
    return [
        StagedRow(row, _by_target(targets, values), cells, contact_id) for row, values, cells, contact_id in records
    ]


def _by_target(targets: Sequence[str], values: Sequence[str | None]) -> dict[str, str | None]:
    if _UNSET not in values:
        return dict(zip(targets, values, strict=True))
    return {target: value for target, value in zip(targets, values, strict=True) if value != _UNSET}
