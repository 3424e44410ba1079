"""Imports, people's edits and rollbacks on in-memory ports, driven as the state machine would."""

from __future__ import annotations

import csv
import io
import itertools
import json
from collections.abc import Callable, Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

from contacts.domain.contact import Contact
from contacts.domain.contact_write import Delete, Update, WriteResult
from contacts.domain.import_job import ImportJob
from contacts.domain.jobs import IMPORT_KIND
from contacts.domain.object_keys import rollback_csv_key, rollback_manifest_key, rollback_outcomes_key
from contacts.domain.rollback import OnConflict, Rollback, RollbackMode
from contacts.usecases.finish_rollback import AfterPass, FinishRollback
from contacts.usecases.mend_import import MendImport
from contacts.usecases.prepare_rollback import PrepareRollback
from contacts.usecases.roll_back_part import RollBackPart
from contacts.usecases.rollback_results import WriteRollbackResults
from contacts.usecases.start_rollback import RollbackRequest, StartRollback
from contacts.usecases.sweep_jobs import SweepJobs
from contacts.usecases.undo_left_contacts import UndoLeftContacts
from tests.support.import_world import TENANT, ImportWorld, Wrap

ROLLBACK_DAYS = 30

#: Runs one step of the state machine; a test of crashes puts its retries here.
Step = Callable[[Callable[[], Any]], Any]


def once(step: Callable[[], Any]) -> Any:
    return step()


class RollbackWorld(ImportWorld):
    """An `ImportWorld` in which imports can be rolled back."""

    def __init__(self, *, wrap: Wrap = lambda _name, port: port) -> None:
        self._seeds = itertools.count(1)
        super().__init__(wrap=wrap)

    def wire(self, wrap: Wrap) -> None:
        super().wire(wrap)
        jobs, files, runner = wrap("jobs", self.jobs), wrap("files", self.files), wrap("runner", self.runner)
        contacts, segments, clock = wrap("contacts", self.contacts), wrap("segments", self.segments), self.clock
        self.start_rollback = StartRollback(jobs=jobs, runner=runner, clock=clock, rollback_days=ROLLBACK_DAYS)
        self.prepare_rollback = PrepareRollback(jobs=jobs, files=files, clock=clock)
        self.roll_back_part = RollBackPart(jobs=jobs, contacts=contacts, files=files, work=self.work, clock=clock)
        self.finish_rollback = FinishRollback(
            jobs=jobs,
            contacts=contacts,
            segments=segments,
            files=files,
            undo_left=UndoLeftContacts(jobs=jobs, contacts=contacts, files=files, work=self.work, clock=clock),
            write_results=WriteRollbackResults(files=files),
            clock=clock,
        )
        self.swept_errors: list[tuple[str, Exception]] = []
        mend = MendImport(
            jobs=jobs, runner=runner, finish=self.finish, finish_rollback=self.finish_rollback, announce=self.announce
        )
        self.sweep = SweepJobs(
            jobs=jobs,
            menders={IMPORT_KIND: mend},
            tries=wrap("tries", self.tries),
            clock=clock,
            time_left=lambda: timedelta.max,
            on_error=lambda job_id, error: self.swept_errors.append((job_id, error)),
        )

    def request_rollback(
        self,
        job_id: str = "job",
        on_conflict: str | None = None,
        *,
        dry_run: bool = False,
        seed: str | None = None,
        tenant: str | None = None,
    ) -> ImportJob:
        """What a POST does; every call is a request of its own unless it says which."""
        conflict = OnConflict(on_conflict) if on_conflict else None
        request = RollbackRequest(
            tenant=tenant or TENANT, user="user", job_id=job_id, on_conflict=conflict, dry_run=dry_run
        )
        return self.start_rollback(request, seed or f"seed{next(self._seeds)}")

    def roll_back(
        self, job_id: str = "job", on_conflict: str | None = None, *, dry_run: bool = False, step: Step = once
    ) -> ImportJob:
        """Start and carry out a rollback; returns the job as it ended."""
        seed = f"seed{next(self._seeds)}"
        step(lambda: self.request_rollback(job_id, on_conflict, dry_run=dry_run, seed=seed))
        return self.carry_out(job_id, step=step)

    def carry_out(self, job_id: str = "job", *, step: Step = once) -> ImportJob:
        """What the state machine does with a rollback that was started."""
        run = self.rollback(job_id).run
        mode = step(lambda: self.prepare_rollback(job_id, run)).mode
        while mode is not None:
            for part in self.rollback_parts(job_id):
                step(lambda mode=mode, part=part: self.roll_back_part(job_id, run, mode, part))
            after = step(lambda mode=mode: self.finish_rollback(job_id, run, mode))
            mode = RollbackMode.WRITE if after is AfterPass.WRITE else None
        return self.jobs.jobs[job_id]

    def rollback(self, job_id: str = "job") -> Rollback:
        rollback = self.jobs.jobs[job_id].rollback
        assert rollback is not None
        return rollback

    def rollback_parts(self, job_id: str = "job") -> list[int]:
        body = self.files.get(rollback_manifest_key(TENANT, job_id, self.rollback(job_id).run))
        assert body is not None
        return [entry["part"] for entry in json.loads(body)]

    def rollback_outcomes(self, job_id: str = "job") -> list[dict[str, Any]]:
        """The list that the latest rollback left; the same stands in its CSV."""
        run = self.rollback(job_id).run
        body = self.files.get(rollback_outcomes_key(TENANT, job_id, run))
        as_csv = self.files.get(rollback_csv_key(TENANT, job_id, run))
        assert body is not None
        assert as_csv is not None
        lines = [json.loads(line) for line in body.splitlines()]
        header, *rows = csv.reader(io.StringIO(as_csv.decode(), newline=""), strict=True)
        assert header == ["contactId", "row", "action", "fields", "reason"]
        assert rows == [
            [line["contactId"], str(line["row"]), line["action"], " ".join(line["fields"]), line["reason"] or ""]
            for line in lines
        ]
        return lines

    def edit(self, contact: Contact, **values: Any) -> Contact:
        """A person changes fields; None takes one away."""
        changed = {**contact.values, **values}
        return self.replace_values(contact, {name: value for name, value in changed.items() if value is not None})

    def replace_values(self, contact: Contact, values: Mapping[str, Any]) -> Contact:
        """A person leaves the contact with these values."""
        after = replace(contact, values=values, version=contact.version + 1, updated_at=self.clock())
        assert self.contacts.write(TENANT, [Update(contact, after)]) == [WriteResult.WRITTEN]
        return after

    def delete(self, contact: Contact) -> None:
        assert self.contacts.write(TENANT, [Delete(contact)]) == [WriteResult.WRITTEN]
