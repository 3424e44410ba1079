"""No personal data in logs, messages, state machines, events and refusals, whatever goes wrong."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from local.ephemeral import ephemeral_stack
from local.settings import ROOT, Settings
from local.stack import down
from tests.e2e import bulk_jobs, exports
from tests.e2e.canaries import DEAD_LETTERS, QUEUES_OF_SLICES, STATE_MACHINES, Canaries, Traces
from tests.e2e.event_bus import Listener, listening
from tests.e2e.http_client import Api, csv_file
from tests.e2e.minted_tokens import Mint

MAPPING = {"E-mail": "email", "Name": "firstName", "Phone": "phone", "Notes": "notes", "Pet": "customFields.pet"}
_FAILURE = '"level":"ERROR"'
#: Functions that the story does not bring to work.
IDLE = {f"/aws/lambda/bulk-contacts-{name}" for name in ("docs", "fail-export")}


@pytest.fixture
def own_directory(tmp_path: Path) -> Path:
    return tmp_path / "stack"


@pytest.fixture
def own_stack(own_directory: Path) -> Iterator[dict[str, Any]]:
    """A stack of its own: its data is spoilt, its queues are stopped, and all that it says is read."""
    yield ephemeral_stack(own_directory, owner_pid=os.getpid())
    down(Settings(port=0, directory=own_directory, template=ROOT / "template.yaml"))


class Story:
    """A tenant whose every text is a canary, and all that goes well and wrong with it."""

    def __init__(self, api: Api, traces: Traces, heard: Listener) -> None:
        self.api, self.traces, self.heard = api, traces, heard
        self.canaries = Canaries()
        self.refusals: list[httpx.Response] = []
        self.messages: list[str] = []
        self.answers: list[str] = []
        api.client.event_hooks = {"response": [self._note]}

    def row(self, name: str, **changed: str) -> tuple[str, ...]:
        person = {**self.canaries.person(name), **changed}
        return (person["email"], person["firstName"], person["phone"], person["notes"], self.canaries.word)

    def imports(self) -> dict[str, Any]:
        """Good rows, bad rows, bad files; an edit, a rollback that keeps it, its lists. Returns a finished import."""
        word = self.canaries.word
        rows = csv_file(
            tuple(MAPPING),
            *(self.row(name) for name in ("ann", "bob", "cy")),
            self.row("dee", email=f"{word} at home"),
            self.row("eve", phone=f"call {word}"),
            self.row("fay", firstName=word * 30),
            (*self.row("gus"), word, word),
        )
        options = {"segmentName": f"of {word}", "tags": [word], "validatePhone": True}
        job = self.api.run_import(f"{word}.csv", rows, MAPPING, options)
        assert (job["createdCount"], job["errorCount"]) == (3, 4), job
        assert self.canaries.are_in(json.dumps(job["errors"])), "a row's own error shows its value to the tenant"
        started: list[str] = []
        for name, content in [
            ("broken.json", f'[{{"E-mail": "{self.canaries.email("hal")}", "Name": {word}'.encode()),
            ("broken.xlsx", b"PK\x03\x04" + word.encode() * 20),
            ("no-column.csv", csv_file((word, "Mail"), (word, self.canaries.email("ivy")))),
            ("no-text.csv", b"E-mail\xff\xfe\n" + word.encode() + b"\xff\n"),
            ("two-columns.csv", csv_file(("E-mail", "E-mail"), (word, word))),
        ]:
            started.append(self.api.start_import(name, content, {"E-mail": "email"}).json()["jobId"])
        for job_id in started:
            assert self.api.wait(job_id)["createdCount"] == 0
        (ann,) = self.api.contacts(email=self.canaries.email("ann"))
        edited = self.api.client.patch(f"/api/contacts/{ann['id']}", json={"notes": f"edited {word}"})
        assert edited.is_success, edited.text
        rolled_back = self.api.roll_back(job["jobId"])
        assert (rolled_back["rollback"]["kept"], rolled_back["rollback"]["deleted"]) == (1, 2), rolled_back
        return self.api.run_import("again.csv", rows, MAPPING, {**options, "duplicateStrategy": "update"})

    def bulk(self) -> dict[str, Any]:
        """Contacts of a bulk job that are good, invalid, double; its clean-up. Returns another job, not cleaned up."""
        word = self.canaries.word
        collection = self.api.post("/api/collections", {"name": f"of {word}"}).json()["id"]
        people = [
            *(self.canaries.person(name) for name in ("jim", "kay", "jim")),
            {"email": f"{word} at home", "phone": self.canaries.digits},
            {"firstName": {"first": word}},
            word,
        ]
        job = bulk_jobs.create(self.api, people, collectionId=collection, clientReferenceId="session-1")
        assert bulk_jobs.counts(job) == {"success": 2, "skipped": 1, "failure": 3}, job
        bulk_jobs.clean_up(self.api, trackingKey=job["trackingKey"])
        return bulk_jobs.create(self.api, [self.canaries.person("lou")], clientReferenceId="session-2")

    def export(self) -> None:
        """Everybody, by a filter that names one of them."""
        filters = {"field": "notes", "op": "contains", "value": self.canaries.word}
        exported = exports.export(self.api, format="csv", filters=filters, includeCustomFields=True)
        assert self.canaries.are_in(exported.content.decode())

    def refused(self) -> None:
        """Requests that are wrong in every way that has an answer of its own, with personal data at the wrong place.

        Not among them: names of fields and columns, which answers do quote.
        """
        word, email = self.canaries.word, self.canaries.email("ann")
        (ann,) = self.api.contacts(email=email)
        client, before = self.api.client, len(self.refusals)
        json_type = {"Content-Type": "application/json"}
        url = self.api.upload("later.csv", csv_file(("E-mail",), (email,)))
        file = {"fileName": "x.csv", "fileUrl": url, "fieldMapping": {"E-mail": "email"}}
        self.api.post("/api/contacts", {"notes": "first"}, Idempotency_Key=word)
        answers = [
            self.api.post("/api/contacts", {"email": email}),
            self.api.post("/api/contacts", {"email": f"{word} at home"}),
            self.api.post("/api/contacts", {"phone": [word], "notes": {"note": word}, "tags": word}),
            self.api.post("/api/contacts", {"firstName": word * 30, "customFields": {"pet": [word]}}),
            self.api.post("/api/contacts", {"engagement": {"opens": word}, "addresses": [{"zip": word}]}),
            self.api.post("/api/contacts", {"notes": f"second {word}"}, Idempotency_Key=word),
            self.api.post("/api/contacts", {"notes": word}, Idempotency_Key=f"{word} {word}"),
            self.api.post("/api/contacts", [word]),
            client.post("/api/contacts", content=f'{{"email": "{email}", {word}', headers=json_type),
            client.post("/api/contacts", content=f'{{"email": "{email}"}}', headers={"Content-Type": "text/plain"}),
            client.post("/api/contacts", content=word.encode("utf-16"), headers=json_type),
            client.patch(f"/api/contacts/{ann['id']}", json={"email": word}),
            client.patch(f"/api/contacts/{ann['id']}", json={"notes": word}, headers={"If-Match": word}),
            client.patch(f"/api/contacts/{ann['id']}", json={"notes": word}, headers={"If-Match": '"99"'}),
            self.api.get("/api/contacts", email=email, limit=word),
            self.api.get("/api/contacts", cursor=word),
            self.api.get("/api/contacts", segmentId=word),
            self.api.get(f"/api/contacts/{email}"),
            self.api.get(f"/api/contacts/import/{email}"),
            self.api.get("/api/jobs", status=word),
            self.api.get(f"/api/{email}"),
            self.api.post("/api/contacts/import/upload", {"fileName": f"{word}\n.csv"}),
            self.api.post("/api/contacts/import", {**file, "fileUrl": f"https://{word}.example/{email}"}),
            self.api.post("/api/contacts/import", {**file, "fieldMapping": {"E-mail": word}}),
            self.api.post("/api/contacts/import", {**file, "options": {"duplicateStrategy": word}}),
            self.api.post(exports.EXPORTS, {"format": word}),
            self.api.post(exports.EXPORTS, {"format": "csv", "filters": {"field": word, "op": word, "value": word}}),
            self.api.post(
                exports.EXPORTS, {"format": "csv", "filters": {"field": "email", "op": "in", "value": email}}
            ),
            self.api.post(bulk_jobs.CREATE, {"contacts": word}),
            self.api.post(bulk_jobs.CREATE, {"contacts": [{"email": email}], "collectionId": word}),
            self.api.post(bulk_jobs.DELETE, {"trackingKey": word}),
            self.api.post(bulk_jobs.DELETE, {"trackingKey": f"bcc:{word}", "contactIds": [{"id": email}]}),
            self.api.post("/api/collections", {"name": [word]}),
        ]
        assert all(400 <= answer.status_code < 500 for answer in answers), [
            (answer.request.url.path, answer.status_code, answer.text) for answer in answers if answer.is_success
        ]
        assert len(self.refusals) == before + len(answers)

    def failures_of_ours(self, imported: dict[str, Any], bulk: dict[str, Any]) -> None:
        """Contacts and files that can't be read any more: every kind of function fails, and the errors quote them."""
        word, traces = self.canaries.word, self.traces
        (bob,) = self.api.contacts(email=self.canaries.email("bob"))
        for contact_id in (bob["id"], bulk["contactIds"][0]):
            traces.spoil_contact(contact_id, word)
        for path in (
            f"/api/contacts/{bob['id']}",
            "/api/contacts",
            f"/api/contacts?email={self.canaries.email('bob')}",
        ):
            assert self.api.get(path).status_code == 500
        exports.start(self.api, format="json")
        started = self.api.start_import("bob.csv", csv_file(tuple(MAPPING), self.row("bob")), MAPPING, {})
        assert started.status_code == 202, started.text
        rolled_back = self.api.start_rollback(imported["jobId"], onConflict="force")
        assert rolled_back.status_code == 202, rolled_back.text
        with traces.nothing_taken_from(DEAD_LETTERS):
            with traces.nothing_taken_from(*QUEUES_OF_SLICES):
                traces.give_back_at_once(*QUEUES_OF_SLICES)
                create = bulk_jobs.start(self.api, bulk_jobs.CREATE, {"contacts": [self.canaries.person("mia")]})
                bulk_jobs.start(self.api, bulk_jobs.DELETE, {"trackingKey": bulk["trackingKey"]})
                for queue in QUEUES_OF_SLICES:
                    self.messages += traces.wait_for_messages(queue, 1)
                traces.spoil_object(f"bulk/tenant/{create['jobId']}/entries.jsonl", f'{{"email": {word}')
            self.messages += traces.wait_for_messages(DEAD_LETTERS, 2)
        traces.wait_for_log("CloseBulkSlices", "slice")
        # The history of a Map's parts is not to be had here; what a step answers is what would stand in it.
        part = {"jobId": started.json()["jobId"], "part": 0}
        back = {"jobId": imported["jobId"], "run": 1, "mode": "write", "part": 0}
        for function, event in (("ApplyImportPart", part), ("RollBackPart", back)):
            traces.wait_for_log(function, _FAILURE)
            self.answers.append(traces.answer_of(function, event))
        traces.wait_for_log("WriteExport", _FAILURE)
        for function in ("SweepJobs", "CleanUpExports"):
            self.answers.append(traces.answer_of(function, {}))

    def _note(self, answer: httpx.Response) -> None:
        if answer.status_code >= 400:
            answer.read()
            self.refusals.append(answer)


@pytest.mark.skipif(not os.environ.get("SOAK"), reason="takes a stack of its own; `make soak-data` runs it")
def test_personal_data_stays_where_it_belongs(own_stack: dict[str, Any], own_directory: Path) -> None:
    api, traces = Mint.of(own_stack, own_directory).caller("tenant"), Traces(own_stack)
    with listening(own_stack) as heard:
        story = Story(api, traces, heard)
        imported, bulk = story.imports(), story.bulk()
        story.export()
        story.refused()
        story.failures_of_ours(imported, bulk)
        heard.wait_for("ContactsImportCompleted", jobId=imported["jobId"])
        heard.wait_for("ContactsExportCompleted")
        heard.wait_for("ContactsCreated", jobId=bulk["jobId"])

    logs = traces.logs()
    histories = {machine: traces.histories(machine) for machine in STATE_MACHINES}
    said = {
        "logs": [line for text in logs.values() for line in text.splitlines()],
        "messages": story.messages,
        "state machines": [text for texts in histories.values() for text in texts],
        "answers of functions": story.answers,
        "events": [json.dumps(event) for event in heard.events],
        "refusals": [f"{answer.text} {answer.headers}" for answer in story.refusals],
    }
    assert {what: [text for text in texts if story.canaries.are_in(text)] for what, texts in said.items()} == {
        what: [] for what in said
    }
    # All this has said something, also of what failed.
    assert {group for group, text in logs.items() if not text and group.startswith("/aws/lambda/")} <= IDLE
    assert len(story.messages) == 4
    assert ["FunctionFailedError" in text for text in story.answers] == [True, True, False, False]
    assert {answer.status_code for answer in story.refusals} >= {400, 404, 409, 412, 415, 422, 500}
    assert len(heard.events) >= 5
    assert all(histories.values())
    assert any("FunctionFailedError" in text for text in histories["ExportStateMachine"])
