"""Rolling imports back over HTTP, on the whole local stack: what becomes of contacts and segments."""

from __future__ import annotations

import uuid
from typing import Any

import pytest

from tests.e2e.http_client import Api
from tests.e2e.imported_contacts import (
    UPDATE,
    counts,
    created,
    deleted,
    edited,
    imported,
    only,
    outcomes,
    segment_of,
    values,
)


@pytest.fixture(scope="module")
def api(stack: dict[str, Any]) -> Api:
    return Api.of(stack, "a-user")


@pytest.fixture
def domain() -> str:
    """An e-mail domain that no other test uses: the tests of a run share one tenant."""
    return f"d{uuid.uuid4().hex[:12]}.example"


# --- What goes back, and what stays


def test_what_nobody_touched_is_as_before_the_import(api: Api, domain: str) -> None:
    before = created(
        api,
        email=f"bob@{domain}",
        firstName="Bob",
        phone="1",
        tags=["old", "fair"],
        customFields={"colour": "red", "shape": "round"},
    )
    job = imported(
        api,
        [
            {"email": f"ann@{domain}", "firstName": "Ann"},
            {"email": f"BOB@{domain}", "firstName": "Robert", "customFields.colour": "blue", "customFields.size": "L"},
            {"email": f"bob@{domain}", "title": "CTO"},
        ],
        **UPDATE,
        tags=["fair", "new"],
    )
    after = only(api, f"bob@{domain}")
    assert (after["firstName"], after["tags"]) == ("Robert", ["old", "fair", "new"])
    assert job["canRollback"] is True

    done = api.roll_back(job["jobId"])

    assert (done["status"], done["rollback"]["status"], done["canRollback"]) == ("rolled_back", "completed", False)
    assert done["rolledBackAt"] == done["rollback"]["endedAt"]
    assert counts(done) == {"deleted": 1, "restored": 1}
    assert api.contacts(email=f"ann@{domain}") == []
    assert values(only(api, f"bob@{domain}")) == values(before)


@pytest.mark.parametrize("on_conflict", ["keep", "abort"])
def test_emails_that_the_import_passed_on_come_back_to_who_had_them(api: Api, domain: str, on_conflict: str) -> None:
    """At the end of the pass, when all parts are done: by the function that ends it."""
    ann, bob = (created(api, email=f"{name}@{domain}", firstName="Old") for name in ("ann", "bob"))
    job = imported(
        api,
        [
            {"id": ann["id"], "email": f"ann.new@{domain}", "firstName": "New"},
            {"id": bob["id"], "email": f"bob.new@{domain}", "firstName": "New"},
        ],
        **UPDATE,
    )
    made = imported(api, [{"email": f"ann@{domain}", "firstName": "Made"}], **UPDATE)
    ended = api.roll_back(job["jobId"], onConflict="keep", dryRun=True)
    assert counts(ended) == {"kept": 1, "restored": 1}
    assert counts(api.roll_back(made["jobId"])) == {"deleted": 1}
    ended = api.roll_back(job["jobId"], onConflict=on_conflict)
    assert (ended["status"], counts(ended)) == ("rolled_back", {"restored": 2})
    for before in (ann, bob):
        assert values(only(api, before["email"])) == values(before)


def test_later_edits_stay_field_by_field_and_tag_by_tag(api: Api, domain: str) -> None:
    created(api, email=f"bob@{domain}", firstName="Bob", tags=["old"], customFields={"colour": "red"})
    job = imported(
        api,
        [
            {"email": f"ann@{domain}", "firstName": "Ann"},
            {
                "email": f"bob@{domain}",
                "firstName": "Robert",
                "phone": "2",
                "customFields.colour": "blue",
                "customFields.size": "L",
            },
        ],
        **UPDATE,
        tags=["fair"],
    )
    ann = edited(api, only(api, f"ann@{domain}"), phone="mine")
    bob = only(api, f"bob@{domain}")
    edited(api, bob, phone="mine", title="CTO", tags=["old", "fair", "vip"], customFields={"colour": "green"})

    done = api.roll_back(job["jobId"])

    assert counts(done) == {"kept": 2}
    assert values(only(api, f"ann@{domain}")) == values(ann)
    restored = only(api, f"bob@{domain}")
    shown = {name: restored[name] for name in ("firstName", "phone", "title", "tags", "customFields")}
    assert shown == {
        "firstName": "Bob",
        "phone": "mine",
        "title": "CTO",
        "tags": ["old", "vip"],
        "customFields": {"colour": "green"},
    }
    found = [(line["row"], line["contactId"], line["action"], line["reason"]) for line in outcomes(api, job["jobId"])]
    assert found == [(1, ann["id"], "kept", "EDITED_LATER"), (2, bob["id"], "kept", "EDITED_LATER")]
    fields = [line["fields"] for line in outcomes(api, job["jobId"])]
    assert fields == [["phone"], ["customFields.colour", "phone"]]


def test_an_edit_that_was_taken_back_is_none(api: Api, domain: str) -> None:
    job = imported(api, [{"email": f"ann@{domain}", "phone": "1"}])
    ann = only(api, f"ann@{domain}")
    edited(api, ann, phone="2")
    edited(api, ann, phone="1")
    assert counts(api.roll_back(job["jobId"])) == {"deleted": 1}
    assert api.contacts(email=f"ann@{domain}") == []


def test_force_takes_later_edits_back_as_well(api: Api, domain: str) -> None:
    before = created(api, email=f"bob@{domain}", firstName="Bob", tags=["old"])
    rows = [{"email": f"ann@{domain}", "firstName": "Ann"}, {"email": f"bob@{domain}", "firstName": "Robert"}]
    job = imported(api, rows, **UPDATE)
    for name in ("ann", "bob"):
        edited(api, only(api, f"{name}@{domain}"), firstName="Edited", phone="mine", tags=["mine"])

    assert counts(api.roll_back(job["jobId"], onConflict="force")) == {"deleted": 1, "restored": 1}
    assert api.contacts(email=f"ann@{domain}") == []
    assert values(only(api, f"bob@{domain}")) == values(before)


def test_abort_changes_nothing_where_anything_would_be_kept(api: Api, domain: str) -> None:
    rows = [{"email": f"{name}@{domain}", "firstName": name} for name in ("ann", "bob", "cid")]
    job = imported(api, rows)
    edited(api, only(api, f"bob@{domain}"), phone="mine")
    before = [only(api, row["email"]) for row in rows]

    aborted = api.roll_back(job["jobId"], onConflict="abort")

    assert (aborted["status"], aborted["rollback"]["status"]) == ("completed", "aborted")
    assert (aborted["canRollback"], aborted["rolledBackAt"]) == (True, None)
    assert counts(aborted) == {"deleted": 2, "kept": 1}
    assert [only(api, row["email"]) for row in rows] == before
    kept = [line["row"] for line in outcomes(api, job["jobId"]) if line["action"] == "kept"]
    assert kept == [2]


def test_abort_rolls_back_where_nothing_would_be_kept(api: Api, domain: str) -> None:
    job = imported(api, [{"email": f"ann@{domain}"}, {"email": f"bob@{domain}"}])
    done = api.roll_back(job["jobId"], onConflict="abort")
    assert (done["status"], done["rollback"]["status"], counts(done)) == ("rolled_back", "completed", {"deleted": 2})
    assert api.contacts(email=f"ann@{domain}") == []


@pytest.mark.parametrize("on_conflict", ["keep", "force"])
def test_a_dry_run_writes_nothing_and_gives_the_numbers_of_the_real_one(
    api: Api, domain: str, on_conflict: str
) -> None:
    names = ("old", "ann", "bob", "cid", "dan")
    created(api, email=f"old@{domain}", firstName="before")
    job = imported(api, [{"email": f"{name}@{domain}", "firstName": name} for name in names], **UPDATE, tags=["fair"])
    edited(api, only(api, f"bob@{domain}"), phone="mine")
    deleted(api, only(api, f"cid@{domain}"))
    before = [api.contacts(email=f"{name}@{domain}") for name in names]

    dry = api.roll_back(job["jobId"], onConflict=on_conflict, dryRun=True)

    assert (dry["status"], dry["rollback"]["status"], dry["rollback"]["dryRun"]) == ("completed", "completed", True)
    assert (dry["canRollback"], dry["rolledBackAt"]) == (True, None)
    assert [api.contacts(email=f"{name}@{domain}") for name in names] == before
    foreseen = outcomes(api, job["jobId"])

    done = api.roll_back(job["jobId"], onConflict=on_conflict)

    assert (done["status"], done["rollback"]["dryRun"]) == ("rolled_back", False)
    expected = {
        "keep": {"deleted": 2, "restored": 1, "kept": 1, "unchanged": 1},
        "force": {"deleted": 3, "restored": 1, "unchanged": 1},
    }
    assert counts(done) == counts(dry) == expected[on_conflict]
    assert outcomes(api, job["jobId"]) == foreseen


def test_a_contact_deleted_and_created_anew_is_another_one(api: Api, domain: str) -> None:
    job = imported(api, [{"email": f"ann@{domain}", "firstName": "Ann"}])
    ann = only(api, f"ann@{domain}")
    deleted(api, ann)
    anew = created(api, email=f"ann@{domain}", firstName="Ann")
    assert anew["id"] != ann["id"]

    done = api.roll_back(job["jobId"], onConflict="force")

    assert counts(done) == {"unchanged": 1}
    assert only(api, f"ann@{domain}") == anew
    (line,) = outcomes(api, job["jobId"])
    assert (line["contactId"], line["action"], line["reason"]) == (ann["id"], "unchanged", "GONE")


def test_a_created_contact_whose_email_changed_is_kept_where_it_is(api: Api, domain: str) -> None:
    job = imported(api, [{"email": f"ann@{domain}"}])
    moved = edited(api, only(api, f"ann@{domain}"), email=f"ann.new@{domain}")
    assert counts(api.roll_back(job["jobId"])) == {"kept": 1}
    assert values(only(api, f"ann.new@{domain}")) == values(moved)
    assert outcomes(api, job["jobId"])[0]["fields"] == ["email"]


# --- One import on top of another


def stacked(api: Api, domain: str) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """A creates a contact, B updates it: both jobs, and the contact between the two."""
    first = imported(api, [{"email": f"ann@{domain}", "firstName": "Ann", "phone": "1"}], tags=["a"])
    between = only(api, f"ann@{domain}")
    second = imported(api, [{"email": f"ann@{domain}", "firstName": "Anna", "title": "CTO"}], **UPDATE, tags=["b"])
    return first, second, between


def test_the_later_import_first_then_the_earlier_as_if_neither_had_been(api: Api, domain: str) -> None:
    first, second, between = stacked(api, domain)
    assert counts(api.roll_back(second["jobId"])) == {"restored": 1}
    assert values(only(api, f"ann@{domain}")) == values(between)
    assert counts(api.roll_back(first["jobId"])) == {"deleted": 1}
    assert api.contacts(email=f"ann@{domain}") == []


def test_the_earlier_import_first_keeps_what_the_later_wrote(api: Api, domain: str) -> None:
    first, second, between = stacked(api, domain)
    updated = only(api, f"ann@{domain}")
    assert counts(api.roll_back(first["jobId"])) == {"kept": 1}
    assert values(only(api, f"ann@{domain}")) == values(updated)
    assert outcomes(api, first["jobId"])[0]["fields"] == ["firstName", "tags.b", "title"]
    assert counts(api.roll_back(second["jobId"])) == {"restored": 1}
    assert values(only(api, f"ann@{domain}")) == values(between)


# --- Segments


def test_a_segment_that_the_import_made_goes_with_its_members(api: Api, domain: str) -> None:
    before = created(api, email=f"bob@{domain}")
    job = imported(api, [{"email": f"ann@{domain}"}, {"email": f"bob@{domain}"}], **UPDATE, segmentName=domain)
    segment = segment_of(api, domain)
    assert segment is not None
    assert len(api.contacts(segmentId=segment["id"])) == 2

    assert counts(api.roll_back(job["jobId"])) == {"deleted": 1, "restored": 1}

    assert segment_of(api, domain) is None
    assert api.get(f"/api/segments/{segment['id']}").status_code == 404
    assert only(api, f"bob@{domain}")["segments"] == before["segments"] == []


def test_a_kept_contact_leaves_the_segment(api: Api, domain: str) -> None:
    job = imported(api, [{"email": f"ann@{domain}"}], segmentName=domain)
    edited(api, only(api, f"ann@{domain}"), phone="mine")
    assert counts(api.roll_back(job["jobId"])) == {"kept": 1}
    ann = only(api, f"ann@{domain}")
    assert (ann["phone"], ann["segments"]) == ("mine", [])
    assert segment_of(api, domain) is None


@pytest.mark.parametrize("back", ["first", "second"])
def test_a_segment_keeps_the_members_that_it_got_from_another_import(api: Api, domain: str, back: str) -> None:
    jobs = {
        name: imported(api, [{"email": f"{name}@{domain}"}], segmentName=domain)["jobId"]
        for name in ("first", "second")
    }
    stays = "second" if back == "first" else "first"
    api.roll_back(jobs[back])
    segment = segment_of(api, domain)
    assert segment is not None
    assert [contact["email"] for contact in api.contacts(segmentId=segment["id"])] == [f"{stays}@{domain}"]
