from __future__ import annotations

import io
import tempfile
import tracemalloc

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contacts.usecases.line_buckets import LineBuckets, TooManyBytesError

BUCKETS = 4
lines = st.lists(
    st.tuples(st.integers(0, BUCKETS - 1), st.binary(max_size=6).map(lambda text: text.replace(b"\n", b"") + b"\n"))
)


@given(lines=lines, buffer_bytes=st.integers(1, 30))
def test_lines_of_a_bucket_keep_their_order_however_often_they_go_to_disk(lines, buffer_bytes):
    expected = [b""] * BUCKETS
    buckets = LineBuckets(BUCKETS, io.BytesIO(), max_bytes=1_000_000, buffer_bytes=buffer_bytes)
    for bucket, line in lines:
        buckets.add(bucket, line)
        expected[bucket] += line
    # Twice, as rejected rows are.
    for _ in range(2):
        for bucket, body in enumerate(expected):
            assert b"".join(buckets.pieces(bucket)) == body
            assert list(buckets.lines(bucket)) == list(io.BytesIO(body))
            assert buckets.size(bucket) == len(body)


def test_no_more_than_the_buffer_is_held_in_memory():
    with tempfile.TemporaryFile() as file:
        buckets = LineBuckets(10, file, max_bytes=10_000_000, buffer_bytes=100_000)
        tracemalloc.start()
        for number in range(20_000):
            buckets.add(number % 10, b"%0200d\n" % number)
        assert sum(len(line) for line in buckets.lines(3)) == 2_000 * 201
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert peak < 1_000_000  # the lines are 4 MB


@pytest.mark.parametrize("buffer_bytes", [1_000, 10_000_000], ids=["on disk", "in memory"])
def test_one_bucket_with_all_there_is_is_read_in_pieces(buffer_bytes, monkeypatch):
    monkeypatch.setattr("contacts.usecases.line_buckets._PIECE_BYTES", 700)
    rows = [b"%d" % number * (number % 400) + b"\n" for number in range(2_000)]
    buckets = LineBuckets(1, io.BytesIO(), max_bytes=10_000_000, buffer_bytes=buffer_bytes)
    for row in rows:
        buckets.add(0, row)
    assert max(map(len, buckets.pieces(0))) == 700
    assert list(buckets.lines(0)) == rows


@pytest.mark.parametrize(("lines", "fits"), [(20, True), (21, False)])
def test_all_buckets_together_have_a_bound(lines, fits):
    buckets = LineBuckets(2, io.BytesIO(), max_bytes=100, buffer_bytes=5)
    if fits:
        fill(buckets, lines)
    else:
        with pytest.raises(TooManyBytesError):
            fill(buckets, lines)


def fill(buckets, lines):
    for number in range(lines):
        buckets.add(number % 2, b"1234\n")
