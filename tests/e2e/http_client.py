"""What a client does with the API: nothing here knows more than the HTTP surface."""

from __future__ import annotations

import csv
import io
import time
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import httpx

#: Far more than any import of a test takes; a job that never ends fails instead of hanging.
PATIENCE_SECONDS = 120.0
#: For one answer. What else the machine does must not matter, and httpx would wait for five seconds.
ANSWER_SECONDS = 60.0


@dataclass(frozen=True)
class Api:
    """The API as one user sees it."""

    client: httpx.Client

    @classmethod
    def of(cls, stack: Mapping[str, Any], user: str) -> Api:
        headers = {"Authorization": f"Bearer {stack['tokens'][user]}"}
        return cls(httpx.Client(base_url=stack["apiUrl"], headers=headers, timeout=ANSWER_SECONDS, trust_env=False))

    def get(self, path: str, **params: Any) -> httpx.Response:
        return self.client.get(path, params=params)

    def post(self, path: str, body: Any, **headers: str) -> httpx.Response:
        return self.client.post(path, json=body, headers={name.replace("_", "-"): v for name, v in headers.items()})

    def upload(self, name: str, content: bytes) -> str:
        """Upload a file; returns its `fileUrl`."""
        answer = self.post("/api/contacts/import/upload", {"fileName": name})
        assert answer.status_code == 201, answer.text
        form = answer.json()["upload"]
        stored = send_form(form, name, content)
        assert stored.status_code in {200, 201, 204}, stored.text
        return str(answer.json()["fileUrl"])

    def start_import(
        self, name: str, content: bytes, mapping: Mapping[str, str], options: Mapping[str, Any] | None = None
    ) -> httpx.Response:
        url = self.upload(name, content)
        body = {"fileName": name, "fileUrl": url, "fieldMapping": mapping, "options": options or {}}
        return self.post("/api/contacts/import", body)

    def job(self, job_id: str) -> dict[str, Any]:
        answer = self.get(f"/api/contacts/import/{job_id}")
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def wait(self, job_id: str) -> dict[str, Any]:
        """The job once it has ended."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while (job := self.job(job_id))["status"] in {"pending", "processing"}:
            assert time.monotonic() < deadline, f"still {job['status']}: {job['processedRows']} of {job['totalRows']}"
            time.sleep(0.1)
        return job

    def run_import(
        self, name: str, content: bytes, mapping: Mapping[str, str], options: Mapping[str, Any] | None = None
    ) -> dict[str, Any]:
        """Upload, start, wait; returns the ended job."""
        started = self.start_import(name, content, mapping, options)
        assert started.status_code == 202, started.text
        return self.wait(started.json()["jobId"])

    def start_rollback(self, job_id: str, **body: Any) -> httpx.Response:
        return self.post(f"/api/contacts/import/{job_id}/rollback", body)

    def wait_for_rollback(self, job_id: str) -> dict[str, Any]:
        """The job once its rollback has ended."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while (job := self.job(job_id))["rollback"]["status"] == "running":
            assert time.monotonic() < deadline, f"still running: {job['rollback']}"
            time.sleep(0.1)
        return job

    def roll_back(self, job_id: str, **body: Any) -> dict[str, Any]:
        """Start a rollback, wait; returns the job then."""
        started = self.start_rollback(job_id, **body)
        assert started.status_code == 202, started.text
        return self.wait_for_rollback(job_id)

    def pages(self, path: str, **params: Any) -> Iterator[dict[str, Any]]:
        """All items of a list."""
        cursor: dict[str, str] = {}
        while True:
            answer = self.get(path, **params, **cursor)
            assert answer.status_code == 200, answer.text
            yield from answer.json()["items"]
            if not answer.json()["nextCursor"]:
                return
            cursor = {"cursor": answer.json()["nextCursor"]}

    def contacts(self, **params: Any) -> list[dict[str, Any]]:
        return list(self.pages("/api/contacts", **params))

    def download(self, path: str) -> list[dict[str, str]]:
        """The rows of a CSV behind a download link."""
        return list(csv.DictReader(io.StringIO(self.download_bytes(path).decode("utf-8"), newline="")))

    def download_bytes(self, path: str) -> bytes:
        answer = self.get(path)
        assert answer.status_code == 200, answer.text
        file = fetch(answer.json()["downloadUrl"])
        assert file.status_code == 200, file.text
        return file.content


def fetch(url: str) -> httpx.Response:
    """What is behind an address, as somebody gets it who has no token."""
    return httpx.get(url, timeout=ANSWER_SECONDS, trust_env=False)


def send_form(form: Mapping[str, Any], name: str, content: bytes) -> httpx.Response:
    """The answer to a file that is sent with the form of an upload."""
    files = {"file": (name, content)}
    return httpx.post(form["url"], data=form["fields"], files=files, timeout=ANSWER_SECONDS, trust_env=False)


def csv_file(*rows: tuple[str, ...]) -> bytes:
    """A CSV file of these rows, the first one being its header."""
    text = io.StringIO(newline="")
    csv.writer(text).writerows(rows)
    return text.getvalue().encode()


def assert_counts_add_up(job: Mapping[str, Any]) -> None:
    """Invariant 3: created + updated = imported, imported + skipped = total = processed, errors among the skipped."""
    assert job["createdCount"] + job["updatedCount"] == job["importedCount"], job
    assert job["importedCount"] + job["skippedCount"] == job["totalRows"] == job["processedRows"], job
    assert job["errorCount"] <= job["skippedCount"], job
