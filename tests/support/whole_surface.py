"""Drives the whole surface by chance, and holds every step against the model. See `whole_actions` for what can happen.

Seeded random sequences, not Hypothesis: drawing takes Hypothesis longer than our handlers take to run, and nearly all
draws would be refused, for what a sequence can do depends on what is there by then. What it gives otherwise is kept:
each step draws from a generator of its own, named by seed and number, so a failure is repeated by its seed, and a
sequence that fails is shortened by leaving steps out (`whole_sequences.shortened`).
"""

from __future__ import annotations

import random
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from contacts.domain.bulk_job import BulkJob, BulkKind
from contacts.domain.collection import Collection
from contacts.domain.contact import Contact
from contacts.domain.contact_write import ContactWrite
from contacts.domain.export_job import ExportJob, ExportStatus
from contacts.domain.import_job import ImportJob
from contacts.domain.jobs import Job
from contacts.domain.rollback import OnConflict, RollbackMode, RollbackStatus
from contacts.domain.segment import segment_id
from tests.support.memory_contact_store import Lost
from tests.support.port_faults import Crash, PortFaults, When
from tests.support.whole_checks import (
    check_bulk,
    check_events,
    check_export,
    check_import,
    check_rollback,
    check_segment,
    check_status,
)
from tests.support.whole_executions import Execution, Executions, Task
from tests.support.whole_model import Ledger, email_of
from tests.support.whole_world import Message, WholeWorld

TENANTS = ("acme", "other")
USERS = ("ann", "bob")
SEGMENT = "VIP"
COLLECTION = "friends"

#: Told of every contact that changed in a step: tenant, before, after. Raises where it knows no reason.
Explain = Callable[[str, Contact | None, Contact | None], None]


def nothing(tenant: str, before: Contact | None, after: Contact | None) -> None:
    """For steps that change no contact."""
    raise AssertionError(f"nothing should have changed, and {'nobody' if before is None else before} became {after}")


@dataclass
class Exported:
    """What a completed export has in its file, in the file's order."""

    job_id: str
    contacts: Sequence[Contact]


@dataclass
class Surface:
    tally: Counter[str] = field(default_factory=Counter)
    world: WholeWorld = field(default_factory=WholeWorld)
    ledger: Ledger = field(default_factory=Ledger)
    seen: dict[str, Job] = field(default_factory=dict)
    emails: dict[str, list[str | None]] = field(default_factory=dict)
    exported: list[Exported] = field(default_factory=list)
    delivered: list[Message] = field(default_factory=list)
    touched: list[tuple[str, str]] = field(default_factory=list)
    """Who changed last: where people meet workers that have died halfway."""
    has_trouble: bool = False
    """Whether a worker died in the last step."""
    requests: list[tuple[Any, Callable[[str], Any], str, str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.executions = Executions(self.world)
        for tenant in TENANTS:
            collection = Collection(
                id=COLLECTION, tenant=tenant, name="Friends", created_by="owner", created_at="", editors=USERS
            )
            assert self.world.collections.create_collection(collection)

    # ------------------------------------------------------------------------------------------------- one step
    @contextmanager
    def watch(self, explain: Explain = nothing) -> Iterator[None]:
        """Whatever contact changes meanwhile must be explained."""
        before = {tenant: self.world.everybody(tenant) for tenant in TENANTS}
        yield
        for tenant in TENANTS:
            now = self.world.everybody(tenant)
            changed = [id_ for id_ in before[tenant].keys() | now.keys() if before[tenant].get(id_) is not now.get(id_)]
            for id_ in sorted(changed):
                explain(tenant, before[tenant].get(id_), now.get(id_))
                self.ledger.note(tenant, before[tenant].get(id_), now.get(id_))
                self.tally["changes explained"] += 1
                self.touched = [*self.touched[-3:], (tenant, id_)]
            if changed:
                self._check_holders(tenant, now)

    def attempt(self, rng: random.Random, act: Callable[[], Any]) -> tuple[bool, Any]:
        """Do it; now and then the worker dies before or after one of its calls, or an answer gets lost. Returns
        whether it came to its end, and with what."""
        fate = rng.random()
        if fate < 0.1:
            return True, self._losing_an_answer(rng, act)
        if fate < 0.4:
            return self._dying(rng, act)
        return True, act()

    def insist(self, rng: random.Random, act: Callable[[], Any]) -> Any:
        """Do it, and where it dies again until there is an answer, as a client does who has a key."""
        done, result = self.attempt(rng, act)
        return result if done else act()

    def run_task(self, rng: random.Random, execution: Execution, task: Task) -> bool:
        """One try of a task; False where it died, and stays to be tried again."""
        with self.watch(self.explain_task(task)):
            done, result = self.attempt(rng, partial(task, self.world))
        if done:
            self.executions.succeed(execution, task, result)
        return done

    def run_message(self, rng: random.Random, message: Message, *, dead: bool = False) -> bool:
        """One delivery of a message, or what is done with one that no worker could end."""
        with self.watch(self.explain_message(message, dead=dead)):
            done, _ = self.attempt(rng, partial(self.world.close if dead else self.world.deliver, message))
        return done

    def _dying(self, rng: random.Random, act: Callable[[], Any]) -> tuple[bool, Any]:
        number = int(rng.expovariate(1 / 12))
        faults = PortFaults({number: rng.choice((When.BEFORE, When.AFTER))})
        self.world.wire(faults.wrap)
        try:
            return True, act()
        except Crash:
            self.has_trouble = True
            return False, None
        finally:
            self.world.wire()
            if len(faults.calls) > number:
                self.tally["crashes"] += 1
                self.tally[f"crash at {faults.calls[number]}"] += 1

    def _losing_an_answer(self, rng: random.Random, act: Callable[[], Any]) -> Any:
        fates = iter([*[None] * rng.randrange(3), rng.choice((Lost.BEFORE, Lost.AFTER))])

        def lose(_write: ContactWrite) -> Lost | None:
            fate = next(fates, None)
            self.tally["lost answers"] += fate is not None
            return fate

        self.world.contacts.lose_answer = lose
        try:
            return act()
        finally:
            self.world.contacts.lose_answer = lambda _write: None

    # ------------------------------------------------------------------------------------------------ explanations
    def explain_task(self, task: Task) -> Explain:
        if task.kind == "apply":
            tenant = self.ledger.imports[task.job_id].tenant
            held = {email_of(each) for each in self.world.everybody(tenant).values()} - {""}
            return partial(self.ledger.by_import, job_id=task.job_id, part=task.part, held=held)
        if task.kind in {"roll back part", "finish rollback"} and task.mode is RollbackMode.WRITE:
            rollback = self.world.import_job(task.job_id).rollback
            assert rollback is not None
            force = rollback.on_conflict is OnConflict.FORCE
            return partial(self.ledger.by_rollback, task=(task.job_id, task.run), force=force)
        return nothing

    def explain_message(self, message: Message, *, dead: bool = False) -> Explain:
        kind, job_id, slice_ = message
        if dead:
            return nothing
        if kind is BulkKind.CREATE:
            return partial(self.ledger.by_bulk_create, job_id=job_id, entries=self.world.bulk_job(job_id).rows(slice_))
        return partial(self.ledger.by_bulk_delete, job_id=job_id)

    # --------------------------------------------------------------------------------------------- after each step
    def observe(self) -> None:
        """Status goes forward; who has ended says what was written; nothing went wrong but what was made to."""
        self.executions.sync()
        assert not self.world.errors, self.world.errors
        for job_id, job in self.world.table.items():
            last = self.seen.get(job_id)
            if last is not job:
                self.seen[job_id] = job
                self._check_step_of(job, last)
        self.tally["checks"] += 1

    def _check_step_of(self, job: Job, last: Job | None) -> None:
        if last is not None:
            check_status(job, last)
        was_open = last is None or last.is_open
        if isinstance(job, ImportJob) and was_open and not job.is_open:
            check_import(self.world, self.ledger, job)
            self.tally[f"import {job.status}"] += 1
        if (
            isinstance(job, ImportJob)
            and job.rollback is not None
            and job.rollback.status is not RollbackStatus.RUNNING
        ):
            before = last.rollback if isinstance(last, ImportJob) else None
            if before is None or before.status is RollbackStatus.RUNNING:
                check_rollback(self.world, self.ledger, job)
                self.tally[f"rollback {job.rollback.mode} {job.rollback.status}"] += 1
        if isinstance(job, BulkJob) and not job.is_open:
            check_bulk(self.world, self.ledger, job, self.emails)
            self.tally[f"{job.kind} {job.status}"] += was_open
        if isinstance(job, ExportJob) and was_open and not job.is_open:
            self._check_export(job)

    def _check_export(self, job: ExportJob) -> None:
        ids = check_export(self.world, self.ledger, job)
        self.tally[f"export {job.options.format} {job.status}"] += 1
        if job.status is ExportStatus.COMPLETED:
            everybody = self.world.everybody(job.tenant)
            self.exported.append(Exported(job.id, [everybody[id_] for id_ in ids]))

    def _check_holders(self, tenant: str, now: dict[str, Contact]) -> None:
        """Whoever has an e-mail is found by it, or stands beside the one who is."""
        emails = {email_of(each) for each in now.values()} - {""}
        holders = self.world.contacts.find_by_emails(tenant, emails)
        assert holders.keys() == emails
        assert all(email_of(holder) == email and holder.id in now for email, holder in holders.items())

    # ------------------------------------------------------------------------------------------------- at the end
    def end(self) -> None:
        """Whatever was left, lost or dead: every job ends, and all that is delivered again changes nothing."""
        calm = _Calm()
        for _ in range(12):
            self._run_what_is_there(calm)
            if not any(_is_unfinished(job) for job in self.world.table.values()):
                break
            self.world.let_time_pass()
            with self.watch():
                assert not self.world.sweep().failed
            self.observe()
        assert not [job.id for job in self.world.table.values() if _is_unfinished(job)], "a job does not end"
        self.world.let_time_pass()
        self.world.sweep()
        assert not self.world.outbox.notes, "a contact that was made alone is never announced"
        self._deliver_everything_again()
        for tenant in TENANTS:
            assert self.world.bulk_jobs.line(tenant, 1_000) == []
            check_segment(self.world, self.ledger, tenant, segment_id(tenant, SEGMENT))
        for job in self.world.table.values():
            if isinstance(job, ExportJob):
                assert job.announced
        check_events(self.world, self.ledger)

    def _run_what_is_there(self, rng: random.Random) -> None:
        while self.executions.live or self.world.queue.messages:
            for execution in self.executions.live:
                assert self.run_task(rng, execution, execution.todo[0])
                self.observe()
            while self.world.queue.messages:
                self.delivered.append(self.world.queue.messages.pop(0))
                self.run_message(rng, self.delivered[-1])
                self.observe()

    def _deliver_everything_again(self) -> None:
        published = len({detail["eventId"] for _, detail in self.world.events.published})
        with self.watch():
            for execution in self.executions.all.values():
                for task in execution.past * 3:
                    task(self.world)
            for message in self.delivered * 3:
                assert not self.world.deliver(message)
                assert not self.world.close(message)
        assert not self.world.queue.messages
        assert len({detail["eventId"] for _, detail in self.world.events.published}) == published
        self.observe()


class _Calm(random.Random):
    """Chance under which nothing breaks."""

    def random(self) -> float:
        return 1.0


def _is_unfinished(job: Job) -> bool:
    if isinstance(job, BulkJob):
        return job.is_open
    rolling = isinstance(job, ImportJob) and job.rollback is not None and job.rollback.status is RollbackStatus.RUNNING
    return job.is_open or not job.announced or rolling
