"""Start to take away what a bulk create job created."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from contacts.bulk_ports import BulkJobStore
from contacts.domain.bulk_entries import created_ids
from contacts.domain.bulk_job import BulkJob, BulkKind
from contacts.domain.errors import Conflict, Forbidden, InvalidRequest
from contacts.domain.seeded_ids import seeded_uuid
from contacts.domain.tracking_key import job_of_tracking_key
from contacts.ports import Clock, ContactStore, FileStore
from contacts.usecases.bulk_slices import load_create_outcomes, store_entries
from contacts.usecases.own_bulk_job import Caller, own_bulk_job
from contacts.usecases.submit_bulk_job import SubmitBulkJob


@dataclass(frozen=True, slots=True, kw_only=True)
class BulkDeleteRequest:
    """What to clean up: the create job by its id, by its tracking key, or by both; all it made, or these contacts."""

    caller: Caller
    create_job_id: str | None
    tracking_key: str | None
    contact_ids: Sequence[str] | None
    dry_run: bool


class StartBulkDelete:
    """Finds the candidates, makes a job and sends its first slices. With the same seed it makes the same job."""

    def __init__(
        self,
        *,
        jobs: BulkJobStore,
        contacts: ContactStore,
        files: FileStore,
        submit: SubmitBulkJob,
        clock: Clock,
    ) -> None:
        self._jobs = jobs
        self._contacts = contacts
        self._files = files
        self._submit = submit
        self._clock = clock

    @staticmethod
    def job_id(seed: str) -> str:
        """The id of the job that a start with this seed makes."""
        return seeded_uuid(BulkKind.DELETE, seed)

    def __call__(self, request: BulkDeleteRequest, seed: str) -> BulkJob:
        """Start, and return the job as it was accepted.

        Raises:
            InvalidRequest: neither id nor key is given, they disagree, or the key is none.
            NotFound: there is no create job of this id, or it has expired; its tracking key still works.
            Forbidden: the create job is another tenant's or user's.
            Conflict: the create job runs.
        """
        job_id = self.job_id(seed)
        caller = request.caller
        create_job, key = self._create_job(request)
        if create_job is not None and create_job.is_open:
            raise Conflict("the job still creates contacts; clean up when it has ended", code="JOB_NOT_ENDED")
        ids = self._ids(caller, request.contact_ids, create_job, key)
        # A second try finds other candidates where the first has begun to delete; the job keeps its first ones.
        total = store_entries(self._files, caller.tenant, job_id, ids)
        now = self._clock()
        job = BulkJob(
            id=job_id,
            kind=BulkKind.DELETE,
            tenant=caller.tenant,
            created_by=caller.user,
            created_at=now,
            changed_at=now,
            tracking_key=key,
            total=total,
            create_job_id=create_job.id if create_job else job_of_tracking_key(key),
            dry_run=request.dry_run,
        )
        self._submit(job)
        return job

    def _create_job(self, request: BulkDeleteRequest) -> tuple[BulkJob | None, str]:
        """The create job as far as it is known, and its tracking key."""
        caller, key = request.caller, request.tracking_key
        if request.create_job_id is not None:
            job = own_bulk_job(self._jobs, BulkKind.CREATE, caller, request.create_job_id, self._clock())
            if key is not None and key != job.tracking_key:
                raise InvalidRequest(
                    "trackingKey is not that of bulkCreateJobId", code="TRACKING_KEY_MISMATCH", field="trackingKey"
                )
            return job, job.tracking_key
        if key is None:
            raise InvalidRequest("give bulkCreateJobId or trackingKey", code="JOB_REQUIRED", field="bulkCreateJobId")
        job_id = job_of_tracking_key(key)
        if job_id is None:
            raise InvalidRequest("this is no tracking key", code="TRACKING_KEY_INVALID", field="trackingKey")
        found = self._jobs.find_job(BulkKind.CREATE, job_id)
        if found is None or found.tenant != caller.tenant or found.tracking_key != key:
            # Forgotten after 90 days, or nothing of this tenant: the contacts alone can tell.
            return None, key
        if not caller.may_see(found):
            raise Forbidden("this job belongs to another user", code="JOB_FORBIDDEN")
        return found, key

    def _ids(self, caller: Caller, given: Sequence[str] | None, create_job: BulkJob | None, key: str) -> list[str]:
        marked = set(self._contacts.find_ids_by_external_source(caller.tenant, key))
        if create_job is None and marked and not caller.is_admin:
            raise Forbidden("nobody knows any more whose job this was; ask an administrator", code="JOB_FORBIDDEN")
        if given is not None:
            return list(dict.fromkeys(given))
        recorded = self._recorded(create_job) if create_job else []
        # The index is the wider net: it holds what a worker wrote that died before it could report.
        return list(dict.fromkeys([*recorded, *sorted(marked)]))

    def _recorded(self, create_job: BulkJob) -> list[str]:
        return [
            contact_id
            for slice_ in range(create_job.slices)
            for contact_id in created_ids(load_create_outcomes(self._files, create_job, slice_) or ())
        ]
