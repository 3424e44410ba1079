"""Two tenants, each with one of everything: neither gets at anything of the other, by whatever it names."""

from __future__ import annotations

from base64 import urlsafe_b64decode
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import httpx
import pytest

from contacts.contracts.cursors import make_cursor
from tests.e2e import bulk_jobs, exports
from tests.e2e.api_operations import NOTHINGS_ID, Operation, all_operations
from tests.e2e.belongings import JOBS, MAPPING, Belongings, kind_of
from tests.e2e.http_client import Api, csv_file, fetch, send_form
from tests.e2e.minted_tokens import Mint

BY_NAME = {str(operation): operation for operation in all_operations()}

#: What goes along with a request that names a thing, so that nothing but whose it is can be in its way.
BODY_ABOUT_A_THING: Mapping[str, Any] = {
    "POST /api/contacts/import/{jobId}/rollback": {"dryRun": True},
    "PATCH /api/contacts/{contactId}": {"notes": "taken"},
    "PUT /api/collections/{collectionId}/editors": {"editors": ["mallory"]},
}

#: What each list's cursors are bound to besides the tenant; an attacker can read that, too.
SCOPE_OF_LIST: Mapping[str, Callable[[Belongings], tuple[str | None, ...]]] = {
    "GET /api/collections": lambda who: ("collections",),
    "GET /api/collections/{collectionId}/items": lambda who: ("collection-items", who.ids["collection"]),
    "GET /api/contacts": lambda who: ("contacts", None, None, None),
    "GET /api/contacts/bulk-create/{jobId}/items": lambda who: ("bulk-create-items", who.ids["bulk create"]),
    "GET /api/contacts/bulk-delete/{jobId}/items": lambda who: ("bulk-delete-items", who.ids["bulk delete"]),
    "GET /api/contacts/export/audit": lambda who: ("exports_audit",),
    "GET /api/contacts/import/{jobId}/errors": lambda who: ("errors", who.ids["import"]),
    "GET /api/contacts/import/{jobId}/rollback": lambda who: ("rollback", who.ids["import"]),
    "GET /api/jobs": lambda who: ("jobs", None, None),
    "GET /api/segments": lambda who: ("segments",),
}

#: The body of a request that makes something, given whose things it is about. Sent twice it means two things.
BODY_THAT_MAKES: Mapping[str, Callable[[Belongings], dict[str, Any] | None]] = {
    "POST /api/collections": lambda who: {"name": "again"},
    "POST /api/contacts": lambda who: {"notes": "again"},
    "POST /api/contacts/bulk-create": lambda who: {"contacts": [{"notes": "again"}]},
    "POST /api/contacts/bulk-create/{jobId}/collection": lambda who: None,
    "POST /api/contacts/bulk-delete": lambda who: {"trackingKey": who.tracking_key, "dryRun": True},
    "POST /api/contacts/export": lambda who: {"format": "json", "filters": exports.tagged("nobody")},
    "POST /api/contacts/import": lambda who: import_of(who.upload_url),
    "POST /api/contacts/import/upload": lambda who: {"fileName": "again.csv"},
    "POST /api/contacts/import/{jobId}/rollback": lambda who: {"dryRun": True},
}


def import_of(url: str) -> dict[str, Any]:
    return {"fileName": "people.csv", "fileUrl": url, "fieldMapping": MAPPING}


@pytest.fixture(scope="module")
def ours(stack: dict[str, Any], stack_directory: Path) -> Belongings:
    return Belongings.of_new_tenant(Mint.of(stack, stack_directory))


@pytest.fixture(scope="module")
def theirs(stack: dict[str, Any], stack_directory: Path, ours: Belongings) -> Belongings:
    """The other tenant, which is never answered with the marker of ours."""
    made = Belongings.of_new_tenant(Mint.of(stack, stack_directory))

    def check(answer: httpx.Response) -> None:
        answer.read()
        assert ours.marker not in f"{answer.text} {answer.headers}", str(answer.request.url)

    made.api.client.event_hooks = {"response": [check]}
    return made


@contextmanager
def nothing_changes_for(tenant: Belongings) -> Iterator[None]:
    tenant.rest()
    before = tenant.everything()
    yield
    assert tenant.everything() == before


def answered(answer: httpx.Response) -> tuple[int, Any]:
    """Status and body, without what is new with every request."""
    body = answer.json()
    if "error" in body:
        del body["error"]["requestId"]
    return answer.status_code, body


def refusal(answer: httpx.Response) -> tuple[int, str]:
    return bulk_jobs.refusal(answer)


def test_every_route_has_its_case() -> None:
    lists = {name for name, operation in BY_NAME.items() if "cursor" in operation.parameters}
    assert set(SCOPE_OF_LIST) == lists
    making = {name for name, operation in BY_NAME.items() if "idempotency-key" in operation.parameters}
    assert set(BODY_THAT_MAKES) == making
    about_things = {name for name, operation in BY_NAME.items() if operation.takes_id}
    with_body = {name for name in about_things if BY_NAME[name].takes_body}
    assert set(BODY_ABOUT_A_THING) == with_body
    assert set(BY_NAME) == lists | making | about_things


def test_no_id_of_another_tenant_opens_anything_on_any_route(ours: Belongings, theirs: Belongings) -> None:
    """A job's own route says 403, as specified. Everything else is answered as if there were no such thing."""

    def ask(operation: Operation, id_: str) -> tuple[int, Any]:
        body = BODY_ABOUT_A_THING.get(str(operation))
        return answered(theirs.api.client.request(operation.method, operation.path_of(id_), json=body))

    with nothing_changes_for(ours):
        for operation in (each for each in BY_NAME.values() if each.takes_id):
            nothing = ask(operation, NOTHINGS_ID)
            assert nothing[0] == 404, (str(operation), nothing)
            for kind, id_ in ours.ids.items():
                status, body = ask(operation, id_)
                if kind == kind_of(operation) and kind in JOBS:
                    assert (status, body["error"]["code"]) == (403, "JOB_FORBIDDEN"), (str(operation), kind)
                else:
                    assert (status, body) == nothing, (str(operation), kind)
            # So that it was not the request that was wrong.
            if operation.method == "GET":
                own = theirs.api.get(theirs.path_of(operation))
                assert own.status_code == 200, (str(operation), own.text)


def test_no_cursor_is_of_use_in_any_list_but_its_own(ours: Belongings, theirs: Belongings) -> None:
    def cursors(whose: Belongings) -> dict[str, str]:
        found = {name: whose.api.get(path, limit=1).json()["nextCursor"] for name, path in whose.lists().items()}
        assert None not in found.values(), found
        return found

    foreign, own = cursors(ours), cursors(theirs)
    for name, path in theirs.lists().items():
        for made_by, cursor in foreign.items():
            answer = theirs.api.get(path, cursor=cursor)
            assert refusal(answer) == (400, "CURSOR_INVALID"), (name, made_by)
        for made_by, cursor in own.items():
            answer = theirs.api.get(path, cursor=cursor)
            assert answer.status_code == (200 if name == made_by else 400), (name, made_by)


def test_a_cursor_forged_from_another_tenants_position_leads_to_nothing_of_it(
    ours: Belongings, theirs: Belongings
) -> None:
    """A cursor holds no secret: whoever reads the code can make one. Its position is one in their own list then."""
    for name, path in theirs.lists().items():
        cursor = ours.api.get(ours.lists()[name], limit=1).json()["nextCursor"]
        position = urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))[12:].decode()
        forged = make_cursor(position, theirs.tenant, *SCOPE_OF_LIST[name](theirs))
        answer = theirs.api.get(path, cursor=forged)
        assert answer.status_code in {200, 400}, (name, answer.text)
        if answer.status_code == 200:  # and then, as always, without our marker
            assert ours.domain not in answer.text
        ours_again = make_cursor(position, ours.tenant, *SCOPE_OF_LIST[name](ours))
        assert ours_again == cursor, f"{name}: the forger knows how cursors are made"


def test_no_list_shows_anything_of_another_tenant(ours: Belongings, theirs: Belongings) -> None:
    shown = str(theirs.everything())
    for hidden in (ours.domain, ours.tracking_key, *ours.ids.values(), *ours.contact_ids):
        assert hidden not in shown
    assert theirs.domain in shown


def test_another_tenants_tracking_key_finds_nothing(ours: Belongings, theirs: Belongings) -> None:
    assert theirs.api.contacts(externalSource=ours.tracking_key) == []
    assert ours.api.contacts(externalSource=ours.tracking_key)


@pytest.mark.parametrize(
    ("make", "of_ours", "of_nobody"),
    [
        (lambda api, id_: api.get("/api/contacts", segmentId=id_), "segment", NOTHINGS_ID),
        (lambda api, id_: api.post(exports.EXPORTS, {"format": "csv", "segmentId": id_}), "segment", NOTHINGS_ID),
        (lambda api, id_: api.post(exports.EXPORTS, {"format": "csv", "collectionId": id_}), "collection", NOTHINGS_ID),
        (
            lambda api, id_: api.post(bulk_jobs.CREATE, {"contacts": [{"notes": "x"}], "collectionId": id_}),
            "collection",
            NOTHINGS_ID,
        ),
    ],
    ids=["contacts of a segment", "export of a segment", "export of a collection", "bulk create into a collection"],
)
def test_a_reference_to_another_tenants_thing_is_one_to_nothing(
    ours: Belongings,
    theirs: Belongings,
    make: Callable[[Api, str], httpx.Response],
    of_ours: str,
    of_nobody: str,
) -> None:
    refused = answered(make(theirs.api, of_nobody))
    assert refused[0] == 404, refused
    assert answered(make(theirs.api, ours.ids[of_ours])) == refused
    assert make(theirs.api, theirs.ids[of_ours]).is_success


def test_a_clean_up_reaches_nothing_of_another_tenant(ours: Belongings, theirs: Belongings) -> None:
    with nothing_changes_for(ours):

        def ask(**body: Any) -> httpx.Response:
            return theirs.api.post(bulk_jobs.DELETE, body)

        assert refusal(ask(bulkCreateJobId=ours.ids["bulk create"])) == (403, "JOB_FORBIDDEN")
        assert ask(bulkCreateJobId=NOTHINGS_ID).status_code == 404
        both = ask(bulkCreateJobId=theirs.ids["bulk create"], trackingKey=ours.tracking_key)
        assert both.status_code == 400, both.text
        # A tracking key of nobody's and one of ours end in the same: no contact.
        of_nobody = ours.tracking_key.replace(ours.ids["bulk create"], NOTHINGS_ID)
        for key in (of_nobody, ours.tracking_key):
            job = bulk_jobs.clean_up(theirs.api, trackingKey=key)
            assert (job["status"], bulk_jobs.counts(job), job["candidateContactIds"]) == ("COMPLETED", {}, []), job
        # By their ids, our contacts are not there; one of their own that another job made is forbidden.
        (imported, *_) = theirs.api.contacts(email=f"ann@{theirs.domain}")
        job = bulk_jobs.clean_up(
            theirs.api,
            trackingKey=theirs.tracking_key,
            contactIds=[*ours.contact_ids, imported["id"], theirs.contact_ids[0]],
            dryRun=True,
        )
        assert bulk_jobs.counts(job) == {"notFound": len(ours.contact_ids), "forbidden": 1}
        assert job["candidateContactIds"] == [theirs.contact_ids[0]]


def test_an_e_mail_or_an_id_that_another_tenant_has_is_free(ours: Belongings, theirs: Belongings) -> None:
    email = f"bob@{ours.domain}"
    with nothing_changes_for(ours):
        assert theirs.api.contacts(email=email) == []
        # A row that names the id of one of ours is about a contact of their own, and so is the segment of that name.
        job = theirs.api.run_import(
            "people.csv",
            csv_file(("Id", "E-mail"), (ours.contact_ids[0], email)),
            {"Id": "id", "E-mail": "email"},
            {"duplicateStrategy": "update", "segmentName": ours.ids["segment"]},
        )
        assert (job["createdCount"], job["updatedCount"]) == (1, 0), job
        (contact,) = theirs.api.contacts(email=email)
        assert contact["id"] not in ours.contact_ids
        taken = theirs.api.post("/api/contacts", {"email": email})
        assert (refusal(taken), taken.json()["error"]["contactId"]) == ((409, "EMAIL_EXISTS"), contact["id"])
        moved = theirs.api.client.patch(f"/api/contacts/{contact['id']}", json={"email": f"ann@{ours.domain}"})
        assert moved.status_code == 200, moved.text


@pytest.mark.parametrize("name", BODY_THAT_MAKES)
def test_an_idempotency_key_belongs_to_a_user_of_a_tenant(ours: Belongings, theirs: Belongings, name: str) -> None:
    operation, key = BY_NAME[name], "the-same-key"

    def send(api: Api, whose: Belongings) -> httpx.Response:
        body = BODY_THAT_MAKES[name](whose)
        return api.client.request("POST", whose.path_of(operation), json=body, headers={"Idempotency-Key": key})

    def replayed(answer: httpx.Response) -> bool:
        assert answer.is_success, answer.text
        return "idempotency-replayed" in answer.headers

    first = send(ours.api, ours)
    assert not replayed(first)
    if operation.path.endswith("/rollback"):
        ours.api.wait_for_rollback(ours.ids["import"])
    for api, whose in ((theirs.api, theirs), (ours.colleague(), ours)):
        other = send(api, whose)
        assert not replayed(other)
        if not operation.takes_id:
            assert other.json() != first.json()
        if operation.path.endswith("/rollback"):
            whose.api.wait_for_rollback(whose.ids["import"])
    # Once it was used, it answers for that request alone, whoever else has used it.
    again = send(ours.api, ours)
    assert (replayed(again), again.json()) == (True, first.json())
    # Our request, path and all, sent by the others with the key that we used.
    if operation.takes_id:
        stolen = send(theirs.api, ours)
        assert stolen.status_code in {403, 422}, stolen.text


def test_no_address_of_a_file_leads_to_another_tenants(
    stack: dict[str, Any], ours: Belongings, theirs: Belongings
) -> None:
    own, foreign = urlsplit(theirs.upload_url), urlsplit(ours.upload_url)
    folder = own.path.rpartition("/")[0]
    job = ours.ids["import"]
    tenant_part = foreign.path.split("/")[2]
    inside = f"https://{foreign.netloc}"
    addresses = [
        ours.upload_url,
        ours.export_url,
        ours.export_link,
        ours.upload_url + "x",
        f"{inside}/staged/{tenant_part}/{job}/part-00000.jsonl",
        f"{inside}/undo/{tenant_part}/{job}/part-00000/round-000.json",
        f"{inside}/results/{tenant_part}/{job}/results.csv",
        f"https://{own.netloc}{folder}/../..{foreign.path}",
        f"https://{own.netloc}{folder}/..%2F..{foreign.path}",
        f"https://{own.netloc}{folder}/%2e%2e/%2e%2e{foreign.path}",
        f"https://{own.netloc}/{folder.strip('/')}{foreign.path}/../../..{foreign.path}",
        f"{theirs.upload_url}/../../..{foreign.path}",
        f"{theirs.upload_url}?versionId=null",
        f"{theirs.upload_url}#{foreign.path}",
        f"https://{own.netloc}@example.com{own.path}",
        f"https://s3.amazonaws.com/{own.netloc.split('.')[0]}{foreign.path}",
        f"s3://{own.netloc.split('.')[0]}{foreign.path}",
        f"{stack['awsEndpoint']}/{stack['resources']['FilesBucket']}{foreign.path}",
        "https://example.com/file.csv",
        "http://169.254.169.254/latest/meta-data/",
        "file:///etc/passwd",
        "not a url",
    ]
    with nothing_changes_for(ours):
        for address in addresses:
            answer = theirs.api.post("/api/contacts/import", import_of(address))
            assert refusal(answer) == (403, "FILE_URL_FORBIDDEN"), address
            assert answer.json()["error"]["field"] == "fileUrl"


def test_no_address_or_link_opens_another_object(stack: dict[str, Any], ours: Belongings, theirs: Belongings) -> None:
    bucket = f"{stack['awsEndpoint']}/{stack['resources']['FilesBucket']}"
    for url in (ours.upload_url, ours.export_url):
        assert fetch(bucket + urlsplit(url).path).status_code == 403, url
    link = theirs.export_link
    assert fetch(link).status_code == 200
    turned = link.replace(urlsplit(theirs.export_url).path, urlsplit(ours.export_url).path)
    assert turned != link
    assert fetch(turned).status_code == 403


def test_a_form_for_an_upload_takes_no_other_place(theirs: Belongings, ours: Belongings) -> None:
    answer = theirs.api.post("/api/contacts/import/upload", {"fileName": "people.csv"}).json()
    form, content = answer["upload"], csv_file(("E-mail",), ("mallory@example.com",))
    fields = {**form["fields"], "key": urlsplit(ours.upload_url).path.lstrip("/")}
    stored = send_form({**form, "fields": fields}, "people.csv", content)
    assert stored.status_code == 403, stored.text
    # What was uploaded there is what it was.
    job = ours.api.wait(ours.api.post("/api/contacts/import", import_of(ours.upload_url)).json()["jobId"])
    assert (job["totalRows"], job["skippedCount"]) == (5, 5), job
