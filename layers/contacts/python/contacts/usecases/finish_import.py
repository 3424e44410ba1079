"""End an import: account for every row, write the lists, close the job, tell the world."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import timedelta

import orjson

from contacts.domain.import_job import FileError, ImportJob, ImportStatus, StagedFile
from contacts.domain.object_keys import manifest_key
from contacts.domain.rows import RowError
from contacts.ports import Clock, FileStore, JobStore, SegmentStore
from contacts.usecases.announce_import import AnnounceImport
from contacts.usecases.import_parts import PartEnd, import_segment, import_unit, load_staged_rows
from contacts.usecases.import_results import WriteImportResults
from contacts.usecases.unit_of_work import UnitOfWork, UnitStillWrittenError

#: Longer than the worker of a part lives (template: a function that ends after 5 minutes).
PART_WORKER_LIFE = timedelta(seconds=330)

NOT_READ = FileError(
    "IMPORT_FAILED", "the file could not be read because of a fault on our side; nothing was imported, please try again"
)
NOT_ALL_APPLIED = FileError(
    "IMPORT_INCOMPLETE",
    "some rows could not be imported because of a fault on our side; import the list of failed rows once more",
)
NOT_ACCOUNTED_FOR = FileError(
    "IMPORT_UNACCOUNTED",
    "the import was broken off because of a fault on our side; more rows than counted may be imported",
)


class FinishImport:
    """Closes a job whose work is over, however it went. Can be run again at any point."""

    def __init__(
        self,
        *,
        jobs: JobStore,
        segments: SegmentStore,
        files: FileStore,
        work: UnitOfWork,
        end_part: PartEnd,
        write_results: WriteImportResults,
        announce: AnnounceImport,
        clock: Clock,
    ) -> None:
        self._jobs = jobs
        self._segments = segments
        self._files = files
        self._work = work
        self._end_part = end_part
        self._write_results = write_results
        self._announce = announce
        self._clock = clock

    def __call__(self, job_id: str, *, worker_life: timedelta = timedelta(0)) -> None:
        """Finish the job. Parts without a record are sealed, so that nobody begins to write them any more, and closed
        from their plans and the table; their unwritten rows end in error.

        Args:
            job_id: the import.
            worker_life: how long workers may live that have begun already. None is left where the state machine calls:
                its steps outlast their functions.

        Raises:
            UnitStillWrittenError: one of these may still be writing. Call again when `worker_life` is over.
        """
        job = self._jobs.find_import(job_id)
        if job is None:
            return
        if job.is_open:
            self._close(job, worker_life)
            job = self._jobs.find_import(job_id)
        if job is not None and not job.announced:
            self._announce(job)

    def give_up(self, job_id: str) -> None:
        """End a job that `__call__` has failed to end for long: without its lists, as the alternative is never. Call it
        only when no worker of the job can be running any more."""
        job = self._jobs.close_import(job_id, ImportStatus.FAILED, self._clock(), NOT_ACCOUNTED_FOR)
        if job is not None:
            self._announce(job)

    def _close(self, job: ImportJob, worker_life: timedelta) -> None:
        if job.staged is None:
            self._jobs.close_import(job.id, ImportStatus.FAILED, self._clock(), NOT_READ)
            return
        parts = self._manifest(job, job.staged)
        done = {record.part for record in self._jobs.parts(job.id)}
        self._reconcile_all(job, [part for part in parts if part not in done], worker_life)
        self._write_results(job, job.staged, parts)
        records = list(self._jobs.parts(job.id))
        if any(record.counts.imported for record in records):
            self._keep_segment(job)
        if any(record.reconciled for record in records):
            self._jobs.close_import(job.id, ImportStatus.FAILED, self._clock(), NOT_ALL_APPLIED)
        else:
            self._jobs.close_import(job.id, ImportStatus.COMPLETED, self._clock())

    def _keep_segment(self, job: ImportJob) -> None:
        """Make sure of the segment again: the rollback of the import that made it can have found it empty, and removed
        it, between our staging and our first member."""
        segment = import_segment(job, self._clock())
        if segment:
            self._segments.ensure(segment)

    def _reconcile_all(self, job: ImportJob, parts: Sequence[int], worker_life: timedelta) -> None:
        """As far as that can be: a part that is still written keeps no other one from being sealed now."""
        written: UnitStillWrittenError | None = None
        for part in parts:
            try:
                self._reconcile(job, part, worker_life)
            except UnitStillWrittenError as error:
                written = error
        if written is not None:
            raise written

    def _reconcile(self, job: ImportJob, part: int, worker_life: timedelta) -> None:
        rows = load_staged_rows(self._files, job, part)

        def give_up(row: int) -> RowError:
            message = "the row was not imported because of a fault on our side"
            return RowError(row, None, None, "NOT_IMPORTED", message, rows[row].cells)

        settled = self._work.close(import_unit(job, part), give_up, rows, now=self._clock(), worker_life=worker_life)
        self._end_part(job, part, settled, reconciled=True)

    def _manifest(self, job: ImportJob, staged: StagedFile) -> list[int]:
        body = self._files.get(manifest_key(job.tenant, job.id))
        if body is None:
            raise FileNotFoundError(f"job {job.id} is staged in {staged.parts} parts and has no manifest")
        return [entry["part"] for entry in orjson.loads(body)]
