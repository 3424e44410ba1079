"""What can happen next, and how often."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial

import pytest

from contacts.domain.errors import DomainError, Forbidden, IdempotencyKeyReused, NotFound
from contacts.domain.export_job import ExportJob, ExportStatus
from contacts.domain.import_job import BlankValues, DuplicateStrategy, ImportJob, ImportOptions, ImportStatus
from contacts.domain.import_request import ImportRequest
from contacts.usecases.do_once import KeyedRequest
from contacts.usecases.own_bulk_job import Caller
from contacts.usecases.start_bulk_delete import BulkDeleteRequest
from contacts.usecases.start_rollback import RollbackRequest
from tests.support import whole_files, whole_jobs, whole_people
from tests.support.whole_files import HEADER, import_file_of, start_export
from tests.support.whole_people import pick
from tests.support.whole_surface import TENANTS, USERS, Surface

Action = Callable[[Surface, random.Random], object]


def advance(surface: Surface, rng: random.Random) -> None:
    """A task of some execution runs, or dies and stays."""
    if live := surface.executions.live:
        execution = rng.choice(live)
        surface.run_task(rng, execution, rng.choice(execution.todo))


def give_up(surface: Surface, rng: random.Random) -> None:
    if live := surface.executions.live:
        execution = rng.choice(live)
        surface.executions.give_up(execution, rng.choice(execution.todo))


def kill(surface: Surface, rng: random.Random) -> None:
    """Somebody stops an execution."""
    if live := surface.executions.live:
        surface.executions.kill(rng.choice(live))


def run_again(surface: Surface, rng: random.Random) -> None:
    """A task that has run, or was given up, runs once more: late, or because its answer was lost."""
    running = [task for each in surface.executions.live for task in each.past]
    past = [task for each in surface.executions.all.values() for task in each.past]
    task = rng.choice(running if running and rng.random() < 0.7 else past)
    if task.kind in {"finish", "finish rollback", "fail rollback"} and _is_followed(surface, task.job_id):
        return
    with surface.watch(surface.explain_task(task)):
        surface.attempt(rng, partial(task, surface.world))


def _is_followed(surface: Surface, job_id: str) -> bool:
    """Whether a worker of the job can be at work: a finish must not come before they have ended."""
    return any(task.job_id == job_id for each in surface.executions.live for task in each.todo)


def deliver(surface: Surface, rng: random.Random) -> None:
    """A worker takes a message; where it dies the message comes again."""
    _with_message(surface, rng, dead=False)


def bury(surface: Surface, rng: random.Random) -> None:
    """A message has failed too often, and its slice is closed."""
    _with_message(surface, rng, dead=True)


def _with_message(surface: Surface, rng: random.Random, *, dead: bool) -> None:
    if messages := surface.world.queue.messages:
        message = messages.pop(rng.randrange(len(messages)))
        surface.delivered.append(message)
        if not surface.run_message(rng, message, dead=dead):
            messages.append(message)


def lose(surface: Surface, rng: random.Random) -> None:
    """A message is never delivered."""
    if messages := surface.world.queue.messages:
        messages.pop(rng.randrange(len(messages)))


def deliver_again(surface: Surface, rng: random.Random) -> None:
    surface.run_message(rng, rng.choice(surface.delivered[-3:] if rng.random() < 0.7 else surface.delivered))


def sweep(surface: Surface, rng: random.Random) -> None:
    if rng.random() < 0.7:
        surface.world.let_time_pass()
    with surface.watch():
        surface.attempt(rng, surface.world.sweep)


def export(surface: Surface, rng: random.Random) -> None:
    start_export(surface, rng)


def round_trip(surface: Surface, rng: random.Random) -> None:
    """All contacts go out, and come in again at once: nothing changes."""
    export_id = start_export(surface, rng)
    surface.observe()
    _run_to_the_end(surface, rng, export_id)
    job = surface.world.export_job(export_id)
    if job.status is not ExportStatus.COMPLETED:
        # The segment that was meant has gone with a rollback.
        assert job.options.segment_id is not None
        return
    exported = next(each for each in surface.exported if each.job_id == export_id)
    options = ImportOptions(duplicate_strategy=DuplicateStrategy.UPDATE, blank_values=rng.choice(tuple(BlankValues)))
    import_id = import_file_of(surface, rng, exported, options)
    if import_id is None:
        return
    surface.observe()
    with surface.watch():
        _run_to_the_end(surface, rng, import_id)
    ended = surface.world.import_job(import_id)
    assert (ended.status, ended.counts.updated) == (ImportStatus.COMPLETED, len(exported.contacts))
    surface.tally[f"round trip {job.options.format}"] += 1


def _run_to_the_end(surface: Surface, rng: random.Random, name: str) -> None:
    execution = surface.executions.all[name]
    while execution.todo:
        surface.run_task(rng, execution, rng.choice(execution.todo))
        surface.observe()


def link(surface: Surface, rng: random.Random) -> None:
    if jobs := [job for job in surface.world.table.values() if isinstance(job, ExportJob)]:
        job = rng.choice(jobs)
        ask = partial(surface.world.link_export, job.tenant, USERS[1], job.id, f"request{rng.random()}")
        if job.file is None:
            with pytest.raises(DomainError):
                ask()
        else:
            assert job.file.key in surface.insist(rng, ask)


def repeat_request(surface: Surface, rng: random.Random) -> None:
    """The same request under the same key: the same answer, and nothing is made. Another body: a refusal."""
    if not surface.requests:
        return
    request, start, made, at = rng.choice(surface.requests)
    if _age(surface, at) > timedelta(hours=23):
        return
    jobs = len(surface.world.table)
    with surface.watch():
        body, replayed = surface.world.keyed(request, start, answer=lambda each: {"id": each.id})
        assert (body["id"], replayed) == (made, True)
        other = KeyedRequest(
            tenant=request.tenant, user=request.user, route=request.route, key=request.key, body="other"
        )
        with pytest.raises(IdempotencyKeyReused):
            surface.world.keyed(other, start, answer=lambda each: {"id": each.id})
    assert len(surface.world.table) == jobs


def intrude(surface: Surface, rng: random.Random) -> None:
    """Somebody of another tenant who knows an id comes no further than to a refusal."""
    tenant, contact = pick(surface, rng)
    stranger = TENANTS[1 - TENANTS.index(tenant)]
    with surface.watch():
        if contact is not None:
            for act in (
                partial(surface.world.get_contact, stranger, contact.id),
                partial(surface.world.update_contact, stranger, contact.id, {"title": "mine"}, None),
                partial(surface.world.delete_contact, stranger, contact.id),
            ):
                with pytest.raises(NotFound):
                    act()
        for job in [job for job in surface.world.table.values() if job.tenant == tenant]:
            with pytest.raises((Forbidden, NotFound)):
                _misuse(surface, stranger, job)


def _misuse(surface: Surface, stranger: str, job: object) -> None:
    world = surface.world
    if isinstance(job, ImportJob):
        upload = ImportRequest(
            tenant=stranger,
            user=USERS[0],
            workspace=None,
            file_name="mine.csv",
            file_url=job.file_url,
            field_mapping=HEADER,
            options=ImportOptions(),
        )
        with pytest.raises(Forbidden):
            world.start_import(upload, "stranger")
        world.start_rollback(
            RollbackRequest(tenant=stranger, user=USERS[0], job_id=job.id, on_conflict=None, dry_run=True), "stranger"
        )
    elif isinstance(job, ExportJob):
        world.link_export(stranger, USERS[0], job.id, "stranger")
    else:
        caller = Caller(tenant=stranger, user=USERS[0], is_admin=True)
        world.start_bulk_delete(
            BulkDeleteRequest(
                caller=caller,
                create_job_id=getattr(job, "id", ""),
                tracking_key=None,
                contact_ids=None,
                dry_run=True,
            ),
            "stranger",
        )


def _age(surface: Surface, at: str) -> timedelta:
    return datetime.fromisoformat(surface.world.clock_at_rest()) - datetime.fromisoformat(at)


def _always(_surface: Surface) -> bool:
    return True


def _somebody(surface: Surface) -> bool:
    return any(surface.world.everybody(tenant) for tenant in TENANTS)


def _live(surface: Surface) -> bool:
    return bool(surface.executions.live)


def _past(surface: Surface) -> bool:
    return any(each.past for each in surface.executions.all.values())


def _messages(surface: Surface) -> bool:
    return bool(surface.world.queue.messages)


@dataclass(frozen=True)
class Possible:
    """Something that can happen: how often, beside the others, and when at all."""

    weight: int
    act: Action
    when: Callable[[Surface], object] = _always


ACTIONS = {
    "create": Possible(6, whole_people.create_contact),
    "edit": Possible(8, whole_people.edit, _somebody),
    "move": Possible(6, whole_people.move, _somebody),
    "delete": Possible(4, whole_people.remove, _somebody),
    "import": Possible(6, whole_files.import_people),
    "import corrections": Possible(5, whole_files.import_corrections, lambda surface: bool(surface.ledger.versions)),
    "import an export": Possible(4, whole_files.import_export, lambda surface: bool(surface.exported)),
    "export and import again": Possible(2, round_trip),
    "roll back": Possible(12, whole_jobs.roll_back, lambda surface: bool(surface.ledger.imports)),
    "bulk create": Possible(5, whole_jobs.bulk_create),
    "clean up": Possible(6, whole_jobs.clean_up, lambda surface: bool(surface.ledger.creates)),
    "retry a collection": Possible(3, whole_jobs.retry_collection, whole_jobs.unfilled),
    "export": Possible(4, export),
    "link": Possible(2, link, lambda surface: any(isinstance(job, ExportJob) for job in surface.world.table.values())),
    "run a task": Possible(34, advance, _live),
    "run a task again": Possible(5, run_again, _past),
    "give a task up": Possible(3, give_up, _live),
    "kill an execution": Possible(1, kill, _live),
    "deliver": Possible(16, deliver, _messages),
    "deliver again": Possible(4, deliver_again, lambda surface: bool(surface.delivered)),
    "bury a message": Possible(3, bury, _messages),
    "lose a message": Possible(2, lose, _messages),
    "sweep": Possible(4, sweep),
    "repeat a request": Possible(3, repeat_request, lambda surface: bool(surface.requests)),
    "intrude": Possible(2, intrude, lambda surface: bool(surface.world.table)),
}
PEOPLE = {"create", "edit", "move", "delete"}


def next_action(surface: Surface, rng: random.Random) -> str:
    """After a crash people often come before the retry."""
    names = [name for name, each in ACTIONS.items() if each.when(surface)]
    if surface.has_trouble and rng.random() < 0.5:
        names = [name for name in names if name in PEOPLE]
    surface.has_trouble = False
    return rng.choices(names, [ACTIONS[name].weight for name in names])[0]
