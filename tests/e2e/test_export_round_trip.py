"""A file that was exported is imported again: nothing changes, and the contacts are found by their ids."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from tests.e2e import exports
from tests.e2e.http_client import Api, assert_counts_add_up, csv_file
from tests.e2e.imported_contacts import created, deleted, edited

TEXTS = ["email", "firstName", "lastName", "company", "title", "phone", "notes"]
CUSTOM = ["Zip", "dangerous-one", "Straße"]
COLUMNS = ["id", *TEXTS, *(f"customFields.{name}" for name in CUSTOM)]


@pytest.fixture(scope="module")
def api(stack: dict[str, Any]) -> Api:
    return Api.of(stack, "a-admin")


@pytest.fixture(scope="module")
def tag() -> str:
    return f"t{uuid.uuid4().hex}"


@pytest.fixture(scope="module")
def people(api: Api, tag: str) -> list[dict[str, Any]]:
    """What is hard to bring back."""
    moved = created(api, tags=[tag], email=f"before@{tag}.example", firstName="Moved")
    heir = created(api, tags=[tag], email=f"heir@{tag}.example", firstName="Inherits")
    more = [
        created(api, tags=[tag], email=f"Twin@{tag}.example", firstName="First twin"),
        twin(api, tags=[tag], email=f"twin@{tag}.example", firstName="Second twin"),
        twin(api, tags=[tag], email=f"HEIR@{tag}.example", firstName="The heir"),
        created(api, tags=[tag], firstName="Without e-mail", phones=["+1", "0"], emails=[f"x@{tag}.example"]),
        created(api, tags=[tag], notes="without e-mail or name", addresses=[{"city": "Köln"}]),
        created(api, tags=[tag], phone="+49 (0)221 1234-5", company='=HYPERLINK("x")', title="'=1+1", notes="''+a"),
        created(api, tags=[tag], phone="007", firstName="1E5", lastName="TRUE", company="2026-01-02", title="0.10"),
        created(api, tags=[tag], notes='a\nb\r\nc "d", e;\tf', firstName="-1", lastName="-a", company="@b", title="'"),
        created(api, tags=[tag], firstName="NULL", lastName="N/A", company="x" * 1_024, notes="é" * 16_384),
        created(
            api, tags=[tag], customFields={"Zip": "00123", "dangerous-one": "=1+1", "Straße": "\u202eüber 👩\u200d💻"}
        ),
        created(api, tags=[tag], customFields={"Zip": "+1"}, engagement={"opens": 3}),
    ]
    # Their ids lead to where they no longer are.
    edited(api, moved, email=f"after@{tag}.example")
    deleted(api, heir)
    return [moved, *more]


def twin(api: Api, **fields: Any) -> dict[str, Any]:
    """A further contact with an e-mail that is taken."""
    answer = api.post("/api/contacts?allowDuplicate=true", fields)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


def stored(api: Api, people: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The contacts as they are, with version and timestamps."""
    answers = [api.get(f"/api/contacts/{person['id']}") for person in people]
    assert {answer.status_code for answer in answers} == {200}
    return [answer.json() for answer in answers]


@pytest.mark.parametrize("format_", exports.FORMATS)
def test_nothing_changes(api: Api, tag: str, people: list[dict[str, Any]], format_: str) -> None:
    before = stored(api, people)
    got = exports.export(api, format=format_, filters=exports.tagged(tag), selectedFields=COLUMNS)
    assert got.job["totalContacts"] == len(people)

    mapping = {column: column for column in COLUMNS}
    job = api.run_import(f"back.{format_}", got.content, mapping, {"duplicateStrategy": "update"})

    assert_counts_add_up(job)
    counted = {name: job[name] for name in ("totalRows", "updatedCount", "createdCount", "errorCount")}
    assert counted == {"totalRows": len(people), "updatedCount": len(people), "createdCount": 0, "errorCount": 0}, job
    assert stored(api, people) == before


def test_what_was_edited_in_the_file_is_what_changes(api: Api, tag: str, people: list[dict[str, Any]]) -> None:
    """That nothing changes above is not because nothing is written."""
    before = stored(api, people)
    got = exports.export(api, format="csv", filters=exports.tagged(tag), selectedFields=["id", "firstName"])
    edits = {"Second twin": "Second twin, edited", "Without e-mail": "'=2"}
    rows = [(id_, edits.get(name, name)) for id_, name in exports.csv_rows(got.content)]
    mapping = {"id": "id", "firstName": "firstName"}
    job = api.run_import("back.csv", csv_file(*rows), mapping, {"duplicateStrategy": "update"})
    assert (job["updatedCount"], job["errorCount"]) == (len(people), 0), job
    changed = {
        then["firstName"]: now["firstName"]
        for then, now in zip(before, stored(api, people), strict=True)
        if then != now
    }
    assert changed == {"Second twin": "Second twin, edited", "Without e-mail": "=2"}
