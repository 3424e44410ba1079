"""From rows in buckets to the parts of an import, none of which is more than a worker can hold.

Rows of one route have to meet in one part: they may be about one contact. There are far more buckets than a usual file
needs parts, so parts are made of whole buckets, as many as fit; no guess at the number of rows is needed before. A
bucket that is too large for a part has some contact with very many rows in it, and is looked at route by route.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TypeAlias

from contacts.domain.errors import FileRejected
from contacts.usecases.line_buckets import LineBuckets

#: A staged row's number and its route, from its line.
RouteOfLine: TypeAlias = Callable[[bytes], tuple[int, int]]


@dataclass(frozen=True, slots=True, kw_only=True)
class PartBounds:
    """How large parts are to be, and may be.

    Attributes:
        buckets: that rows are sorted into. The largest file has a thousand rows for each.
        rows: of a usual part: forty batches of 25, written well within a worker's time.
        bytes: of a usual part of wide rows.
        max_rows: of any part, and so of one contact. As many twins, a hundred a transaction, are well within a worker's
            time (300 s).
        max_bytes: of any part, and so of one contact. Applying it takes five times as much memory (measured: 119 MB
            with all code; 143 MB where each cell has an emoji), of a worker's 1,024 MB.
        max_staged_bytes: of all parts together with the rejected rows. The step's /tmp (10,240 MB) holds the copy of a
            workbook, its texts, and this; or this and another copy of a bucket. Finish (4,096 MB) lists them once.
    """

    buckets: int = 1_024
    rows: int = 1_000
    bytes: int = 4 * 1024 * 1024
    max_rows: int = 10_000
    max_bytes: int = 16 * 1024 * 1024
    max_staged_bytes: int = 3 * 1024 * 1024 * 1024

    def max_parts(self, max_rows: int) -> int:
        """The most parts that a file of so many rows can have: of any two, one behind the other, both bounds of a usual
        part can't hold. Each costs the state machine's Map a line of output, of 256 KB in all."""
        return 2 * (max_rows // self.rows + self.max_staged_bytes // self.bytes) + 1


@dataclass(slots=True)
class _Rows:
    """What there is of one route."""

    first: int
    rows: int = 0
    bytes: int = 0


def packed_parts(lines: LineBuckets, bounds: PartBounds, route_of: RouteOfLine) -> Iterator[bytes]:
    """The parts, each with its lines; those of one route are in one part and in the file's order.

    Raises:
        FileRejected: FILE_TOO_MANY_ROWS_OF_ONE_CONTACT or FILE_ROW_TOO_LONG; nothing smaller than a contact can be
            a part.
    """
    gathered: list[bytes] = []
    rows = size = 0
    for bucket in range(bounds.buckets):
        for body in _bodies(lines, bucket, bounds, route_of):
            more = body.count(b"\n")
            if gathered and (rows + more > bounds.rows or size + len(body) > bounds.bytes):
                yield b"".join(gathered)
                gathered, rows, size = [], 0, 0
            gathered.append(body)
            rows += more
            size += len(body)
    if gathered:
        yield b"".join(gathered)


def _bodies(lines: LineBuckets, bucket: int, bounds: PartBounds, route_of: RouteOfLine) -> Iterator[bytes]:
    """A bucket's lines: as a whole, or in smaller groups where that would be too large a part."""
    size = lines.size(bucket)
    if not size:
        return
    if size <= bounds.max_bytes:
        body = b"".join(lines.pieces(bucket))
        if body.count(b"\n") <= bounds.max_rows:
            yield body
            return
    yield from _split(lines, bucket, bounds, route_of)


def _split(lines: LineBuckets, bucket: int, bounds: PartBounds, route_of: RouteOfLine) -> Iterator[bytes]:
    """A bucket's lines in groups of a usual part's size, as far as that can be; those of one route are in one group."""
    group_of, groups = _groups(_by_route(lines, bucket, route_of), bounds)
    with tempfile.TemporaryFile(prefix="stage-") as file:
        finer = LineBuckets(groups, file, max_bytes=lines.size(bucket))
        for line in lines.lines(bucket):
            finer.add(group_of[route_of(line)[1]], line)
        for group in range(groups):
            yield b"".join(finer.pieces(group))


def _by_route(lines: LineBuckets, bucket: int, route_of: RouteOfLine) -> dict[int, _Rows]:
    found: dict[int, _Rows] = {}
    for line in lines.lines(bucket):
        row, route = route_of(line)
        tally = found.get(route)
        if tally is None:
            tally = found[route] = _Rows(row)
        tally.rows += 1
        tally.bytes += len(line)
    return found


def _groups(by_route: dict[int, _Rows], bounds: PartBounds) -> tuple[dict[int, int], int]:
    """The group of each route, and how many groups there are."""
    group_of: dict[int, int] = {}
    groups = rows = size = 0
    for route, found in by_route.items():
        if found.rows > bounds.max_rows or found.bytes > bounds.max_bytes:
            raise _too_large(found, bounds)
        if not groups or rows + found.rows > bounds.rows or size + found.bytes > bounds.bytes:
            groups += 1
            rows = size = 0
        group_of[route] = groups - 1
        rows += found.rows
        size += found.bytes
    return group_of, groups


def _too_large(found: _Rows, bounds: PartBounds) -> FileRejected:
    if found.rows == 1:
        return FileRejected(
            f"Row {found.first} takes more than {bounds.max_bytes:,} bytes as it is read.", code="FILE_ROW_TOO_LONG"
        )
    limit = (
        f"{found.rows:,} rows are about one contact, at most {bounds.max_rows:,} may be"
        if found.rows > bounds.max_rows
        else f"{found.rows:,} rows about one contact take more than {bounds.max_bytes:,} bytes together"
    )
    return FileRejected(
        f"{limit}. Row {found.first} is the first of them: look at its e-mail, or its id.",
        code="FILE_TOO_MANY_ROWS_OF_ONE_CONTACT",
    )
