from __future__ import annotations

from pathlib import Path

import pytest

from tests.benchmarks.import_sample import Contents, sample, write_sample


def test_one_row_in_twenty_is_a_repetition_and_one_in_fifty_has_no_email() -> None:
    assert sample(100_000, "1").contents == Contents(rows=100_000, valid=98_000, people=93_000)


@pytest.mark.parametrize("count", [0, 19, 20, 25, 1_234])
def test_the_file_on_disk_is_the_one_in_memory(count: int, tmp_path: Path) -> None:
    contents = write_sample(tmp_path / "file", count, "2")
    expected = sample(count, "2")
    assert contents == expected.contents
    assert (tmp_path / "file").read_bytes() == expected.to_csv()


def test_editions_hold_the_same_people_and_other_values() -> None:
    one, two = sample(40, "1"), sample(40, "2")
    assert [row["E-mail"] for row in one.rows] == [row["E-mail"] for row in two.rows]
    assert all(mine["Company"] != its["Company"] for mine, its in zip(one.rows, two.rows, strict=True))


def test_a_later_stretch_of_the_file_shares_no_email_with_an_earlier_one() -> None:
    whole = sample(80, "1").rows
    assert [*sample(40, "1").rows, *sample(40, "1", 40).rows] == whole
    first, second = ({row["E-mail"] for row in sample(40, "1", start).rows} for start in (0, 40))
    assert first & second == {"no e-mail"}
