"""What the clients of the load do, over HTTP alone: upload, start, look again when they are told to."""

from __future__ import annotations

import csv
import io
import time
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import httpx

from tests.e2e import bulk_jobs, exports
from tests.e2e.http_client import Api
from tests.e2e.minted_tokens import TENANT_CLAIM, Mint
from tests.soak.load_files import MAPPING, LoadFile

IMPORTS = "/api/contacts/import"
#: A client waits longer for one answer here than a person would: how long it took is what the load is to show.
ANSWER_SECONDS = 600
SMALL_CONTACTS = 10
#: Seconds between the small tenant's looks: its wait is measured, so it looks more often than its answers say.
IMPATIENCE = 0.1


class Clients:
    """Makes the API as a user of any tenant sees it, with every right."""

    def __init__(self, stack: Mapping[str, Any], stack_directory: Path) -> None:
        self._stack = stack
        self._mint = Mint.of(stack, stack_directory)

    def of(self, tenant: str) -> Api:
        token = self._mint.token(**{TENANT_CLAIM: tenant, "exp": int(time.time()) + 12 * 3600})
        headers = {"Authorization": f"Bearer {token}"}
        return Api(
            httpx.Client(base_url=self._stack["apiUrl"], headers=headers, timeout=ANSWER_SECONDS, trust_env=False)
        )


def start_import(api: Api, file: LoadFile) -> str:
    """Upload and start; the job's id."""
    place = _checked(api.post(f"{IMPORTS}/upload", {"fileName": file.name}))
    form = place["upload"]
    stored = httpx.post(
        form["url"],
        data=form["fields"],
        files={"file": (file.name, file.content)},
        timeout=ANSWER_SECONDS,
        trust_env=False,
    )
    stored.raise_for_status()
    body = {"fileName": file.name, "fileUrl": place["fileUrl"], "fieldMapping": MAPPING}
    return str(_checked(api.post(IMPORTS, body))["jobId"])


def results(api: Api, job_id: str) -> list[dict[str, str]]:
    """The lines of an import's list of results."""
    content = _content(api, f"{IMPORTS}/{job_id}/results/download")
    return list(csv.DictReader(io.StringIO(content.decode(), newline="")))


def ended(api: Api, path: str, seconds: float, every: float | None = None) -> dict[str, Any]:
    """A job once it has ended; asked for as often as its answers say, or after so many seconds each.

    Raises:
        TimeoutError: it has not ended after so many seconds.
    """
    deadline = time.monotonic() + seconds
    while True:
        answer = api.get(path)
        job = _checked(answer)
        if "retry-after" not in answer.headers:
            return job
        if time.monotonic() > deadline:
            raise TimeoutError(f"{path} has not ended after {seconds:.0f} s: {job['status']}")
        time.sleep(every or float(answer.headers["retry-after"]))


def small_import(api: Api, number: int, patience: float) -> float:
    """Seconds from the upload of ten rows to the answer that shows them imported."""
    file = LoadFile("small", number, SMALL_CONTACTS)
    began = time.monotonic()
    job = ended(api, f"{IMPORTS}/{start_import(api, file)}", patience, IMPATIENCE)
    if (job["status"], job["totalRows"]) != ("completed", SMALL_CONTACTS):
        raise RuntimeError(f"the small tenant's import ended as {job}")
    return time.monotonic() - began


def small_bulk_create(api: Api, number: int, patience: float) -> float:
    """Seconds from the request of ten contacts to the answer that shows them created."""
    began = time.monotonic()
    started = bulk_jobs.start(
        api, bulk_jobs.CREATE, {"contacts": bulk_jobs.people(SMALL_CONTACTS, f"b{number}.example")}
    )
    job = ended(api, f"{bulk_jobs.CREATE}/{started['jobId']}", patience, IMPATIENCE)
    if bulk_jobs.counts(job) != {"success": SMALL_CONTACTS}:
        raise RuntimeError(f"the small tenant's bulk create ended as {job}")
    return time.monotonic() - began


def exported_contacts(api: Api, patience: float) -> list[tuple[str, str]]:
    """Id and e-mail of every contact of a tenant, from the file of an export."""
    job_id = exports.start(api, format="csv", selectedFields=["id", "email"])
    job = ended(api, f"{exports.EXPORTS}/{job_id}", patience)
    if job["status"] != "completed":
        raise RuntimeError(f"an export ended as {job}")
    header, *rows = exports.csv_rows(_content(api, f"{exports.EXPORTS}/{job_id}/download"))
    at_id, at_email = header.index("id"), header.index("email")
    return [(row[at_id], row[at_email]) for row in rows]


def _content(api: Api, path: str) -> bytes:
    """What is behind a download link."""
    file = httpx.get(_checked(api.get(path))["downloadUrl"], timeout=ANSWER_SECONDS, trust_env=False)
    file.raise_for_status()
    return file.content


def _checked(answer: httpx.Response) -> dict[str, Any]:
    if not answer.is_success:
        raise RuntimeError(f"{answer.request.url.path} was answered {answer.status_code}: {answer.text}")
    return dict(answer.json())
