"""Segments in the jobs table, and who is in them."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from contacts.adapters.dynamodb.conflicts import is_condition_refused, refused_item
from contacts.adapters.dynamodb.job_keys import (
    SEGMENT_PREFIX,
    can_be_id,
    checked_position,
    members_key,
    members_partition,
    members_position,
    segment_key,
    tenant_partition,
)
from contacts.domain.paging import Page
from contacts.domain.segment import Segment

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

#: Contact ids in one membership item.
IDS_AN_ITEM = 1_000


class DynamoSegmentStore:
    """`SegmentStore` on the jobs table.

    A membership item holds its ids compressed: write units count bytes, and a thousand ids shrink from 36 KB of text
    to some 23 KB.
    """

    def __init__(self, *, client: DynamoDBClient, table: str) -> None:
        self._client = client
        self._table = table

    def ensure(self, segment: Segment) -> Segment:
        try:
            self._client.put_item(
                TableName=self._table,
                Item=_segment_item(segment),
                ConditionExpression="attribute_not_exists(pk)",
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except ClientError as error:
            if is_condition_refused(error):
                return _segment_from_item(segment.tenant, refused_item(error))
            raise
        return segment

    def find(self, tenant: str, segment_id: str) -> Segment | None:
        if not can_be_id(segment_id):
            return None
        found = self._client.get_item(TableName=self._table, Key=segment_key(tenant, segment_id), ConsistentRead=True)
        return _segment_from_item(tenant, found["Item"]) if "Item" in found else None

    def list_segments(self, tenant: str, *, limit: int, position: str | None = None) -> Page[Segment]:
        request: dict[str, Any] = {}
        if position is not None:
            request["ExclusiveStartKey"] = segment_key(tenant, checked_position(position))
        found = self._client.query(
            TableName=self._table,
            KeyConditionExpression="pk = :tenant AND begins_with(sk, :segment)",
            ExpressionAttributeValues={
                ":tenant": {"S": tenant_partition(tenant)},
                ":segment": {"S": SEGMENT_PREFIX},
            },
            Limit=limit + 1,  # the one beyond tells whether there is a next page
            ConsistentRead=True,
            **request,
        )
        segments = [_segment_from_item(tenant, item) for item in found["Items"]]
        return Page(segments[:limit], segments[limit - 1].id if len(segments) > limit else None)

    def put_members(self, tenant: str, segment_id: str, job: str, part: int, contact_ids: Sequence[str]) -> None:
        for chunk, start in enumerate(range(0, len(contact_ids), IDS_AN_ITEM)):
            ids = "\n".join(contact_ids[start : start + IDS_AN_ITEM])
            self._client.put_item(
                TableName=self._table,
                Item={
                    **members_key(tenant, segment_id, members_position(job, part, chunk)),
                    "contactIds": {"B": zlib.compress(ids.encode())},
                },
            )

    def members(self, tenant: str, segment_id: str, *, position: str | None = None) -> Page[str]:
        if not can_be_id(segment_id):
            return Page([])
        request: dict[str, Any] = {}
        if position is not None:
            request["ExclusiveStartKey"] = members_key(tenant, segment_id, checked_position(position))
        found = self._client.query(
            TableName=self._table,
            KeyConditionExpression="pk = :segment",
            ExpressionAttributeValues={":segment": {"S": members_partition(tenant, segment_id)}},
            Limit=1,
            ConsistentRead=True,
            **request,
        )
        ids = [id_ for item in found["Items"] for id_ in _ids(item)]
        last = found.get("LastEvaluatedKey")
        return Page(ids, None if last is None else str(last["sk"]["S"]))


def _segment_item(segment: Segment) -> dict[str, Any]:
    item = {
        **segment_key(segment.tenant, segment.id),
        "id": {"S": segment.id},
        "name": {"S": segment.name},
        "createdAt": {"S": segment.created_at},
    }
    if segment.made_by_job is not None:
        item["madeByJob"] = {"S": segment.made_by_job}
    return item


def _segment_from_item(tenant: str, item: Mapping[str, Any]) -> Segment:
    return Segment(
        id=item["id"]["S"],
        tenant=tenant,
        name=item["name"]["S"],
        created_at=item["createdAt"]["S"],
        made_by_job=item["madeByJob"]["S"] if "madeByJob" in item else None,
    )


def _ids(item: Mapping[str, Any]) -> list[str]:
    return zlib.decompress(item["contactIds"]["B"]).decode().split("\n")
