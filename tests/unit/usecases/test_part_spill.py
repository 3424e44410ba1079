from __future__ import annotations

import tempfile
import tracemalloc
from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contacts.usecases.part_spill import PartSpill

lines = st.lists(st.tuples(st.integers(0, 3), st.binary(max_size=6).map(lambda text: text.replace(b"\n", b"") + b"\n")))


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(lines=lines, buffer_bytes=st.integers(1, 30))
def test_lines_of_a_part_keep_their_order_however_often_they_go_to_disk(lines, buffer_bytes):
    expected: dict[int, bytes] = {}
    with tempfile.TemporaryDirectory() as directory:
        spill = PartSpill(4, Path(directory), buffer_bytes=buffer_bytes)
        for part, line in lines:
            spill.add(part, line)
            expected[part] = expected.get(part, b"") + line
        assert list(spill.parts()) == sorted(expected.items())


def test_no_more_than_the_buffer_is_held_in_memory(tmp_path):
    spill = PartSpill(10, tmp_path, buffer_bytes=100_000)
    tracemalloc.start()
    for number in range(20_000):
        spill.add(number % 10, b"%0200d\n" % number)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert peak < 1_000_000  # the lines are 4 MB
    assert sum(len(body) for _, body in spill.parts()) == 20_000 * 201
