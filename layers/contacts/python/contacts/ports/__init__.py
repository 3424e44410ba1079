"""What the use cases ask of the world, as Protocols. Adapters implement them; tests have an in-memory one of each.

Unless a method says otherwise it raises whatever its service raises: such trouble is not a result, and is retried.
"""

from __future__ import annotations

from contacts.ports.clock import Clock
from contacts.ports.closing_tries import ClosingTries, ClosingTriesStore
from contacts.ports.contact_outbox import ContactOutbox, OutboxNote
from contacts.ports.contact_store import Addressing, ContactStore
from contacts.ports.events import EventPublisher
from contacts.ports.executions import ExecutionState, JobRunner
from contacts.ports.files import FileInfo, FileLinks, FileStore, NotDeleted, SignedUpload
from contacts.ports.idempotency_store import IdempotencyClaim, IdempotencyStore
from contacts.ports.job_store import JobStore, OpenJob
from contacts.ports.segment_store import SegmentStore

__all__ = [
    "Addressing",
    "Clock",
    "ClosingTries",
    "ClosingTriesStore",
    "ContactOutbox",
    "ContactStore",
    "EventPublisher",
    "ExecutionState",
    "FileInfo",
    "FileLinks",
    "FileStore",
    "IdempotencyClaim",
    "IdempotencyStore",
    "JobRunner",
    "JobStore",
    "NotDeleted",
    "OpenJob",
    "OutboxNote",
    "SegmentStore",
    "SignedUpload",
]
