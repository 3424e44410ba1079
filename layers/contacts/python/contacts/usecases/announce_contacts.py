"""Tell other systems which contacts are new: where matching and enrichment come in."""

from __future__ import annotations

from collections.abc import Sequence

from contacts.ports import EventPublisher


class AnnounceContacts:
    """Publishes `ContactsCreated`, at least once. The same contacts come under the same `eventId`, so that receivers
    can tell."""

    def __init__(self, *, events: EventPublisher) -> None:
        self._events = events

    def __call__(self, tenant: str, contact_ids: Sequence[str], *, event_id: str, job_id: str | None = None) -> None:
        """Publish the ids, a slice of a bulk job at most: far below EventBridge's quota of 256 KB an event."""
        self._events.publish(
            "ContactsCreated",
            {"eventId": event_id, "tenantId": tenant, "jobId": job_id, "contactIds": list(contact_ids)},
        )

    def single(self, tenant: str, contact_id: str) -> None:
        """Publish one that was created by itself. An id is never used twice, so it names the event."""
        self(tenant, [contact_id], event_id=f"contact-{contact_id}")
