"""Drives a world of bulk jobs to its end, and says what is left there."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

from contacts.domain.bulk_job import BulkJob, BulkKind
from contacts.domain.contact import Contact
from tests.support.bulk_world import BulkWorld


def without_times(contact: Contact) -> Contact:
    return replace(contact, created_at="", updated_at="")


def job_without_times(job: BulkJob) -> BulkJob:
    return replace(job, created_at="", changed_at="", started_at="", completed_at="")


def end_state(world: BulkWorld) -> dict[str, Any]:
    """All that jobs leave. Times are left out: a retry takes its own, unless a plan gives it the first one's."""
    return {
        "contacts": {c.id: without_times(c) for c in world.all_contacts()},
        "jobs": {job.id: job_without_times(job) for job in world.all_jobs()},
        "records": {key: record for key, (record, _) in world.bulk_jobs.records.items()},
        "items": {
            job.id: world.create_items(job) if job.kind is BulkKind.CREATE else world.delete_items(job)
            for job in world.all_jobs()
        },
        "deletions": {job.id: _timeless(world.deletions(job)) for job in world.all_jobs()},
        "collections": {
            id_: (each.name, each.created_by, each.editors, world.collected(id_, tenant=tenant))
            for (tenant, id_), each in world.collections.collections.items()
        },
        "line": world.line(),
        "events": {(kind, detail["eventId"], tuple(detail["contactIds"])) for kind, detail in world.events.published},
    }


def _timeless(deletions: dict[str, Any] | None) -> dict[str, Any] | None:
    return deletions and {**deletions, "createdAt": ""}


#: Runs one step; a test of crashes puts its retries here.
Step = Callable[[Callable[[], Any]], Any]


def once(step: Callable[[], Any]) -> Any:
    return step()


def work_to_the_end(world: BulkWorld, step: Step = once) -> None:
    """Deliver what is queued and sweep what got lost, until all jobs have ended."""
    for _ in range(20):
        while world.queue.messages:
            message = world.queue.messages.pop(0)
            step(partial(world.deliver, message))
        if not any(job.is_open for job in world.all_jobs()):
            return
        step(world.sweep_later)
        assert world.errors == []
    raise AssertionError("a job does not end")
