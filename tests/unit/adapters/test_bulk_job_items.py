"""Bulk jobs as items, and their keys."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import example, given, settings
from hypothesis import strategies as st

from contacts.adapters.dynamodb import job_keys
from contacts.adapters.dynamodb.bulk_job_items import (
    bulk_job_from_item,
    bulk_job_item,
    slice_from_item,
    slice_item,
    waiting_from_item,
    waiting_item,
)
from contacts.domain.bulk_job import BulkCounts, BulkJob, BulkKind, BulkStatus, SliceRecord, WaitingSlice
from contacts.domain.errors import Problem

# DynamoDB's numbers have 38 digits; ours are counts.
number = st.integers(0, 10**15)
text = st.text()
optional_text = st.none() | text
counts = st.builds(BulkCounts, succeeded=number, skipped=number, failed=number, not_found=number, forbidden=number)
jobs = st.builds(
    BulkJob,
    kind=st.sampled_from(BulkKind),
    total=number,
    status=st.sampled_from(BulkStatus),
    counts=counts,
    slices_done=number,
    started_at=optional_text,
    completed_at=optional_text,
    client_source=optional_text,
    client_reference_id=optional_text,
    collection_id=optional_text,
    collection_editor=st.booleans(),
    collection_problem=st.none() | st.builds(Problem, text, text, optional_text),
    create_job_id=optional_text,
    dry_run=st.booleans(),
)
records = st.builds(SliceRecord, slice=number, counts=counts, reconciled=st.booleans())
waiting_slices = st.builds(
    WaitingSlice, kind=st.sampled_from(BulkKind), slice=number, sendings=number, sent_at=optional_text
)
names = st.text(min_size=1, max_size=8) | st.text("a#/%.", min_size=1)


@settings(deadline=None)
@given(jobs)
def test_every_job_survives_the_way_through_its_item(job: BulkJob) -> None:
    assert bulk_job_from_item(bulk_job_item(job, expires_at=1)) == job


@settings(deadline=None)
@given(records)
def test_every_slice_survives_the_way_through_its_item(record: SliceRecord) -> None:
    assert slice_from_item(slice_item("job", record, expires_at=1)) == record


@settings(deadline=None)
@given(waiting_slices)
def test_every_place_in_a_line_survives_the_way_through_its_item(waiting: WaitingSlice) -> None:
    assert waiting_from_item(waiting.tenant, waiting_item(waiting, expires_at=1)) == waiting


@settings(deadline=None)
@given(jobs)
def test_the_sweeper_sees_a_job_while_it_is_open(job: BulkJob) -> None:
    for status in BulkStatus:
        assert ("openKey" in bulk_job_item(replace(job, status=status), 1)) == (
            status in {BulkStatus.QUEUED, BulkStatus.PROCESSING}
        )


@settings(deadline=None)
@given(st.integers(0, 99_998), st.integers(0, 99_999))
def test_slices_sort_by_their_numbers_and_never_look_like_parts(one: int, other: int) -> None:
    keys = [job_keys.slice_key("job", each)["sk"]["S"] for each in (one, other)]
    assert (keys[0] < keys[1]) == (one < other)
    assert not keys[0].startswith(job_keys.PART_PREFIX)


@settings(deadline=None)
@given(names, names)
@example("a#b", "a%23b")
def test_no_two_tenants_share_a_line_or_an_audit_log(one: str, other: str) -> None:
    assert (job_keys.line_partition(one) == job_keys.line_partition(other)) == (one == other)
    assert (job_keys.audit_partition(one) == job_keys.audit_partition(other)) == (one == other)


@settings(deadline=None)
@given(st.tuples(names, names), st.tuples(names, names))
@example(("a", "b#c"), ("a#b", "c"))
@example(("a%23b", "c"), ("a#b", "c"))
def test_no_two_collections_share_a_partition(one: tuple[str, str], other: tuple[str, str]) -> None:
    same_members = job_keys.collection_members_partition(*one) == job_keys.collection_members_partition(*other)
    same_collection = job_keys.collection_key(*one) == job_keys.collection_key(*other)
    assert same_members == same_collection == (one == other)
    assert job_keys.collection_members_partition(*one) != job_keys.segment_members_partition(*other)
