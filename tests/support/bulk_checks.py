"""Holds what an ended bulk job says of itself against the model, and tells the model what holds from now on."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

from hypothesis import event

from contacts.domain.bulk_entries import NOT_CREATED, NOT_DELETED
from contacts.domain.bulk_job import BulkJob
from contacts.domain.rows import Outcome
from tests.support.bulk_model import BulkModel, expected_outcomes, expected_status
from tests.support.bulk_world import SLICE, BulkWorld


def check_create(world: BulkWorld, model: BulkModel, job: BulkJob, emails: Sequence[str | None]) -> None:
    items = world.create_items(job)
    expected = expected_outcomes(emails)
    assert [(item.index, item.client_contact_id) for item in items] == [(n, f"phone-{n}") for n in range(len(expected))]
    for item, (outcome, duplicate_of) in zip(items, expected, strict=True):
        if _is_closed(world, job, item.index) and outcome == "created" and item.outcome is Outcome.ERROR:
            assert item.code == NOT_CREATED
            event("an entry was given up")
        else:
            assert (item.outcome, item.duplicate_of) == (outcome, duplicate_of)
    _check_counts(job, [item.outcome for item in items])
    created = [item.contact_id for item in items if item.outcome is Outcome.CREATED and item.contact_id]
    assert len(set(created)) == job.counts.succeeded
    assert {contact.id for contact in world.contacts_of(job)} == set(created) - model.gone
    for contact_id in created:
        model.made(job.tenant, contact_id, job.tracking_key)


def check_clean_up(world: BulkWorld, model: BulkModel, job: BulkJob) -> None:
    items = world.delete_items(job)
    expected = model.clean_ups[job.id]
    assert [item.contact_id for item in items] == list(expected.outcomes)
    for number, item in enumerate(items):
        if _is_closed(world, job, number) and item.outcome is Outcome.ERROR:
            assert item.code == NOT_DELETED
            event("a deletion was given up")
            continue
        assert item.outcome.value in expected.outcomes[item.contact_id]
        if item.outcome in {Outcome.DELETED, Outcome.CANDIDATE}:
            assert item.edited in expected.edited[item.contact_id]
    _check_counts(job, [item.outcome for item in items])
    model.end_clean_up(job.id, {item.contact_id: item.outcome.value for item in items})


def _is_closed(world: BulkWorld, job: BulkJob, index: int) -> bool:
    """Whether the slice was closed from what was there."""
    record, _ = world.bulk_jobs.records[job.id, index // SLICE]
    return record.reconciled


def _check_counts(job: BulkJob, outcomes: Sequence[Outcome]) -> None:
    found = Counter(outcomes)
    counts = job.counts
    assert counts.succeeded == found[Outcome.CREATED] + found[Outcome.DELETED] + found[Outcome.CANDIDATE]
    assert (counts.skipped, counts.failed) == (found[Outcome.SKIPPED], found[Outcome.ERROR])
    assert (counts.not_found, counts.forbidden) == (found[Outcome.NOT_FOUND], found[Outcome.FORBIDDEN])
    assert counts.processed == job.total == len(outcomes)
    assert job.status == expected_status(outcomes)
