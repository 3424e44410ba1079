"""Who took contacts out, in the jobs table."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from contacts.adapters.dynamodb.conflicts import is_condition_refused
from contacts.adapters.dynamodb.expiry import EXPIRES_AT, epoch_seconds
from contacts.adapters.dynamodb.export_job_items import export_options_from_map, export_options_map
from contacts.adapters.dynamodb.item_values import Item, item_of, record_of
from contacts.adapters.dynamodb.job_keys import audit_key, audit_partition, checked_position
from contacts.adapters.dynamodb.job_updates import UNEXPIRED
from contacts.domain.export_job import AUDIT_KEPT_FOR, AuditAction, AuditRecord
from contacts.domain.paging import Page
from contacts.ports import Clock

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class DynamoAuditLog:
    """`AuditLog` on the jobs table. A record that has expired counts as gone before DynamoDB deletes it."""

    def __init__(self, *, client: DynamoDBClient, table: str, clock: Clock) -> None:
        self._client = client
        self._table = table
        self._clock = clock

    def put(self, record: AuditRecord) -> None:
        try:
            self._client.put_item(
                TableName=self._table,
                Item=audit_item(record),
                ConditionExpression="attribute_not_exists(pk) OR attempt <= :attempt",
                ExpressionAttributeValues={":attempt": {"N": str(record.attempt)}},
            )
        except ClientError as error:
            if not is_condition_refused(error):
                raise

    def records(self, tenant: str, *, limit: int, position: str | None = None) -> Page[AuditRecord]:
        keys = "pk = :tenant"
        values: dict[str, Any] = {
            ":tenant": {"S": audit_partition(tenant)},
            ":now": {"N": str(epoch_seconds(self._clock()))},
        }
        if position is not None:
            keys += " AND sk < :position"
            values[":position"] = {"S": checked_position(position)}
        # One answer of DynamoDB is one page: it ends at 1 MB, and 200 records with long filters would be more than a
        # Lambda function can answer.
        answer = self._client.query(
            TableName=self._table,
            KeyConditionExpression=keys,
            FilterExpression=UNEXPIRED,
            ExpressionAttributeValues=values,
            ScanIndexForward=False,
            ConsistentRead=True,
            # One more than asked for tells whether there is a next page.
            Limit=limit + 1,
        )
        records = [audit_record_from_item(tenant, item) for item in answer["Items"]]
        if len(records) > limit:
            return Page(records[:limit], _position(records[limit - 1]))
        last = answer.get("LastEvaluatedKey")
        return Page(records, last["sk"]["S"] if last else None)


def audit_item(record: AuditRecord) -> Item:
    """The item of a record."""
    values = {
        "at": record.at,
        "key": record.key,
        "action": record.action.value,
        "user": record.user,
        "jobId": record.job_id,
        "options": export_options_map(record.options),
        "contacts": record.contacts,
        "attempt": record.attempt,
        EXPIRES_AT: epoch_seconds(record.at) + int(AUDIT_KEPT_FOR.total_seconds()),
    }
    return {**audit_key(record.tenant, _position(record)), **item_of(values)}


def audit_record_from_item(tenant: str, item: Mapping[str, Any]) -> AuditRecord:
    """The inverse of `audit_item`."""
    record = record_of(item)
    contacts = record.get("contacts")
    return AuditRecord(
        tenant=tenant,
        at=record["at"],
        key=record["key"],
        action=AuditAction(record["action"]),
        user=record["user"],
        job_id=record["jobId"],
        options=export_options_from_map(record["options"]),
        contacts=None if contacts is None else int(contacts),
        attempt=int(record["attempt"]),
    )


def _position(record: AuditRecord) -> str:
    return f"{record.at}#{record.key}"
