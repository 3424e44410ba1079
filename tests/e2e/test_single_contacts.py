"""Single contacts, with the rights that the functions really have: announced at least once, found by their source."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import pytest
from boto3.dynamodb.conditions import Key

from tests.e2e import bulk_jobs as bulk
from tests.e2e.bulk_internals import Internals, hours_ago
from tests.e2e.event_bus import aws_session, listening
from tests.e2e.http_client import Api
from tests.e2e.imported_contacts import created

OUTBOX = "OUTBOX#contacts"


@pytest.fixture
def api(stack: dict[str, Any]) -> Api:
    return Api.of(stack, "a-user")


@dataclass(frozen=True)
class Outbox:
    """The notes of contacts to announce, behind the API."""

    stack: Mapping[str, Any]
    tenant: str

    def contact_ids(self) -> list[str]:
        notes = self._table.query(KeyConditionExpression=Key("pk").eq(OUTBOX), ConsistentRead=True)["Items"]
        return [note["contactId"] for note in notes if note["tenant"] == self.tenant]

    def add_old(self, contact_id: str) -> None:
        """As a request leaves it that died an hour ago."""
        key = {"pk": OUTBOX, "sk": f"{hours_ago(1)}#{uuid.uuid4().hex}"}
        self._table.put_item(Item={**key, "tenant": self.tenant, "contactId": contact_id})

    @property
    def _table(self) -> Any:
        resource = aws_session(dict(self.stack)).resource("dynamodb", endpoint_url=self.stack["awsEndpoint"])
        return resource.Table(self.stack["resources"]["JobsTable"])


@pytest.fixture
def outbox(stack: dict[str, Any], tenants: dict[str, str]) -> Outbox:
    return Outbox(stack, tenants["a-user"])


def test_a_contact_is_announced_and_leaves_no_note(stack: dict[str, Any], api: Api, outbox: Outbox) -> None:
    with listening(stack) as bus:
        id_ = created(api, firstName="Ada", email=f"ada@{uuid.uuid4().hex}.example")["id"]
        event = bus.wait_for("ContactsCreated", eventId=f"contact-{id_}")
    assert event["detail"]["contactIds"] == [id_]
    assert id_ not in outbox.contact_ids()


def test_what_a_dead_request_noted_is_announced_by_the_sweeper_if_it_is_there(
    stack: dict[str, Any], api: Api, outbox: Outbox
) -> None:
    id_ = created(api, firstName="Ada")["id"]
    gone = created(api, firstName="Bob")["id"]
    assert api.client.delete(f"/api/contacts/{gone}").status_code == 204
    with listening(stack) as bus:  # from before there is something to tell: other tests' sweeps may come first
        for each in (gone, id_):
            outbox.add_old(each)
        Internals(stack).sweep()
        bus.wait_for("ContactsCreated", eventId=f"contact-{id_}")
        assert not bus.of("ContactsCreated", eventId=f"contact-{gone}")
    assert outbox.contact_ids() == []


def test_contacts_of_one_bulk_create_are_found_by_their_source(stack: dict[str, Any], api: Api) -> None:
    job = bulk.create(api, bulk.people(7, f"d{uuid.uuid4().hex}.example"), clientSource="ios", clientReferenceId="r")
    created(api, firstName="Alone")
    found: list[str] = []
    params: dict[str, Any] = {"externalSource": job["trackingKey"], "limit": 3}
    while True:
        page = api.get("/api/contacts", **params).json()
        found += [item["id"] for item in page["items"]]
        if page["nextCursor"] is None:
            break
        params["cursor"] = page["nextCursor"]
    assert found == sorted(job["contactIds"])
    reader = Api.of(stack, "a-readonly").get("/api/contacts", externalSource=job["trackingKey"])
    assert (reader.status_code, len(reader.json()["items"])) == (200, 7)
    stranger = Api.of(stack, "b-admin").get("/api/contacts", externalSource=job["trackingKey"])
    assert (stranger.status_code, stranger.json()) == (200, {"items": [], "nextCursor": None})
