"""Segments in the jobs table, and who is in them."""

from __future__ import annotations

import secrets
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from contacts.adapters.backoff import Backoff
from contacts.adapters.dynamodb.conflicts import is_condition_refused
from contacts.adapters.dynamodb.job_keys import (
    SEGMENT_PREFIX,
    can_be_id,
    segment_key,
    segment_members_partition,
)
from contacts.adapters.dynamodb.membership_items import MembershipItems
from contacts.adapters.dynamodb.tenant_lists import page_of_tenant
from contacts.domain.paging import Page
from contacts.domain.segment import Segment

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

#: Room for all the revisions that a segment can see, well within a number's 38 digits.
_REVISION_BITS = 64


class DynamoSegmentStore:
    """`SegmentStore` on the jobs table."""

    def __init__(self, *, client: DynamoDBClient, table: str, backoff: Backoff | None = None) -> None:
        self._client = client
        self._table = table
        self._members = MembershipItems(client=client, table=table, backoff=backoff or Backoff())

    def ensure(self, segment: Segment) -> Segment:
        """Make the segment if it is not there, in one write that moves its revision in any case.

        `remove_if_empty` removes only the revision that it has looked at. Revisions start anywhere, so that those of a
        segment that went and came back differ too.
        """
        values = _segment_values(segment)
        written = self._client.update_item(
            TableName=self._table,
            Key=segment_key(segment.tenant, segment.id),
            UpdateExpression="SET revision = if_not_exists(revision, :start) + :one, "
            + ", ".join(f"#{name} = if_not_exists(#{name}, :{name})" for name in values),
            ExpressionAttributeNames={f"#{name}": name for name in values},
            ExpressionAttributeValues={
                **{f":{name}": value for name, value in values.items()},
                ":start": {"N": str(secrets.randbits(_REVISION_BITS))},
                ":one": {"N": "1"},
            },
            ReturnValues="ALL_NEW",
        )
        return _segment_from_item(segment.tenant, written["Attributes"])

    def find(self, tenant: str, segment_id: str) -> Segment | None:
        if not can_be_id(segment_id):
            return None
        found = self._client.get_item(TableName=self._table, Key=segment_key(tenant, segment_id), ConsistentRead=True)
        return _segment_from_item(tenant, found["Item"]) if "Item" in found else None

    def list_segments(self, tenant: str, *, limit: int, position: str | None = None) -> Page[Segment]:
        read = partial(_segment_from_item, tenant)
        return page_of_tenant(self._client, self._table, tenant, SEGMENT_PREFIX, read, limit=limit, position=position)

    def put_members(self, tenant: str, segment_id: str, job: str, part: int, contact_ids: Sequence[str]) -> None:
        self._members.put(segment_members_partition(tenant, segment_id), job, part, contact_ids)

    def remove_members(self, tenant: str, segment_id: str, job: str) -> None:
        self._members.remove(segment_members_partition(tenant, segment_id), job)

    def remove_if_empty(
        self, tenant: str, segment_id: str, made_by_job: str, *, has_member: Callable[[Sequence[str]], bool] = bool
    ) -> bool:
        key = segment_key(tenant, segment_id)
        # The segment first, then its members: whoever ensures it after this has moved its revision.
        found = self._client.get_item(TableName=self._table, Key=key, ConsistentRead=True).get("Item")
        if found is None or _segment_from_item(tenant, found).made_by_job != made_by_job:
            return False
        if any(has_member(ids) for ids in self._members.pages(segment_members_partition(tenant, segment_id))):
            return False
        try:
            self._client.delete_item(
                TableName=self._table,
                Key=key,
                ConditionExpression="revision = :seen",
                ExpressionAttributeValues={":seen": found["revision"]},
            )
        except ClientError as error:
            if is_condition_refused(error):
                return False
            raise
        return True

    def members(self, tenant: str, segment_id: str, *, position: str | None = None) -> Page[str]:
        if not can_be_id(segment_id):
            return Page([])
        return self._members.page(segment_members_partition(tenant, segment_id), position)


def _segment_values(segment: Segment) -> dict[str, Any]:
    return {
        "id": {"S": segment.id},
        "name": {"S": segment.name},
        "createdAt": {"S": segment.created_at},
        # Stored in any case: an attribute that were left out would be there to be filled by the next job.
        "madeByJob": {"NULL": True} if segment.made_by_job is None else {"S": segment.made_by_job},
    }


def _segment_from_item(tenant: str, item: Mapping[str, Any]) -> Segment:
    return Segment(
        id=item["id"]["S"],
        tenant=tenant,
        name=item["name"]["S"],
        created_at=item["createdAt"]["S"],
        made_by_job=item["madeByJob"].get("S"),
    )
