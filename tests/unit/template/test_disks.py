"""What the workers of an import have on disk at most fits their /tmp."""

from __future__ import annotations

from typing import Any

from contacts.domain.contact import ID_CHARS
from contacts.domain.table import TableLimits
from contacts.usecases.part_packing import PartBounds

MEGABYTE = 1024 * 1024
STAGED = PartBounds().max_staged_bytes
LIMITS = TableLimits()


def _disk(cloudformation: dict[str, Any], function: str) -> int:
    return int(cloudformation["Resources"][function]["Properties"]["EphemeralStorage"]["Size"]) * MEGABYTE


def test_staging_holds_a_workbook_its_texts_and_all_rows(cloudformation: dict[str, Any]) -> None:
    largest_file = cloudformation["Parameters"]["MaxFileBytes"]["MaxValue"]
    assert largest_file + LIMITS.max_expanded_bytes + STAGED < _disk(cloudformation, "StageImportFunction")


def test_staging_holds_all_rows_twice_where_one_bucket_has_them_all(cloudformation: dict[str, Any]) -> None:
    assert _disk(cloudformation, "StageImportFunction") > 2 * STAGED


def test_the_end_of_an_import_holds_all_rows_in_error_and_all_outcomes(cloudformation: dict[str, Any]) -> None:
    most_rows = cloudformation["Parameters"]["MaxRows"]["MaxValue"]
    assert most_rows <= LIMITS.max_rows
    code_and_sentence, outcome = 512, ID_CHARS + 8
    assert STAGED + most_rows * (code_and_sentence + outcome) < _disk(cloudformation, "FinishImportFunction")


def test_the_list_of_errors_stays_below_what_its_index_reaches(cloudformation: dict[str, Any]) -> None:
    most_rows = cloudformation["Parameters"]["MaxRows"]["MaxValue"]
    assert STAGED + most_rows * 512 < 2**32
