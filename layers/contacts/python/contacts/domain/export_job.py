"""An export job: what was asked for, where it stands, and the file that came of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from contacts.domain.errors import Problem

EXPORT_KIND = "export"
#: How long an export's file is kept, from the job's creation (specification, `startExport`).
EXPORT_LIFE = timedelta(days=7)
#: How much longer a job stays that no clean-up has removed.
KEPT_AFTER_EXPIRY = timedelta(days=7)
#: How long it is known who took contacts out.
AUDIT_KEPT_FOR = timedelta(days=400)


class ExportStatus(StrEnum):
    """The specification's states of an export job, in the order in which they are reached."""

    PENDING = "pending"
    PROCESSING = "processing"
    COMPLETED = "completed"
    FAILED = "failed"


OPEN_EXPORT_STATUSES = frozenset({ExportStatus.PENDING, ExportStatus.PROCESSING})


class ExportFormat(StrEnum):
    """What file is written; also the ending of its name."""

    CSV = "csv"
    XLSX = "xlsx"
    JSON = "json"
    JSONL = "jsonl"


class ExportType(StrEnum):
    """Which contacts an export is about; follows from what was asked for."""

    FULL = "full"
    FILTERED = "filtered"
    SEGMENT = "segment"


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportOptions:
    """What to export, and how.

    Attributes:
        filters: a checked filter as it was given; see `contact_filter`.
        segment_id, collection_id: only contacts that are in these.
        selected_fields: columns in this order; None for the default ones.
        include_custom_fields: add a column for every custom field that occurs.
        include_engagement_metrics: add the columns of `engagement`.
        byte_order_mark: begin a CSV file with one, by which Excel knows UTF-8.
    """

    format: ExportFormat
    filters: Mapping[str, Any] | None = None
    segment_id: str | None = None
    collection_id: str | None = None
    selected_fields: tuple[str, ...] | None = None
    include_custom_fields: bool = False
    include_engagement_metrics: bool = False
    byte_order_mark: bool = False

    @property
    def is_table(self) -> bool:
        """Whether the file has columns, which have to be known before the first contact is written."""
        return self.format in {ExportFormat.CSV, ExportFormat.XLSX}

    @property
    def type(self) -> ExportType:
        if self.segment_id is not None:
            return ExportType.SEGMENT
        is_filtered = self.filters is not None or self.collection_id is not None
        return ExportType.FILTERED if is_filtered else ExportType.FULL


@dataclass(frozen=True, slots=True)
class ExportFile:
    """The finished file: its key in the bucket, its size in bytes, and the SHA-256 of its bytes in hexadecimal."""

    key: str
    size: int
    sha256: str


@dataclass(frozen=True, slots=True, kw_only=True)
class ExportJob:
    """One export. Times are ISO 8601 in UTC.

    Attributes:
        attempt: counts the tries to write the file; only the latest one may complete the job.
        processed: contacts written so far by the latest try.
        total: contacts in the file; None until it is complete.
        problem: why it failed.
        expires_at: when file and job are to be removed.
        announced: whether the closing event went out.
    """

    id: str
    tenant: str
    created_by: str
    created_at: str
    changed_at: str
    expires_at: str
    options: ExportOptions
    workspace: str | None = None
    status: ExportStatus = ExportStatus.PENDING
    attempt: int = 0
    processed: int = 0
    total: int | None = None
    file: ExportFile | None = None
    problem: Problem | None = None
    started_at: str | None = None
    completed_at: str | None = None
    announced: bool = False

    @property
    def is_open(self) -> bool:
        return self.status in OPEN_EXPORT_STATUSES

    def is_expired(self, now: str) -> bool:
        """Whether its file may no longer be handed out."""
        return datetime.fromisoformat(now) >= datetime.fromisoformat(self.expires_at)


class AuditAction(StrEnum):
    """How data left."""

    EXPORT = "export"
    DOWNLOAD = "download"


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditRecord:
    """Who took contacts out, when, which and how many.

    Attributes:
        key: names the record among those of its moment.
        contacts: how many are in the file; None where none was written. An export that failed right after has a
            number, too.
        attempt: the export's try that put it, 0 for its start: a record is not replaced by one of an earlier try.
    """

    tenant: str
    at: str
    key: str
    action: AuditAction
    user: str
    job_id: str
    options: ExportOptions
    contacts: int | None = None
    attempt: int = 0
