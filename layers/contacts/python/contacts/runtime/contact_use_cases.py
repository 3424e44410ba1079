"""The use cases behind the HTTP API of contacts and segments, each with the ports that it asks for."""

from __future__ import annotations

from aws_lambda_powertools import Logger

from contacts.runtime.exception_report import report_exception
from contacts.runtime.wiring import Wiring
from contacts.usecases.announce_contacts import AnnounceContacts
from contacts.usecases.create_contact import CreateContact
from contacts.usecases.delete_contact import DeleteContact
from contacts.usecases.find_contacts import FindContacts
from contacts.usecases.get_contact import GetContact
from contacts.usecases.get_segment import GetSegment
from contacts.usecases.list_segments import ListSegments
from contacts.usecases.update_contact import UpdateContact

logger = Logger()


def create_contact(wiring: Wiring) -> CreateContact:
    return CreateContact(
        contacts=wiring.contacts,
        outbox=wiring.outbox,
        announce=AnnounceContacts(events=wiring.events),
        clock=wiring.clock,
        on_not_announced=_tell_not_announced,
    )


def _tell_not_announced(contact_id: str, error: Exception) -> None:
    logger.error(
        "a contact waits for the sweeper to announce it",
        extra={"contact_id": contact_id, "error": report_exception(error)},
    )


def get_contact(wiring: Wiring) -> GetContact:
    return GetContact(contacts=wiring.contacts)


def update_contact(wiring: Wiring) -> UpdateContact:
    return UpdateContact(contacts=wiring.contacts, clock=wiring.clock)


def delete_contact(wiring: Wiring) -> DeleteContact:
    return DeleteContact(contacts=wiring.contacts)


def find_contacts(wiring: Wiring) -> FindContacts:
    return FindContacts(contacts=wiring.contacts, segments=wiring.segments)


def list_segments(wiring: Wiring) -> ListSegments:
    return ListSegments(segments=wiring.segments)


def get_segment(wiring: Wiring) -> GetSegment:
    return GetSegment(segments=wiring.segments)
