"""Rows that name a contact by id and change or clear its e-mail, with the roles of the template enforced."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from tests.e2e import exports
from tests.e2e.http_client import Api, csv_file
from tests.e2e.imported_contacts import UPDATE, counts, created, values

COLUMNS = ["id", "email", "firstName"]
MAPPING = {column: column for column in COLUMNS}


@pytest.fixture(scope="module")
def api(stack: dict[str, Any]) -> Api:
    return Api.of(stack, "a-admin")


def test_emails_changed_and_cleared_in_an_exported_file_are_changed_and_rolled_back(api: Api) -> None:
    tag = f"t{uuid.uuid4().hex}"
    people = [created(api, tags=[tag], email=f"{name}@{tag}.example", firstName=name) for name in ("ann", "bob", "cid")]
    twin = api.post("/api/contacts?allowDuplicate=true", {"email": f"ann@{tag}.example", "firstName": "twin"}).json()
    before = [api.get(f"/api/contacts/{each['id']}").json() for each in (*people, twin)]
    ann, bob, cid = (each["id"] for each in people)

    file = exports.export(api, format="csv", filters=exports.tagged(tag), selectedFields=COLUMNS)
    header, *rows = exports.csv_rows(file.content)
    emails = {ann: f"ann.new@{tag}.example", bob: "", cid: f"cid@{tag}.example"}
    edited = [(id_, emails[id_], name) for id_, _, name in rows]
    job = api.run_import("back.csv", csv_file(tuple(header), *edited), MAPPING, {**UPDATE, "blankValues": "clear"})

    assert (job["status"], job["updatedCount"], job["errorCount"]) == ("completed", 3, 0), job
    assert {each["id"]: each.get("email") for each in stored(api, before)} == {
        ann: emails[ann],
        bob: None,
        cid: emails[cid],
        twin["id"]: f"ann@{tag}.example",
    }
    # The oldest twin inherits what somebody leaves.
    assert [each["id"] for each in api.contacts(email=f"ann@{tag}.example")] == [twin["id"]]

    done = api.roll_back(job["jobId"], onConflict="force")
    assert done["rollback"]["status"] == "completed"
    back = {each["id"]: values(each) for each in stored(api, before)}
    assert back[bob] == values(before[1])
    assert back[cid] == values(before[2])
    assert back[twin["id"]] == values(before[3])
    # Its e-mail has another holder meanwhile.
    assert (back[ann].get("email"), counts(done)) == (emails[ann], {"kept": 1, "restored": 1})


def stored(api: Api, contacts: list[dict[str, Any]]) -> list[dict[str, Any]]:
    answers = [api.get(f"/api/contacts/{contact['id']}") for contact in contacts]
    assert {answer.status_code for answer in answers} == {200}
    return [answer.json() for answer in answers]
