from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contacts.domain.bulk_job import (
    SLICE_ENTRIES,
    BulkCounts,
    BulkJob,
    BulkKind,
    BulkStatus,
    count_outcomes,
    final_status,
    line_of,
    slice_of,
    waiting_slice,
)
from contacts.domain.errors import Problem
from contacts.domain.rows import Outcome

PROBLEM = Problem("COLLECTION_FORBIDDEN", "not yours", "collectionId")
JOB = BulkJob(
    id="job",
    kind=BulkKind.CREATE,
    tenant="acme",
    created_by="ann",
    created_at="2026-01-01T00:00:00.000Z",
    changed_at="2026-01-01T00:00:00.000Z",
    tracking_key="bcc:j:job",
    total=1,
)


@pytest.mark.parametrize(
    ("succeeded", "failed", "problem", "status"),
    [
        (0, 0, None, BulkStatus.COMPLETED),
        (5, 0, None, BulkStatus.COMPLETED),
        (4, 1, None, BulkStatus.PARTIAL),
        (0, 1, None, BulkStatus.FAILED),
        (0, 0, PROBLEM, BulkStatus.PARTIAL),
        (5, 0, PROBLEM, BulkStatus.PARTIAL),
        (4, 1, PROBLEM, BulkStatus.PARTIAL),
        (0, 1, PROBLEM, BulkStatus.FAILED),
    ],
)
def test_how_a_job_ends(succeeded, failed, problem, status):
    for others in (0, 3):
        counts = BulkCounts(succeeded=succeeded, failed=failed, skipped=others, not_found=others, forbidden=others)
        assert final_status(counts, problem) is status


@pytest.mark.parametrize(
    ("outcome", "counted"),
    [
        (Outcome.CREATED, BulkCounts(succeeded=1)),
        (Outcome.DELETED, BulkCounts(succeeded=1)),
        (Outcome.CANDIDATE, BulkCounts(succeeded=1)),
        (Outcome.SKIPPED, BulkCounts(skipped=1)),
        (Outcome.ERROR, BulkCounts(failed=1)),
        (Outcome.NOT_FOUND, BulkCounts(not_found=1)),
        (Outcome.FORBIDDEN, BulkCounts(forbidden=1)),
    ],
)
def test_what_each_outcome_counts_as(outcome, counted):
    assert count_outcomes([outcome]) == counted
    assert count_outcomes([outcome] * 3).processed == 3


def test_an_outcome_that_no_bulk_job_has_is_not_counted_as_anything():
    with pytest.raises(KeyError):
        count_outcomes([Outcome.RESTORED])


@pytest.mark.parametrize(("total", "slices"), [(0, 1), (1, 1), (500, 1), (501, 2), (5_000, 10)])
def test_slices(total, slices):
    assert SLICE_ENTRIES == 500
    job = replace(JOB, total=total)
    assert job.slices == slices
    assert [row for slice_ in range(slices) for row in job.rows(slice_)] == list(range(total))


@settings(deadline=None)
@given(total=st.integers(0, 5_000), data=st.data())
def test_every_entry_is_in_the_slice_that_says_so(total, data):
    job = replace(JOB, total=total)
    assert sum(len(job.rows(slice_)) for slice_ in range(job.slices)) == total
    if total:
        row = data.draw(st.integers(0, total - 1))
        assert row in job.rows(slice_of(row))
        assert slice_of(row) < job.slices


@pytest.mark.parametrize(
    ("total", "done", "is_done"), [(0, 0, False), (0, 1, True), (1_000, 1, False), (1_000, 2, True)]
)
def test_a_job_is_done_when_all_its_slices_are(total, done, is_done):
    assert replace(JOB, total=total, slices_done=done).is_done is is_done


@pytest.mark.parametrize(
    ("now", "is_shown"),
    [("2026-01-01T00:00:00.000Z", True), ("2026-01-01T23:59:59.999Z", True), ("2026-01-02T00:00:00.000Z", False)],
)
def test_a_job_can_be_asked_for_until_a_day_after_its_last_change(now, is_shown):
    job = replace(JOB, created_at="2025-01-01T00:00:00.000Z", status=BulkStatus.FAILED)
    assert job.is_shown(now) is is_shown


@pytest.mark.parametrize("status", BulkStatus)
def test_an_open_job_can_be_asked_for_however_long_it_waits(status):
    job = replace(JOB, status=status)
    assert job.is_shown("2026-02-01T00:00:00.000Z") is job.is_open


@pytest.mark.parametrize("status", BulkStatus)
def test_what_is_open(status):
    assert replace(JOB, status=status).is_open is (status in {BulkStatus.QUEUED, BulkStatus.PROCESSING})


def test_a_line_is_in_the_order_of_jobs_and_slices():
    first = replace(JOB, id="z", total=5_000)
    second = replace(JOB, id="a", total=5_000, created_at="2026-01-01T00:00:00.001Z")
    both = [*line_of(first), *line_of(second)]
    assert [(each.job_id, each.slice) for each in both] == [(id_, n) for id_ in "za" for n in range(10)]
    assert sorted(both, key=lambda each: each.position) == both
    assert len({each.position for each in both}) == 20
    assert all(each.sendings == 0 and each.sent_at is None and each.tenant == "acme" for each in both)
    assert waiting_slice(second, 3) == both[13]
