"""Rollbacks, bulk creates and clean-ups that are asked for, and what is refused."""

from __future__ import annotations

import random
from collections.abc import Sequence
from functools import partial

from contacts.domain.bulk_entries import CreateEntry
from contacts.domain.bulk_job import BulkJob, BulkKind
from contacts.domain.errors import Conflict, DomainError, Forbidden, NotFound
from contacts.domain.import_job import ImportJob, ImportStatus
from contacts.domain.rollback import OnConflict, RollbackStatus
from contacts.usecases.own_bulk_job import Caller
from contacts.usecases.start_bulk_create import BulkCreateRequest
from contacts.usecases.start_bulk_delete import BulkDeleteRequest
from contacts.usecases.start_rollback import RollbackRequest
from tests.support.bulk_world import entries_of
from tests.support.whole_model import ModelBulkCreate, ModelBulkDelete
from tests.support.whole_people import EMAILS, keyed_start
from tests.support.whole_surface import COLLECTION, TENANTS, USERS, Surface


def roll_back(surface: Surface, rng: random.Random) -> None:
    jobs = [job for job in surface.world.table.values() if isinstance(job, ImportJob)]
    if not jobs:
        return
    # Most of what is asked of a job that still runs is refused.
    ended = [job for job in jobs if not job.is_open]
    job = rng.choice(ended if ended and rng.random() < 0.85 else jobs)
    on_conflict = rng.choice((None, *OnConflict, OnConflict.KEEP))
    dry_run = rng.random() < 0.25
    refused = _rollback_refusal(job, on_conflict, dry_run=dry_run)
    request = RollbackRequest(tenant=job.tenant, user=USERS[0], job_id=job.id, on_conflict=on_conflict, dry_run=dry_run)
    with surface.watch():
        try:
            keyed_start(surface, rng, job.tenant, "POST /rollback", partial(surface.world.start_rollback, request))
        except Conflict as conflict:
            assert conflict.code == refused  # noqa: PT017 - which one is what the model says
            surface.tally[f"refused {conflict.code}"] += 1
            return
    assert refused is None


def _rollback_refusal(job: ImportJob, on_conflict: OnConflict | None, *, dry_run: bool) -> str | None:
    last = job.rollback
    if last is not None and last.status is RollbackStatus.RUNNING:
        return "ROLLBACK_RUNNING"
    if job.status is ImportStatus.ROLLED_BACK:
        return "ALREADY_ROLLED_BACK"
    if last is not None and job.status is ImportStatus.ROLLING_BACK:
        return "ROLLBACK_UNFINISHED" if dry_run or on_conflict not in {None, last.on_conflict} else None
    if job.is_open:
        return "IMPORT_RUNNING"
    return None if job.staged is not None and job.staged.parts else "NOTHING_TO_ROLL_BACK"


def bulk_create(surface: Surface, rng: random.Random) -> None:
    tenant = rng.choice(TENANTS)
    emails = [rng.choice((*EMAILS, "bad!", None, None)) for _ in range(rng.randrange(1, 8))]
    entries: Sequence[CreateEntry] = entries_of(*emails)
    request = BulkCreateRequest(
        tenant=tenant,
        user=rng.choice(USERS),
        is_admin=False,
        entries=entries,
        collection_id=rng.choice((None, COLLECTION)),
        client_source=rng.choice((None, "ios")),
    )
    with surface.watch():
        start = partial(surface.world.start_bulk_create, request)
        job_id = keyed_start(surface, rng, tenant, "POST /bulk-create", start)
    key = surface.world.bulk_job(job_id).tracking_key
    values = {entry.index: entry.values for entry in entries if entry.values is not None}
    surface.ledger.creates[job_id] = ModelBulkCreate(job_id, tenant, key, values)
    surface.emails[job_id] = emails


def clean_up(surface: Surface, rng: random.Random) -> None:
    """By id, by key or by both, of all or of these; now and then by a stranger."""
    jobs = [job for job in _bulk_jobs(surface) if job.kind is BulkKind.CREATE]
    if not jobs:
        return
    job = rng.choice(jobs)
    caller = Caller(tenant=job.tenant, user=job.created_by, is_admin=rng.random() < 0.1)
    if rng.random() < 0.2:
        caller = Caller(tenant=rng.choice(TENANTS), user=rng.choice(USERS), is_admin=caller.is_admin)
    by_id, by_key = rng.choice(((True, False), (False, True), (True, True)))
    ids = _some_ids(surface, rng, job.tenant) if rng.random() < 0.3 else None
    request = BulkDeleteRequest(
        caller=caller,
        create_job_id=job.id if by_id else None,
        tracking_key=job.tracking_key if by_key else None,
        contact_ids=ids,
        dry_run=rng.random() < 0.3,
    )
    refused = _clean_up_refusal(surface, job, caller, by_id=by_id)
    with surface.watch():
        try:
            start = partial(surface.world.start_bulk_delete, request)
            job_id = keyed_start(surface, rng, caller.tenant, "POST /bulk-delete", start)
        except DomainError as refusal:
            assert type(refusal) is refused, refusal  # noqa: PT017 - which one is what the model says
            surface.tally[f"refused {refusal.code}"] += 1
            return
    assert refused is None
    surface.ledger.deletes[job_id] = ModelBulkDelete(job_id, caller.tenant, job.tracking_key, ids, request.dry_run)


def _clean_up_refusal(surface: Surface, job: BulkJob, caller: Caller, *, by_id: bool) -> type[DomainError] | None:
    if by_id and not job.is_shown(surface.world.clock_at_rest()):
        return NotFound
    if job.tenant != caller.tenant:
        return Forbidden if by_id else None
    if not caller.is_admin and job.created_by != caller.user:
        return Forbidden
    return Conflict if job.is_open else None


def _some_ids(surface: Surface, rng: random.Random, tenant: str) -> list[str]:
    """Of anybody there ever was, of others' too, of nobody, some twice."""
    known = sorted(id_ for _, id_ in surface.ledger.versions)
    return [*rng.choices(known, k=min(4, len(known))), "nobody"] if known else ["nobody"]


def _bulk_jobs(surface: Surface) -> list[BulkJob]:
    return [job for job in surface.world.table.values() if isinstance(job, BulkJob)]


def unfilled(surface: Surface) -> list[BulkJob]:
    """Jobs whose collection could not be filled."""
    return [job for job in _bulk_jobs(surface) if job.collection_problem is not None]


def retry_collection(surface: Surface, rng: random.Random) -> None:
    job = rng.choice(unfilled(surface))
    caller = Caller(tenant=job.tenant, user=job.created_by, is_admin=False)
    with surface.watch():
        surface.insist(rng, partial(surface.world.retry_collection, caller, job.id))
    assert surface.world.bulk_job(job.id).collection_problem is None
