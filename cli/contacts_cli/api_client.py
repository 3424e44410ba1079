"""The calls of the HTTP API that the command line makes."""

from __future__ import annotations

from collections.abc import Mapping
from types import TracebackType
from typing import Any, NamedTuple, Self
from urllib.parse import quote

import httpx

from contacts_cli.connection import Connection
from contacts_cli.failures import CommandFailed, ExitCode, refused_by_api
from contacts_cli.retrying import RetryPolicy, retry_after, send_with_retries
from contacts_cli.session import Session

#: Seconds. An answer takes as long as a cold Lambda function; API Gateway gives up after 30.
TIMEOUT = httpx.Timeout(35.0, connect=10.0)

Json = dict[str, Any]

#: The API's code where it has no job of that id, or none of that kind.
NO_SUCH_JOB = "JOB_NOT_FOUND"

#: Where jobs of each kind are shown. An id does not tell which kind it is of.
_JOB_ROUTES = ("/api/contacts/import", "/api/contacts/bulk-create", "/api/contacts/bulk-delete", "/api/contacts/export")


#: What to do about a refusal by the local stack: by the API's code, or by the status where it gives none.
_LOCAL_HINTS = {
    "401": "the local tokens are valid for 12 hours; `make down up` makes new ones",
    "SCOPE_MISSING": "the local tokens a-admin and b-admin have all scopes: --as a-admin",
}


class PolledJob(NamedTuple):
    """A job as it stands, and how many seconds to wait before asking again."""

    job: Json
    ask_again_after: float


class ContactsApi:
    """One connection to the API. Every POST carries an Idempotency-Key, so that all calls are safe to retry."""

    def __init__(self, connection: Connection, session: Session) -> None:
        self._connection = connection
        self._session = session
        self._routes: dict[str, str] = {}
        self._policy = RetryPolicy(retry_refused_connections=not connection.is_local_stack)
        self._client = httpx.Client(
            base_url=connection.url,
            headers={"Authorization": f"Bearer {connection.token}", "Accept": "application/json"},
            timeout=TIMEOUT,
            transport=session.transport,
            trust_env=not connection.is_loopback,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._client.close()

    def again(self, command: str) -> str:
        """A next command, to be copied whole: it talks to the same API as the same user."""
        return command + self._connection.options

    def create_upload(self, file_name: str, *, idempotency_key: str) -> Json:
        """Where to send the file: {fileUrl, upload: {url, fields}, maxBytes, expiresAt}."""
        return self._post("/api/contacts/import/upload", {"fileName": file_name}, idempotency_key)

    def start_import(self, body: Json, *, idempotency_key: str) -> Json:
        """Start the import of an uploaded file; the answer has the `jobId`."""
        return self._post("/api/contacts/import", body, idempotency_key)

    def get_import(self, job_id: str) -> PolledJob:
        """An import job with its first errors."""
        return self._poll(f"/api/contacts/import/{_segment(job_id)}")

    def get_job(self, job_id: str) -> PolledJob:
        """A job of any kind, as its own route shows it.

        Raises CommandFailed: there is none of this id, whatever its kind.
        """
        routes = [self._routes[job_id]] if job_id in self._routes else list(_JOB_ROUTES)
        while True:
            route = routes.pop(0)
            try:
                found = self._poll(f"{route}/{_segment(job_id)}")
            except CommandFailed as failure:
                if failure.code != NO_SUCH_JOB:
                    raise
                if not routes:
                    # The API's own words would name the kind that was asked for last.
                    message = f"{NO_SUCH_JOB}: there is no job of this id, or it has expired"
                    raise CommandFailed(message, failure.exit_code, code=NO_SUCH_JOB) from failure
            else:
                self._routes[job_id] = route
                return found

    def start_bulk_create(self, body: Json, *, idempotency_key: str) -> Json:
        """Start to create contacts; the answer has the `jobId` and the `trackingKey`."""
        return self._post("/api/contacts/bulk-create", body, idempotency_key)

    def get_bulk_create(self, job_id: str) -> PolledJob:
        """A bulk create job with what it created and what failed so far."""
        return self._poll(f"/api/contacts/bulk-create/{_segment(job_id)}")

    def list_bulk_create(self, job_id: str, *, limit: int, cursor: str | None) -> Json:
        """A page of what became of each contact of a bulk create job: {items, nextCursor}."""
        params = {"limit": str(limit), "cursor": cursor}
        return self._json(self._get(f"/api/contacts/bulk-create/{_segment(job_id)}/items", params))

    def start_bulk_delete(self, body: Json, *, idempotency_key: str) -> Json:
        """Start to clean up what a bulk create job created, or with `dryRun` look what would go."""
        return self._post("/api/contacts/bulk-delete", body, idempotency_key)

    def get_bulk_delete(self, job_id: str) -> PolledJob:
        """A bulk delete job with what it found and deleted so far."""
        return self._poll(f"/api/contacts/bulk-delete/{_segment(job_id)}")

    def list_bulk_delete(self, job_id: str, *, limit: int, cursor: str | None) -> Json:
        """A page of what a bulk delete job did with each contact: {items, nextCursor}."""
        params = {"limit": str(limit), "cursor": cursor}
        return self._json(self._get(f"/api/contacts/bulk-delete/{_segment(job_id)}/items", params))

    def start_rollback(self, job_id: str, body: Json, *, idempotency_key: str) -> Json:
        """Start to roll an import back; `body` is {onConflict?, dryRun?}."""
        return self._post(f"/api/contacts/import/{_segment(job_id)}/rollback", body, idempotency_key)

    def list_rollback(self, job_id: str, *, limit: int, cursor: str | None) -> Json:
        """A page of what the latest rollback did with each contact: {items, nextCursor}."""
        params = {"limit": str(limit), "cursor": cursor}
        return self._json(self._get(f"/api/contacts/import/{_segment(job_id)}/rollback", params))

    def start_export(self, body: Json, *, idempotency_key: str) -> Json:
        """Start to export contacts; the answer has the `jobId`."""
        return self._post("/api/contacts/export", body, idempotency_key)

    def get_export(self, job_id: str) -> PolledJob:
        """An export job."""
        return self._poll(f"/api/contacts/export/{_segment(job_id)}")

    def export_link(self, job_id: str) -> str:
        """A short-lived link to the file of an export."""
        return self._link(f"/api/contacts/export/{_segment(job_id)}/download")

    def create_collection(self, body: Json, *, idempotency_key: str) -> Json:
        """Make a collection; `body` is {name, editors?}."""
        return self._post("/api/collections", body, idempotency_key)

    def list_collections(self, *, limit: int, cursor: str | None) -> Json:
        """A page of the tenant's collections: {items, nextCursor}."""
        return self._json(self._get("/api/collections", {"limit": str(limit), "cursor": cursor}))

    def list_collection_items(self, collection_id: str, *, limit: int, cursor: str | None) -> Json:
        """A page of a collection's contacts: {items, nextCursor}."""
        params = {"limit": str(limit), "cursor": cursor}
        return self._json(self._get(f"/api/collections/{_segment(collection_id)}/items", params))

    def list_jobs(self, *, kind: str | None, status: str | None, limit: int, cursor: str | None) -> Json:
        """A page of the tenant's jobs, newest first: {items, nextCursor}."""
        params = {"type": kind, "status": status, "limit": str(limit), "cursor": cursor}
        return self._json(self._get("/api/jobs", params))

    def list_errors(self, job_id: str, *, limit: int, cursor: str | None) -> Json:
        """A page of a job's row errors: {items, nextCursor}."""
        params = {"limit": str(limit), "cursor": cursor}
        return self._json(self._get(f"/api/contacts/import/{_segment(job_id)}/errors", params))

    def errors_link(self, job_id: str) -> str:
        """A short-lived link to the CSV of the failed rows."""
        return self._link(f"/api/contacts/import/{_segment(job_id)}/errors/download")

    def results_link(self, job_id: str) -> str:
        """A short-lived link to the CSV with every row's outcome."""
        return self._link(f"/api/contacts/import/{_segment(job_id)}/results/download")

    def rollback_link(self, job_id: str) -> str:
        """A short-lived link to the CSV of what the latest rollback did with each contact."""
        return self._link(f"/api/contacts/import/{_segment(job_id)}/rollback/download")

    def _poll(self, path: str) -> PolledJob:
        response = self._get(path)
        asked = retry_after(response)
        return PolledJob(self._json(response), 1.0 if asked is None else min(max(asked, 0.2), 10.0))

    def _link(self, path: str) -> str:
        return str(self._json(self._get(path))["downloadUrl"])

    def _get(self, path: str, params: Mapping[str, str | None] | None = None) -> httpx.Response:
        given = {name: value for name, value in (params or {}).items() if value is not None}
        return self._send(self._client.build_request("GET", path, params=given))

    def _post(self, path: str, body: Json, idempotency_key: str) -> Json:
        headers = {"Idempotency-Key": idempotency_key}
        try:
            return self._json(self._send(self._client.build_request("POST", path, json=body, headers=headers)))
        except KeyboardInterrupt as interrupt:
            hint = f"what was asked for may have started all the same; look with: {self.again('contacts jobs')}"
            raise CommandFailed("interrupted", ExitCode.INTERRUPTED, hint=hint) from interrupt

    def _send(self, request: httpx.Request) -> httpx.Response:
        try:
            response = send_with_retries(self._client, request, policy=self._policy, sleep=self._session.sleep)
        except httpx.TransportError as error:
            raise self._unreachable(error) from error
        if not response.is_success:
            raise self._refused(response)
        return response

    def _json(self, response: httpx.Response) -> Json:
        try:
            body = response.json()
        except ValueError:
            body = None
        if not isinstance(body, dict):
            raise CommandFailed(f"{self._connection.url} does not answer as this API does", ExitCode.UNREACHABLE)
        return body

    def _unreachable(self, error: httpx.TransportError) -> CommandFailed:
        if self._connection.is_local_stack and isinstance(error, httpx.ConnectError):
            return CommandFailed("the local stack is not running", ExitCode.UNREACHABLE, hint="start it with `make up`")
        reason = str(error) or type(error).__name__
        return CommandFailed(f"{self._connection.url} can't be reached: {reason}", ExitCode.UNREACHABLE)

    def _refused(self, response: httpx.Response) -> CommandFailed:
        failure = refused_by_api(response)
        if self._connection.is_local_stack:
            failure.hint = _LOCAL_HINTS.get(failure.code or "") or _LOCAL_HINTS.get(str(response.status_code))
        return failure


def _segment(job_id: str) -> str:
    return quote(job_id, safe="")
