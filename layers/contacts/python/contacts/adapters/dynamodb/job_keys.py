"""Keys of the jobs table: jobs of all kinds, their parts and slices, the lines in which slices wait, segments and
collections, who is in them, audit records, idempotency claims, contacts to announce.

A tenant's name comes from a token and is quoted, so that no `#` in it reaches into another tenant's keys.
"""

from __future__ import annotations

from typing import Any
from urllib.parse import quote

from contacts.domain.errors import InvalidRequest

#: A primary key as DynamoDB takes it: `pk` and `sk`.
Key = dict[str, Any]

#: Names of the indexes and of their key attributes.
BY_TENANT_INDEX = "byTenant"
OPEN_JOBS_INDEX = "openJobs"
OPEN_KEY = "openKey"
OPEN = "open"
EXPIRING_EXPORTS_INDEX = "expiringExports"
EXPORT_KEY = "exportKey"
EXPORT = "export"
FILE_EXPIRES_AT = "fileExpiresAt"

PART_PREFIX = "PART#"
SLICE_PREFIX = "SLICE#"
SEGMENT_PREFIX = "SEG#"
COLLECTION_PREFIX = "COL#"
#: template.yaml names it in a role.
OUTBOX_PARTITION = "OUTBOX#contacts"

_JOB_PREFIX = "JOB#"
#: DynamoDB's quota for a sort key, in bytes; that for a partition key is twice as much.
_MAX_SORT_KEY_BYTES = 1_024


def job_key(job_id: str) -> Key:
    return _key(job_partition(job_id), "JOB")


def job_partition(job_id: str) -> str:
    return f"{_JOB_PREFIX}{job_id}"


def job_id_of(partition: str) -> str:
    """The inverse of `job_partition`."""
    return partition.removeprefix(_JOB_PREFIX)


def part_key(job_id: str, part: int) -> Key:
    return _key(job_partition(job_id), f"{PART_PREFIX}{part:05d}")


def slice_key(job_id: str, slice_: int) -> Key:
    return _key(job_partition(job_id), f"{SLICE_PREFIX}{slice_:05d}")


def closing_key(job_id: str, what: str) -> Key:
    """Where tries to close something of a job are noted."""
    return _key(job_partition(job_id), f"CLOSING#{what}")


def line_partition(tenant: str) -> str:
    return f"LINE#{_quoted(tenant)}"


def line_key(tenant: str, position: str) -> Key:
    return _key(line_partition(tenant), position)


def rollback_part_key(job_id: str, run: int, mode: str, part: int) -> Key:
    return _key(job_partition(job_id), f"{rollback_parts_prefix(run, mode)}{part:05d}")


def rollback_parts_prefix(run: int, mode: str) -> str:
    """What the sort keys of the parts of one pass begin with."""
    return f"ROLLBACK#{run:04d}#{mode}#"


def created_key(created_at: str, job_id: str) -> str:
    """The sort key of the by-tenant index: by time, and by id among jobs of one moment."""
    return f"{created_at}#{job_id}"


def segment_key(tenant: str, segment_id: str) -> Key:
    return _key(tenant_partition(tenant), f"{SEGMENT_PREFIX}{segment_id}")


def collection_key(tenant: str, collection_id: str) -> Key:
    return _key(tenant_partition(tenant), f"{COLLECTION_PREFIX}{collection_id}")


def tenant_partition(tenant: str) -> str:
    return f"TENANT#{_quoted(tenant)}"


def segment_members_partition(tenant: str, segment_id: str) -> str:
    return f"{SEGMENT_PREFIX}{_quoted(tenant)}#{segment_id}"


def collection_members_partition(tenant: str, collection_id: str) -> str:
    return f"{COLLECTION_PREFIX}{_quoted(tenant)}#{collection_id}"


def members_key(partition: str, position: str) -> Key:
    return _key(partition, position)


def members_position(job: str, part: int, chunk: int) -> str:
    """The sort key of one membership item."""
    return f"{members_prefix(job)}{part:05d}#{chunk:03d}"


def members_prefix(job: str) -> str:
    """What the sort keys of all that one job put into a segment or a collection begin with."""
    return f"{job}#"


def audit_partition(tenant: str) -> str:
    return f"AUDIT#{_quoted(tenant)}"


def audit_key(tenant: str, position: str) -> Key:
    return _key(audit_partition(tenant), position)


def outbox_key(key: str) -> Key:
    return _key(OUTBOX_PARTITION, key)


def claim_key(key: str) -> Key:
    return _key(f"KEY#{key}", "KEY")


def can_be_id(text: str) -> bool:
    """Whether there can be anything of that id. DynamoDB refuses keys beyond its quota, which would look like a
    fault of ours where a caller merely made the id up."""
    try:
        return 0 < len(text.encode()) <= _MAX_SORT_KEY_BYTES - len(SEGMENT_PREFIX)
    except UnicodeEncodeError:  # half of a surrogate pair, as JSON escapes can name it
        return False


def checked_position(position: str) -> str:
    """The position, if DynamoDB can take it as part of a key; else `InvalidRequest`, since no list of ours gave it."""
    if not can_be_id(position):
        raise InvalidRequest("The position does not belong to this list.", code="CURSOR_INVALID", field="cursor")
    return position


def _quoted(tenant: str) -> str:
    return quote(tenant, safe="")


def _key(partition: str, sort: str) -> Key:
    return {"pk": {"S": partition}, "sk": {"S": sort}}
