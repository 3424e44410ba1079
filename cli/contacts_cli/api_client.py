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


class PolledJob(NamedTuple):
    """A job as it stands, and how many seconds to wait before asking again."""

    job: Json
    ask_again_after: float


class ContactsApi:
    """One connection to the API. Every POST carries an Idempotency-Key, so that all calls are safe to retry."""

    def __init__(self, connection: Connection, session: Session) -> None:
        self._connection = connection
        self._session = session
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

    def create_upload(self, file_name: str, *, idempotency_key: str) -> Json:
        """Where to send the file: {fileUrl, upload: {url, fields}, maxBytes, expiresAt}."""
        return self._post("/api/contacts/import/upload", {"fileName": file_name}, idempotency_key)

    def start_import(self, body: Json, *, idempotency_key: str) -> Json:
        """Start the import of an uploaded file; the answer has the `jobId`."""
        return self._post("/api/contacts/import", body, idempotency_key)

    def get_import(self, job_id: str) -> PolledJob:
        """An import job with its first errors."""
        response = self._get(f"/api/contacts/import/{_segment(job_id)}")
        asked = retry_after(response)
        return PolledJob(self._json(response), 1.0 if asked is None else min(max(asked, 0.2), 10.0))

    def start_rollback(self, job_id: str, body: Json, *, idempotency_key: str) -> Json:
        """Start to roll an import back; `body` is {onConflict?, dryRun?}."""
        return self._post(f"/api/contacts/import/{_segment(job_id)}/rollback", body, idempotency_key)

    def list_rollback(self, job_id: str, *, limit: int, cursor: str | None) -> Json:
        """A page of what the latest rollback did with each contact: {items, nextCursor}."""
        params = {"limit": str(limit), "cursor": cursor}
        return self._json(self._get(f"/api/contacts/import/{_segment(job_id)}/rollback", params))

    def list_jobs(self, *, status: str | None, limit: int, cursor: str | None) -> Json:
        """A page of the tenant's jobs, newest first: {items, nextCursor}."""
        return self._json(self._get("/api/jobs", {"status": status, "limit": str(limit), "cursor": cursor}))

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

    def _link(self, path: str) -> str:
        return str(self._json(self._get(path))["downloadUrl"])

    def _get(self, path: str, params: Mapping[str, str | None] | None = None) -> httpx.Response:
        given = {name: value for name, value in (params or {}).items() if value is not None}
        return self._send(self._client.build_request("GET", path, params=given))

    def _post(self, path: str, body: Json, idempotency_key: str) -> Json:
        headers = {"Idempotency-Key": idempotency_key}
        return self._json(self._send(self._client.build_request("POST", path, json=body, headers=headers)))

    def _send(self, request: httpx.Request) -> httpx.Response:
        try:
            response = send_with_retries(self._client, request, policy=self._policy, sleep=self._session.sleep)
        except httpx.TransportError as error:
            raise self._unreachable(error) from error
        if not response.is_success:
            raise refused_by_api(response, hint=self._hint(response.status_code))
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

    def _hint(self, status: int) -> str | None:
        if status == 401 and self._connection.is_local_stack:
            return "the local tokens are valid for 12 hours; `make down up` makes new ones"
        return None


def _segment(job_id: str) -> str:
    return quote(job_id, safe="")
