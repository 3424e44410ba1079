from __future__ import annotations

import io
import json
import multiprocessing
import random
import tempfile
from collections import defaultdict
from itertools import chain, pairwise
from pathlib import Path

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from contacts.domain.errors import FileRejected
from contacts.domain.rows import StagedRow
from contacts.domain.table import TableLimits
from contacts.usecases.line_buckets import LineBuckets
from contacts.usecases.part_packing import PartBounds, packed_parts
from contacts.usecases.staged_lines import rows_of_lines, staged_line
from tests.benchmarks.own_process import peak_megabytes

STATE_MACHINES = Path(__file__).parents[3] / "statemachines"


def line(row: int, route: int, width: int = 0) -> bytes:
    return b"%d,%d,%b\n" % (row, route, b"x" * width)


def row_and_route(line: bytes) -> tuple[int, int]:
    row, route, _ = line.split(b",")
    return int(row), int(route)


USUAL = PartBounds()


def parts_of(lines, bounds=USUAL, route_of=row_and_route):
    buckets = LineBuckets(bounds.buckets, io.BytesIO(), max_bytes=bounds.max_staged_bytes, buffer_bytes=4_096)
    for each in lines:
        buckets.add(row_and_route(each)[1] % bounds.buckets, each)
    return [list(io.BytesIO(body)) for body in packed_parts(buckets, bounds, route_of)]


@given(
    routes=st.lists(st.integers(0, 11), max_size=60),
    widths=st.lists(st.integers(0, 20), min_size=60, max_size=60),
    buckets=st.integers(1, 5),
    rows=st.integers(1, 12),
    size=st.integers(30, 300),
)
def test_parts_hold_every_row_once_and_those_of_a_contact_together(routes, widths, buckets, rows, size):
    bounds = PartBounds(buckets=buckets, rows=rows, bytes=size, max_rows=60, max_bytes=2_000)
    lines = [line(row, route, width) for row, (route, width) in enumerate(zip(routes, widths, strict=False), start=1)]
    parts = parts_of(lines, bounds)
    assert sorted(chain.from_iterable(parts)) == sorted(lines)
    by_route = defaultdict(list)
    for number, part in enumerate(parts):
        assert part
        for each in part:
            row, route = row_and_route(each)
            by_route[route].append((number, row))
    for found in by_route.values():
        assert len({number for number, _ in found}) == 1
        assert found == sorted(found)
    for one, other in pairwise(parts):
        assert len(one) + len(other) > rows or len(b"".join(one + other)) > size


@pytest.mark.parametrize("rows", [1, 999, 3_000, 20_000, 100_000])
def test_a_usual_files_parts_have_about_a_thousand_rows(rows):
    """Whatever its reader would have guessed; so a hundred thousand rows take their few requests each."""
    chance = random.Random(rows)
    parts = parts_of(line(row, chance.getrandbits(32)) for row in range(rows))
    assert max(map(len, parts)) <= 1_000
    assert len(parts) <= 1 + rows / 850


def test_a_usual_file_is_not_read_again_to_be_split():
    def never(_line):
        raise AssertionError("looked at")

    assert len(parts_of((line(row, row) for row in range(5_000)), route_of=never)) >= 5


def test_parts_of_wide_rows_have_a_few_megabytes():
    parts = parts_of(line(row, row, 100_000) for row in range(100))
    assert max(sum(map(len, part)) for part in parts) <= 4 * 1024 * 1024
    assert len(parts) == 3


class TestOverFullBucket:
    """Its rows are routed anew, contact by contact."""

    BOUNDS = PartBounds(buckets=2, rows=10, bytes=1_000, max_rows=20, max_bytes=2_000)

    def test_a_contact_with_very_many_rows_shares_its_part_with_nobody_it_need_not(self):
        heavy = [line(row, 2) for row in range(1, 21)]
        others = [line(row, 4 + 2 * (row % 9)) for row in range(21, 51)]
        parts = parts_of([*heavy, *others], self.BOUNDS)
        assert heavy in parts
        assert max(map(len, parts)) == 20
        assert sorted(chain.from_iterable(parts)) == sorted([*heavy, *others])

    @pytest.mark.parametrize(
        ("lines", "limit"),
        [
            ([line(row, 2) for row in range(5, 26)], "21 rows are about one contact, at most 20 may be"),
            ([line(row, 2, 700) for row in range(5, 8)], "3 rows about one contact take more than 2,000 bytes"),
        ],
    )
    def test_what_is_too_much_for_a_part_and_one_contacts_is_refused(self, lines, limit):
        others = [line(row, 2 * row) for row in range(100, 200)]
        with pytest.raises(FileRejected) as refused:
            parts_of([*others, *lines], self.BOUNDS)
        assert refused.value.code == "FILE_TOO_MANY_ROWS_OF_ONE_CONTACT"
        assert refused.value.message.startswith(limit)
        assert "Row 5 is the first of them" in refused.value.message

    def test_so_is_a_row_that_is_too_much_for_a_part_alone(self):
        with pytest.raises(FileRejected, match="Row 7 takes more than 2,000 bytes") as refused:
            parts_of([line(6, 2), line(7, 4, 2_000)], self.BOUNDS)
        assert refused.value.code == "FILE_ROW_TOO_LONG"

    def test_what_has_passed_the_bound_of_all_parts_is_not_held_against_it_again(self):
        """The copy goes to disk at other lines, and so may be the one that is over the bound when it does."""
        lines = [line(row, 2 * row, 1_000_000) for row in range(20)]
        bounds = PartBounds(buckets=2, rows=10, max_bytes=2_000_000, max_staged_bytes=10_000_000)
        buckets = LineBuckets(bounds.buckets, io.BytesIO(), max_bytes=bounds.max_staged_bytes, buffer_bytes=1 << 30)
        for each in lines:
            buckets.add(0, each)
        assert b"".join(packed_parts(buckets, bounds, row_and_route)) == b"".join(lines)

    def test_exactly_the_bound_is_no_reason_to_refuse(self):
        exactly = line(1, 2, 2_000 - len(line(1, 2)))
        assert parts_of([exactly, *(line(row, 4) for row in range(2, 22))], self.BOUNDS) == [
            [exactly],
            [line(row, 4) for row in range(2, 22)],
        ]


def test_the_most_parts_that_a_file_can_have_are_what_the_state_machines_carry():
    """A Map without a ResultWriter puts the output of all its children into its own, of 256 KB at most (quotas of Step
    Functions), also where the state goes on to drop it."""
    most = USUAL.max_parts(TableLimits().max_rows)
    for name in ("import", "rollback"):
        states = yaml.safe_load((STATE_MACHINES / f"{name}.asl.yaml").read_text())["States"]
        maps = [state["ItemProcessor"]["States"] for state in states.values() if state["Type"] == "Map"]
        assert maps
        for children in maps:
            ends = [child.get("ResultSelector", child.get("Result")) for child in children.values()]
            longest = max(len(json.dumps(end, separators=(",", ":"))) for end in ends)
            assert most * (longest + 1) + 2 <= 256 * 1024


def megabytes_to_split_a_bucket() -> float:
    """How much the memory of this process grows when a bucket of 270 MB is split."""
    bounds, targets = PartBounds(buckets=1), ("email",)

    def row_and_itself(line: bytes) -> tuple[int, int]:
        (row,) = rows_of_lines(line, targets)
        return row.row, row.row

    with tempfile.TemporaryFile() as file:
        buckets = LineBuckets(bounds.buckets, file, max_bytes=bounds.max_staged_bytes)
        for row in range(100_000):
            buckets.add(0, staged_line(StagedRow(row, {"email": f"{row}@x.io"}, [f"{row}@x.io", "x" * 2_700]), targets))
        before = peak_megabytes()
        for part in packed_parts(buckets, bounds, row_and_itself):
            assert part.count(b"\n") <= bounds.rows
        return peak_megabytes() - before


def test_a_split_bucket_takes_no_memory_that_grows_with_its_bytes():
    """In a process of its own, by what the system gives it: memory that is let go of can still be in its way."""
    with multiprocessing.get_context("spawn").Pool(1) as processes:
        assert processes.apply(megabytes_to_split_a_bucket) < 100


@pytest.mark.parametrize(("narrow", "wide"), [(60, 0), (0, 60), (30, 30), (1, 1)])
def test_no_file_has_more_parts_than_that(narrow, wide):
    bounds = PartBounds(buckets=64, rows=4, bytes=200, max_rows=8, max_bytes=400, max_staged_bytes=60_000)
    chance = random.Random(narrow)
    rows = [*[0] * narrow * 10, *[190] * wide]
    chance.shuffle(rows)
    parts = parts_of((line(row, chance.getrandbits(16), width) for row, width in enumerate(rows)), bounds)
    staged = sum(len(each) for part in parts for each in part)
    bounds = PartBounds(rows=bounds.rows, bytes=bounds.bytes, max_staged_bytes=staged)
    assert 1 <= len(parts) <= bounds.max_parts(len(rows))
