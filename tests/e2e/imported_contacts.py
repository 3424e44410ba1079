"""Importing, editing and looking at contacts over HTTP, for the tests of rollbacks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from tests.e2e.http_client import Api, csv_file

COLUMNS = {
    "Contact": "id",
    "E-mail": "email",
    "Name": "firstName",
    "Phone": "phone",
    "Title": "title",
    "Colour": "customFields.colour",
    "Size": "customFields.size",
}
UPDATE = {"duplicateStrategy": "update"}
#: What a write changes whatever it writes.
BOOKKEEPING = {"version", "updatedAt"}


def imported(api: Api, rows: list[Mapping[str, str]], **options: Any) -> dict[str, Any]:
    """Import these rows, given by target; returns the ended job."""
    columns = [column for column, target in COLUMNS.items() if any(target in row for row in rows)]
    lines = [tuple(row.get(COLUMNS[column], "") for column in columns) for row in rows]
    job = api.run_import(
        "people.csv", csv_file(tuple(columns), *lines), {column: COLUMNS[column] for column in columns}, options
    )
    assert (job["status"], job["errorCount"]) == ("completed", 0), job
    return job


def created(api: Api, **fields: Any) -> dict[str, Any]:
    answer = api.post("/api/contacts", fields)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def edited(api: Api, contact: Mapping[str, Any], **fields: Any) -> dict[str, Any]:
    answer = api.client.patch(f"/api/contacts/{contact['id']}", json=fields)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


def deleted(api: Api, contact: Mapping[str, Any]) -> None:
    answer = api.client.delete(f"/api/contacts/{contact['id']}")
    assert (answer.status_code, answer.content) == (204, b"")


def only(api: Api, email: str) -> dict[str, Any]:
    (contact,) = api.contacts(email=email)
    return contact


def values(contact: Mapping[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in contact.items() if name not in BOOKKEEPING}


def counts(job: Mapping[str, Any]) -> dict[str, int]:
    """The counts of the job's rollback that are not 0."""
    names = ("deleted", "restored", "kept", "unchanged", "errors")
    found = {name: job["rollback"][name] for name in names if job["rollback"][name]}
    assert job["rollback"]["processed"] == sum(found.values()) - job["rollback"]["errors"]
    return found


def outcomes(api: Api, job_id: str, **params: Any) -> list[dict[str, Any]]:
    return list(api.pages(f"/api/contacts/import/{job_id}/rollback", **params))


def segment_of(api: Api, name: str) -> dict[str, Any] | None:
    return next((each for each in api.pages("/api/segments") if each["name"] == name), None)
