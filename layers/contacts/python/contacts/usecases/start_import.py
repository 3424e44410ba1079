"""Start an import."""

from __future__ import annotations

from contacts.domain.column_mapping import check_mapping
from contacts.domain.errors import Forbidden, InvalidRequest
from contacts.domain.import_job import ImportJob
from contacts.domain.import_request import ImportRequest
from contacts.domain.object_keys import uploads_prefix
from contacts.domain.seeded_ids import seeded_uuid
from contacts.ports import Clock, FileLinks, FileStore, JobRunner, JobStore


class StartImport:
    """Makes a job and starts its execution. With the same seed it makes the same job, and finishes what an earlier try
    left half done."""

    def __init__(
        self,
        *,
        jobs: JobStore,
        files: FileStore,
        links: FileLinks,
        runner: JobRunner,
        clock: Clock,
        max_file_bytes: int,
    ) -> None:
        self._jobs = jobs
        self._files = files
        self._links = links
        self._runner = runner
        self._clock = clock
        self._max_file_bytes = max_file_bytes

    @staticmethod
    def job_id(seed: str) -> str:
        """The id of the job that a start with this seed makes."""
        return seeded_uuid("import", seed)

    def __call__(self, request: ImportRequest, seed: str) -> ImportJob:
        """Start, and return the job as it was accepted.

        Raises:
            InvalidRequest: the mapping can import nothing; the file was never uploaded or is too large.
            Forbidden: the file's address is not one of the tenant's own uploads. Nothing is fetched then.
        """
        check_mapping(request.field_mapping)
        key = self._own_upload(request.tenant, request.file_url)
        self._check_size(key)
        now = self._clock()
        job = ImportJob(
            id=self.job_id(seed),
            tenant=request.tenant,
            created_by=request.user,
            created_at=now,
            changed_at=now,
            file_name=request.file_name,
            file_key=key,
            file_url=request.file_url,
            field_mapping=request.field_mapping,
            options=request.options,
            workspace=request.workspace,
        )
        # Where the job is there already, an earlier try with this seed made it, and may have died before the start.
        self._jobs.create_import(job)
        self._runner.start_import(job.id)
        return job

    def _own_upload(self, tenant: str, url: str) -> str:
        key = self._links.key_of(url)
        if key is None or not key.startswith(uploads_prefix(tenant)):
            raise Forbidden("fileUrl is none of your uploads", code="FILE_URL_FORBIDDEN", field="fileUrl")
        return key

    def _check_size(self, key: str) -> None:
        info = self._files.info(key)
        if info is None:
            raise InvalidRequest("no file was uploaded to fileUrl", code="FILE_NOT_UPLOADED", field="fileUrl")
        if info.size > self._max_file_bytes:
            raise InvalidRequest(
                f"the file has {info.size} bytes, at most {self._max_file_bytes} are allowed",
                code="FILE_TOO_LARGE",
                field="fileUrl",
            )
