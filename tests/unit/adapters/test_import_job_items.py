"""Import jobs as items, and their keys."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import example, given, settings
from hypothesis import strategies as st

from contacts.adapters.dynamodb import job_keys
from contacts.adapters.dynamodb.import_job_items import (
    import_job_from_item,
    import_job_item,
    part_from_item,
    part_item,
)
from contacts.adapters.dynamodb.rollback_items import rollback_part_from_item, rollback_part_item
from contacts.domain.import_job import FileError, ImportJob, ImportOptions, PartRecord, RowCounts, StagedFile
from contacts.domain.rollback import Rollback, RollbackCounts, RollbackMode, RollbackPart, RollbackStatus

# DynamoDB's numbers have 38 digits; ours are counts and sizes.
number = st.integers(0, 10**15)
counts = st.builds(RowCounts, created=number, updated=number, skipped=number, errors=number)
staged = st.builds(StagedFile, file_size=number, parts=number, total_rows=number, rejected=counts)
optional_text = st.none() | st.text()
rollback_counts = st.builds(
    RollbackCounts, deleted=number, restored=number, kept=number, unchanged=number, errors=number
)
rollbacks = st.builds(
    Rollback,
    run=number,
    attempt=number,
    status=st.sampled_from(RollbackStatus),
    mode=st.sampled_from(RollbackMode),
    counts=rollback_counts,
    ended_at=optional_text,
)
jobs = st.builds(
    ImportJob,
    options=st.builds(
        ImportOptions,
        file_type=optional_text,
        segment_name=optional_text,
        sheet=optional_text,
        unescape_formulas=st.booleans(),
    ),
    workspace=optional_text,
    counts=counts,
    staged=st.none() | staged,
    file_error=st.none() | st.builds(FileError, field=optional_text),
    started_at=optional_text,
    completed_at=optional_text,
    rolled_back_at=optional_text,
    announced=st.booleans(),
    rollback=st.none() | rollbacks,
)
records = st.builds(PartRecord, part=number, counts=counts, reconciled=st.booleans())
rollback_records = st.builds(
    RollbackPart, run=number, mode=st.sampled_from(RollbackMode), part=number, counts=rollback_counts
)
names = st.text(min_size=1, max_size=8) | st.text("a#/%.", min_size=1)


@settings(deadline=None)
@given(jobs)
def test_every_job_survives_the_way_through_its_item(job: ImportJob) -> None:
    assert import_job_from_item(import_job_item(job, expires_at=1)) == job


@settings(deadline=None)
@given(jobs)
def test_a_job_from_before_the_option_takes_marks_of_formulas_off(job: ImportJob) -> None:
    item = import_job_item(job, expires_at=1)
    del item["options"]["M"]["unescapeFormulas"]
    assert import_job_from_item(item) == replace(job, options=replace(job.options, unescape_formulas=True))


@settings(deadline=None)
@given(records)
def test_every_part_survives_the_way_through_its_item(record: PartRecord) -> None:
    assert part_from_item(part_item("job", record, expires_at=1)) == record


@settings(deadline=None)
@given(rollback_records)
def test_every_part_of_a_rollback_survives_the_way_through_its_item(record: RollbackPart) -> None:
    assert rollback_part_from_item(rollback_part_item("job", record, expires_at=1)) == record


@settings(deadline=None)
@given(jobs)
def test_the_sweeper_sees_a_job_until_it_is_announced_and_while_it_is_rolled_back(job: ImportJob) -> None:
    rolling = job.rollback is not None and job.rollback.status is RollbackStatus.RUNNING
    assert import_job_item(replace(job, announced=False), 1)["openKey"] == {"S": "open"}
    assert ("openKey" in import_job_item(replace(job, announced=True), 1)) == rolling


@settings(deadline=None)
@given(st.tuples(names, names), st.tuples(names, names))
@example(("a", "b#c"), ("a#b", "c"))
@example(("a%23b", "c"), ("a#b", "c"))
def test_no_two_segments_share_a_partition(one: tuple[str, str], other: tuple[str, str]) -> None:
    same_members = job_keys.segment_members_partition(*one) == job_keys.segment_members_partition(*other)
    same_segment = job_keys.segment_key(*one) == job_keys.segment_key(*other)
    assert same_members == same_segment == (one == other)


@settings(deadline=None)
@given(st.integers(0, 99_998), st.integers(0, 99_999))
def test_parts_sort_by_their_numbers(one: int, other: int) -> None:
    keys = [job_keys.part_key("job", number)["sk"]["S"] for number in (one, other)]
    assert (keys[0] < keys[1]) == (one < other)


@settings(deadline=None)
@given(st.integers(0, 99_998), st.integers(0, 99_999))
def test_parts_of_a_rollback_sort_by_their_numbers_and_never_look_like_an_imports(one: int, other: int) -> None:
    keys = [job_keys.rollback_part_key("job", 7, "look", number)["sk"]["S"] for number in (one, other)]
    assert (keys[0] < keys[1]) == (one < other)
    assert not keys[0].startswith(job_keys.PART_PREFIX)


def test_no_pass_lists_the_parts_of_another() -> None:
    passes = [(run, mode) for run in (1, 2, 10, 11, 1_000, 10_000, 10_001) for mode in ("look", "write")]
    for each in passes:
        prefix = job_keys.rollback_parts_prefix(*each)
        listed = [one for one in passes if job_keys.rollback_part_key("job", *one, 0)["sk"]["S"].startswith(prefix)]
        assert listed == [each]
