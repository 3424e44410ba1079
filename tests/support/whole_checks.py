"""What a job says of itself at its end, held against the ledger and the world."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from collections.abc import Collection
from itertools import product
from typing import Any

from contacts.domain.bulk_entries import NOT_CREATED, NOT_DELETED
from contacts.domain.bulk_job import BulkJob, BulkKind, BulkStatus
from contacts.domain.export_job import ExportJob, ExportStatus
from contacts.domain.import_job import DuplicateStrategy, ImportJob, ImportStatus
from contacts.domain.jobs import Job
from contacts.domain.object_keys import exports_prefix, results_csv_key, rollback_outcomes_key
from contacts.domain.rollback import RollbackMode, RollbackStatus
from contacts.domain.rows import Outcome
from contacts.usecases.bulk_slices import load_create_outcomes, load_delete_outcomes
from contacts.usecases.finish_bulk_job import COLLECTION_NOT_FILLED
from tests.support.bulk_model import expected_outcomes, expected_status
from tests.support.export_world import rows_in
from tests.support.whole_model import FileRow, Ledger, ModelImport, email_of, flat
from tests.support.whole_world import SLICE, WholeWorld

_RANKS: dict[str, int] = {
    ImportStatus.PENDING: 0,
    ImportStatus.PROCESSING: 1,
    ImportStatus.COMPLETED: 2,
    ImportStatus.FAILED: 2,
    ImportStatus.ROLLING_BACK: 3,
    ImportStatus.ROLLED_BACK: 4,
    BulkStatus.QUEUED: 0,
    BulkStatus.PROCESSING: 1,
    BulkStatus.FAILED: 2,
    BulkStatus.PARTIAL: 2,
    # A collection that is filled after all lifts a job from partial.
    BulkStatus.COMPLETED: 3,
}


def check_status(job: Job, last: Job) -> None:
    """Status never goes back."""
    if isinstance(job, ExportJob):
        assert last.is_open or job.status == last.status, f"{last.status} became {job.status}"
    else:
        assert _RANKS[job.status] >= _RANKS[last.status], f"{last.status} became {job.status}"


def check_import(world: WholeWorld, ledger: Ledger, job: ImportJob) -> None:
    """Every row has its outcome, and the outcomes are what was written."""
    model = ledger.imports[job.id]
    if job.staged is None:
        # Its execution died, or gave up, before the file was read.
        assert (job.status, job.counts.processed, model.writes) == (ImportStatus.FAILED, 0, {})
        return
    assert job.staged.total_rows == len(model.rows)
    body = world.files.get(results_csv_key(job.tenant, job.id))
    assert body is not None
    _, *lines = csv.reader(io.StringIO(body.decode(), newline=""), strict=True)
    assert [int(row) for row, *_ in lines] == [row.number for row in model.rows]
    outcomes = {int(row): (outcome, contact_id, reason) for row, contact_id, outcome, reason in lines}
    found = Counter(outcome for outcome, _, _ in outcomes.values())
    counts = job.counts
    assert (counts.created, counts.updated) == (found["created"], found["updated"])
    assert (counts.skipped, counts.errors) == (found["skipped"] + found["error"], found["error"])
    assert counts.imported + counts.skipped == counts.processed == len(model.rows)
    assert {row: id_ for row, (kind, id_, _) in outcomes.items() if kind == "created"} == ledger.made_by(
        job.tenant, job.id
    )
    for row in model.rows:
        _check_row(ledger, job, row, outcomes[row.number])
    concerned = {id_ for kind, id_, _ in outcomes.values() if kind in {"created", "updated"}}
    assert set(model.writes) <= concerned, "a write that no row tells of"
    for contact_id in concerned:
        told = {row for row, (kind, id_, _) in outcomes.items() if id_ == contact_id and kind in {"created", "updated"}}
        _check_told(ledger, model, contact_id, told)


def _check_row(ledger: Ledger, job: ImportJob, row: FileRow, outcome: tuple[str, str, str]) -> None:
    kind, contact_id, reason = outcome
    strategy, is_valid = ledger.imports[job.id].options.duplicate_strategy, row.is_valid
    assert (kind == "error" and reason in {"EMAIL_INVALID", "EMAIL_REQUIRED"}) or is_valid
    match kind:
        case "created":
            pass
        case "updated":
            assert strategy is DuplicateStrategy.UPDATE
            assert (job.tenant, contact_id) in ledger.versions
        case "skipped":
            assert strategy is DuplicateStrategy.SKIP
            first = ledger.versions[job.tenant, contact_id][0]
            # Of one that another row has made either is true where a person has given it another e-mail since, or where
            # the row names somebody who has gone, and so was not in one part with the other.
            if first.created_by.job != job.id or (email_of(first) == row.email and not row.contact_id):
                assert reason == ("DUPLICATE_IN_FILE" if first.created_by.job == job.id else "DUPLICATE")
        case "error":
            broken_off = job.status is not ImportStatus.COMPLETED
            assert not is_valid or reason in {"EMAIL_TAKEN", "EMAIL_REQUIRED", "CONTACT_EMPTY", "NOT_IMPORTED"}
            assert reason != "NOT_IMPORTED" or broken_off
        case _:
            raise AssertionError(kind)


def _check_told(ledger: Ledger, model: ModelImport, contact_id: str, told: set[int]) -> None:
    """The rows that tell of a contact are those that explain its writes; the rest changed nothing."""
    writes = model.writes.get(contact_id, [])

    def changes_nothing_at_its_time(rows: set[int]) -> bool:
        """Rows that name somebody who has gone can be in other parts, and so come at other times."""
        together = _changes_nothing(ledger, model, contact_id, rows)
        return together or all(_changes_nothing(ledger, model, contact_id, {row}) for row in rows)

    for chosen in product(*(each.readings for each in writes)):
        written = frozenset().union(*chosen)
        idle = told - written
        if not written <= told:
            continue
        if not idle or _changes_nothing(ledger, model, contact_id, idle | written) or changes_nothing_at_its_time(idle):
            return
    raise AssertionError("the rows that tell of this contact did not make it what it became")


def _changes_nothing(ledger: Ledger, model: ModelImport, contact_id: str, numbers: Collection[int]) -> bool:
    versions = [flat(each) for each in ledger.versions[model.tenant, contact_id]]
    rows = [row for row in model.rows if row.number in numbers]
    return any(model.after_rows(version, rows) == version for version in versions)


def check_rollback(world: WholeWorld, ledger: Ledger, job: ImportJob) -> None:
    """A run that has ended says what became of each contact that the import wrote."""
    model, rollback = ledger.imports[job.id], job.rollback
    assert rollback is not None
    done = {id_: what for (run, id_), what in model.undone.items() if run == rollback.run}
    if rollback.mode is RollbackMode.LOOK:
        assert not done, "a rollback that only looked has written"
    if rollback.status is RollbackStatus.FAILED:
        return
    body = world.files.get(rollback_outcomes_key(job.tenant, job.id, rollback.run))
    assert body is not None
    lines = [json.loads(line) for line in body.splitlines()]
    assert sorted(line["contactId"] for line in lines) == sorted(id_ for id_, writes in model.writes.items() if writes)
    told = Counter(line["action"] for line in lines)
    counts = rollback.counts
    assert (counts.deleted, counts.restored) == (told["deleted"], told["restored"])
    assert (counts.kept, counts.unchanged, counts.errors) == (told["kept"], told["unchanged"], 0)
    assert rollback.status is not RollbackStatus.ABORTED or counts.kept
    if rollback.mode is RollbackMode.WRITE:
        assert job.status is ImportStatus.ROLLED_BACK
        everybody = world.everybody(job.tenant)
        assert not [line for line in lines if line["action"] == "deleted" and line["contactId"] in everybody]
        deleted = {line["contactId"] for line in lines if line["action"] == "deleted"}
        assert {id_ for id_, what in done.items() if what == "deleted"} <= deleted
        assert not rollback.force or not counts.kept or "email" in {name for each in lines for name in each["fields"]}


def check_bulk(world: WholeWorld, ledger: Ledger, job: BulkJob, emails: dict[str, list[str | None]]) -> None:
    if job.kind is BulkKind.CREATE:
        _check_create(world, ledger, job, emails[job.id])
    else:
        _check_delete(world, ledger, job)


def _check_create(world: WholeWorld, ledger: Ledger, job: BulkJob, emails: list[str | None]) -> None:
    items = [each for slice_ in range(job.slices) for each in load_create_outcomes(world.files, job, slice_) or ()]
    assert [item.index for item in items] == list(range(len(emails)))
    for item, (outcome, duplicate_of) in zip(items, expected_outcomes(emails), strict=True):
        if outcome == "created" and item.outcome is Outcome.ERROR:
            assert item.code == NOT_CREATED
            assert _is_reconciled(world, job, item.index)
        else:
            assert (item.outcome, item.duplicate_of) == (outcome, duplicate_of)
    created = {item.index: item.contact_id for item in items if item.outcome is Outcome.CREATED}
    assert created == ledger.made_by(job.tenant, job.id)
    _check_counts(job, [item.outcome for item in items])
    if job.collection_id is not None and job.collection_problem is None:
        collected = world.all_ids(lambda at: world.collections.items(job.tenant, job.collection_id or "", position=at))
        assert Counter(each for each in collected if each in created.values()) == Counter(created.values())


def _check_delete(world: WholeWorld, ledger: Ledger, job: BulkJob) -> None:
    model = ledger.deletes[job.id]
    items = [each for slice_ in range(job.slices) for each in load_delete_outcomes(world.files, job, slice_) or ()]
    everybody = world.everybody(job.tenant)
    if model.ids is not None:
        assert [item.contact_id for item in items] == list(dict.fromkeys(model.ids))
    for number, item in enumerate(items):
        versions = ledger.versions.get((job.tenant, item.contact_id))
        match item.outcome:
            case Outcome.DELETED:
                assert item.contact_id not in everybody
                assert not job.dry_run
            case Outcome.CANDIDATE:
                assert job.dry_run
            case Outcome.NOT_FOUND:
                assert item.contact_id not in everybody
            case Outcome.FORBIDDEN:
                assert versions is not None
                assert versions[0].external_source != model.key
            case _:
                assert item.code == NOT_DELETED
                assert _is_reconciled(world, job, number)
    told = {item.contact_id for item in items if item.outcome is Outcome.DELETED}
    assert model.deleted <= told
    if not job.counts.failed and not job.dry_run and model.ids is None:
        assert not [each for each in everybody.values() if each.external_source == model.key], "not all was cleaned up"
    _check_counts(job, [item.outcome for item in items])


def _is_reconciled(world: WholeWorld, job: BulkJob, index: int) -> bool:
    record, _ = world.bulk_jobs.records[job.id, index // SLICE]
    return record.reconciled


def _check_counts(job: BulkJob, outcomes: list[Outcome]) -> None:
    found, counts = Counter(outcomes), job.counts
    assert counts.succeeded == found[Outcome.CREATED] + found[Outcome.DELETED] + found[Outcome.CANDIDATE]
    assert (counts.skipped, counts.failed) == (found[Outcome.SKIPPED], found[Outcome.ERROR])
    assert (counts.not_found, counts.forbidden) == (found[Outcome.NOT_FOUND], found[Outcome.FORBIDDEN])
    assert counts.processed == job.total == len(outcomes)
    if job.collection_problem is None:
        assert job.status == expected_status(outcomes)
    else:
        assert job.collection_problem.code == COLLECTION_NOT_FILLED


def check_export(world: WholeWorld, ledger: Ledger, job: ExportJob) -> list[str]:
    """A completed export has one file, with the contacts as they are now; a failed one has none. Returns the ids."""
    keys = list(world.files.list_keys(exports_prefix(job.tenant, job.id)))
    if job.status is ExportStatus.FAILED:
        assert not job.announced or keys == []
        return []
    assert job.file is not None
    assert not job.announced or keys == [job.file.key]
    body = world.files.get(job.file.key)
    assert body is not None
    rows = rows_in(body, job.options.format)
    segment = job.options.segment_id
    meant = {
        id_: each for id_, each in world.everybody(job.tenant).items() if segment is None or segment in each.segments
    }
    found = Counter(row["id"] for row in rows)
    assert found <= Counter(list(meant)), "a contact is in the file twice, or is not meant"
    # A segment's lists come with the end of an import's part, a moment after its contacts.
    assert all(_is_being_imported(world, ledger, job.tenant, id_, segment) for id_ in meant.keys() - found.keys())
    assert [row["email"] or None for row in rows] == [meant[row["id"]].email for row in rows]
    assert job.total == job.processed == len(rows)
    return [row["id"] for row in rows]


def _is_being_imported(world: WholeWorld, ledger: Ledger, tenant: str, contact_id: str, segment: str | None) -> bool:
    jobs = [each for each in ledger.imports.values() if each.tenant == tenant and contact_id in each.writes]
    return segment is not None and any(each.segment == segment and world.import_job(each.id).is_open for each in jobs)


def check_segment(world: WholeWorld, ledger: Ledger, tenant: str, segment: str) -> None:
    """Who is in the segment stands in its lists once; a rollback takes its import's lists away at its end."""
    now_in = {id_ for id_, each in world.everybody(tenant).items() if segment in each.segments}
    assert not now_in or world.segments.find(tenant, segment) is not None, "the segment has gone"
    listed = world.all_ids(lambda at: world.segments.members(tenant, segment, position=at))
    found = Counter(id_ for id_ in listed if id_ in now_in)
    imports = [world.import_job(each.id) for each in ledger.imports.values() if each.tenant == tenant]
    half_undone = any(job.status is ImportStatus.ROLLING_BACK for job in imports)
    assert found.keys() == now_in if half_undone else found == Counter(now_in)


def check_events(world: WholeWorld, ledger: Ledger) -> None:
    """An event that is told again is the same; every contact that a request made was told of; no e-mail is told."""
    told: dict[str, Any] = {}
    for _, detail in world.events.published:
        assert told.setdefault(detail["eventId"], detail) == detail, "an event changed"
        assert "@" not in repr(detail)
    created = {id_ for detail in told.values() for id_ in detail.get("contactIds", ())}
    assert created == {id_ for (_, mark), id_ in ledger.made.items() if mark.job not in ledger.imports}
    ended = [detail["jobId"] for id_, detail in told.items() if id_.startswith(("import-", "export-"))]
    assert sorted(ended) == sorted(job.id for job in world.table.values() if not isinstance(job, BulkJob))
