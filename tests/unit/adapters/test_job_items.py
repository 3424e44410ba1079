"""Jobs as items, and their keys."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given
from hypothesis import strategies as st

from contacts.adapters.dynamodb import job_keys
from contacts.adapters.dynamodb.job_items import job_from_item, job_item, part_from_item, part_item
from contacts.domain.import_job import FileError, ImportJob, ImportOptions, PartRecord, RowCounts, StagedFile

# DynamoDB's numbers have 38 digits; ours are counts and sizes.
number = st.integers(0, 10**15)
counts = st.builds(RowCounts, created=number, updated=number, skipped=number, errors=number)
staged = st.builds(StagedFile, file_size=number, parts=number, total_rows=number, rejected=counts)
optional_text = st.none() | st.text()
jobs = st.builds(
    ImportJob,
    options=st.builds(ImportOptions, file_type=optional_text, segment_name=optional_text, sheet=optional_text),
    workspace=optional_text,
    counts=counts,
    staged=st.none() | staged,
    file_error=st.none() | st.builds(FileError, field=optional_text),
    started_at=optional_text,
    completed_at=optional_text,
    rolled_back_at=optional_text,
    announced=st.booleans(),
)
records = st.builds(PartRecord, part=number, counts=counts, reconciled=st.booleans())
names = st.text(min_size=1, max_size=8) | st.text("a#/%.", min_size=1)


@given(jobs)
def test_every_job_survives_the_way_through_its_item(job: ImportJob) -> None:
    assert job_from_item(job_item(job, expires_at=1)) == job


@given(records)
def test_every_part_survives_the_way_through_its_item(record: PartRecord) -> None:
    assert part_from_item(part_item("job", record, expires_at=1)) == record


@given(jobs)
def test_the_sweeper_sees_a_job_until_it_is_announced(job: ImportJob) -> None:
    assert job_item(replace(job, announced=False), 1)["openKey"] == {"S": "open"}
    assert "openKey" not in job_item(replace(job, announced=True), 1)


@given(st.tuples(names, names), st.tuples(names, names))
def test_no_two_segments_share_a_partition(one: tuple[str, str], other: tuple[str, str]) -> None:
    same_members = job_keys.members_partition(*one) == job_keys.members_partition(*other)
    same_segment = job_keys.segment_key(*one) == job_keys.segment_key(*other)
    assert same_members == same_segment == (one == other)


@given(st.integers(0, 99_998), st.integers(0, 99_999))
def test_parts_sort_by_their_numbers(one: int, other: int) -> None:
    keys = [job_keys.part_key("job", number)["sk"]["S"] for number in (one, other)]
    assert (keys[0] < keys[1]) == (one < other)
