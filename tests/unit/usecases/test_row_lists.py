from __future__ import annotations

import csv
import io

from contacts.usecases.row_lists import LinesByRow, csv_lines


def test_lines_added_in_any_order_come_in_that_of_the_rows_as_often_as_they_are_read():
    lists = LinesByRow(9, io.BytesIO())
    for row in (7, 1, 9):
        lists.add(row, f"row {row} €".encode())
    for _ in range(2):
        assert list(lists.lines()) == ["row 1 €\n".encode(), "row 7 €\n".encode(), "row 9 €\n".encode()]


def test_a_first_row_without_a_line_is_passed_over():
    lists = LinesByRow(2, io.BytesIO())
    lists.add(2, b"two")
    assert list(lists.lines()) == [b"two\n"]


def test_every_cell_comes_back_from_csv():
    rows = [["plain", "", 'quote " and\r\nbreak', "lone\rCR", " blanks "], ["é€😀", "a,b;c", "=1+1", "\t", "'"], [""]]
    text = csv_lines(rows).decode()
    assert list(csv.reader(io.StringIO(text, newline=""), strict=True)) == rows
