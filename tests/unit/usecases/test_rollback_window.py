"""Whether an import can still be rolled back."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from contacts.domain.import_job import ImportJob, ImportStatus, RowCounts, StagedFile
from contacts.domain.rollback import OnConflict, Rollback, RollbackStatus
from contacts.domain.rollback_window import can_roll_back

STAGED = StagedFile("v", "csv", 1, ("E",), 3, 10, RowCounts())
JOB = ImportJob(
    id="j",
    tenant="a",
    created_by="ada",
    created_at="2026-01-01T00:00:00.000Z",
    changed_at="2026-01-01T00:00:00.000Z",
    file_name="f",
    file_key="k",
    file_url="u",
    field_mapping={},
    status=ImportStatus.COMPLETED,
    staged=STAGED,
    completed_at="2026-01-01T00:00:00.000Z",
)


def rollback(status: RollbackStatus) -> Rollback:
    return Rollback(
        run=1,
        attempt=1,
        on_conflict=OnConflict.KEEP,
        dry_run=False,
        requested_by="ada",
        request="r",
        started_at="2026-01-01T00:00:00.000Z",
        status=status,
    )


@pytest.mark.parametrize(
    ("changes", "now", "expected"),
    [
        ({}, "2026-01-30T23:59:59.999Z", True),
        ({}, "2026-01-31T00:00:00.000Z", False),
        ({"status": ImportStatus.FAILED}, "2026-01-02T00:00:00.000Z", True),
        ({"status": ImportStatus.PENDING}, "2026-01-02T00:00:00.000Z", False),
        ({"status": ImportStatus.PROCESSING}, "2026-01-02T00:00:00.000Z", False),
        ({"status": ImportStatus.ROLLING_BACK}, "2026-01-02T00:00:00.000Z", False),
        ({"status": ImportStatus.ROLLED_BACK}, "2026-01-02T00:00:00.000Z", False),
        ({"staged": None}, "2026-01-02T00:00:00.000Z", False),
        ({"staged": replace(STAGED, parts=0)}, "2026-01-02T00:00:00.000Z", False),
        ({"completed_at": None}, "2026-01-02T00:00:00.000Z", False),
    ],
)
def test_can_roll_back(changes: dict[str, Any], now: str, expected: bool) -> None:
    assert can_roll_back(replace(JOB, **changes), now=now, days=30) is expected


@pytest.mark.parametrize(
    ("import_status", "rollback_status", "now", "expected"),
    [
        ("rolling_back", "running", "2026-01-02T00:00:00.000Z", False),
        ("completed", "running", "2026-01-02T00:00:00.000Z", False),
        ("rolling_back", "failed", "2026-01-02T00:00:00.000Z", True),
        # Half undone is worse than undone late.
        ("rolling_back", "failed", "2026-03-01T00:00:00.000Z", True),
        ("rolled_back", "completed", "2026-01-02T00:00:00.000Z", False),
        ("completed", "completed", "2026-01-02T00:00:00.000Z", True),
        ("completed", "aborted", "2026-01-02T00:00:00.000Z", True),
        ("failed", "aborted", "2026-01-02T00:00:00.000Z", True),
        ("completed", "failed", "2026-01-02T00:00:00.000Z", True),
        ("completed", "failed", "2026-03-01T00:00:00.000Z", False),
    ],
)
def test_can_roll_back_after_an_earlier_rollback(
    import_status: str, rollback_status: str, now: str, expected: bool
) -> None:
    job = replace(JOB, status=ImportStatus(import_status), rollback=rollback(RollbackStatus(rollback_status)))
    assert can_roll_back(job, now=now, days=30) is expected
