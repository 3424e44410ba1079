"""What the `EventPublisher` sends to EventBridge."""

from __future__ import annotations

import json
import uuid
from collections.abc import Iterator

import pytest
from botocore.exceptions import ClientError
from botocore.stub import Stubber

from contacts.adapters.eventbridge import EventBridgePublisher, EventNotAccepted
from contacts.ports import EventPublisher
from tests.support.aws_clients import ENGINES, client_of, make_client
from tests.support.memory_events import MemoryEvents

DETAIL = {"id": "event-1", "jobId": "job-1", "importedCount": 3}


@pytest.fixture
def stub() -> Iterator[tuple[EventBridgePublisher, Stubber]]:
    client = make_client("events")
    with Stubber(client) as stubber:
        yield EventBridgePublisher(client=client, bus="bus"), stubber
        stubber.assert_no_pending_responses()


def test_an_event_is_one_entry_on_the_bus(stub: tuple[EventBridgePublisher, Stubber]) -> None:
    publisher, stubber = stub
    entry = {
        "EventBusName": "bus",
        "Source": "bulk-contacts",
        "DetailType": "ContactsImportCompleted",
        "Detail": json.dumps(DETAIL),
    }
    stubber.add_response("put_events", {"FailedEntryCount": 0, "Entries": [{"EventId": "1"}]}, {"Entries": [entry]})
    publisher.publish("ContactsImportCompleted", DETAIL)


def test_an_event_that_was_not_taken_is_an_error_that_names_no_detail(
    stub: tuple[EventBridgePublisher, Stubber],
) -> None:
    publisher, stubber = stub
    refusal = {"ErrorCode": "InternalFailure", "ErrorMessage": "event-1"}
    stubber.add_response("put_events", {"FailedEntryCount": 1, "Entries": [refusal]})
    with pytest.raises(EventNotAccepted, match="InternalFailure") as raised:
        publisher.publish("ContactsImportCompleted", DETAIL)
    assert "event-1" not in str(raised.value)


@pytest.mark.parametrize("engine", ["memory", *ENGINES])
def test_a_detail_that_is_not_plain_data_is_refused(engine: str) -> None:
    def refuses(publisher: EventPublisher) -> None:
        with pytest.raises(TypeError):
            publisher.publish("ContactsImportCompleted", {"at": object()})

    if engine == "memory":
        refuses(MemoryEvents())
        return
    with client_of(engine, "events") as client:
        refuses(EventBridgePublisher(client=client, bus="default"))


@pytest.mark.parametrize("engine", ENGINES)
def test_a_bus_takes_the_event(engine: str) -> None:
    with client_of(engine, "events") as client:
        name = f"bus-{uuid.uuid4()}"
        client.create_event_bus(Name=name)
        EventBridgePublisher(client=client, bus=name).publish("ContactsImportCompleted", DETAIL)


def test_trouble_is_never_taken_for_an_answer(stub: tuple[EventBridgePublisher, Stubber]) -> None:
    publisher, stubber = stub
    stubber.add_client_error("put_events", "AccessDeniedException")
    with pytest.raises(ClientError, match="AccessDenied"):
        publisher.publish("ContactsImportCompleted", DETAIL)
