"""Collections in the jobs table, and what is in them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from contacts.adapters.backoff import Backoff
from contacts.adapters.dynamodb.conflicts import is_condition_refused
from contacts.adapters.dynamodb.item_values import Item, item_of, record_of, value_of
from contacts.adapters.dynamodb.job_keys import (
    COLLECTION_PREFIX,
    can_be_id,
    collection_key,
    collection_members_partition,
)
from contacts.adapters.dynamodb.membership_items import MembershipItems
from contacts.adapters.dynamodb.tenant_lists import page_of_tenant
from contacts.domain.collection import Collection
from contacts.domain.paging import Page

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient


class DynamoCollectionStore:
    """`CollectionStore` on the jobs table. A contact is in the slice that created it alone, so no page repeats it."""

    def __init__(self, *, client: DynamoDBClient, table: str, backoff: Backoff | None = None) -> None:
        self._client = client
        self._table = table
        self._members = MembershipItems(client=client, table=table, backoff=backoff or Backoff())

    def create_collection(self, collection: Collection) -> bool:
        try:
            self._client.put_item(
                TableName=self._table,
                Item=_collection_item(collection),
                ConditionExpression="attribute_not_exists(pk)",
            )
        except ClientError as error:
            if is_condition_refused(error):
                return False
            raise
        return True

    def find_collection(self, tenant: str, collection_id: str) -> Collection | None:
        if not can_be_id(collection_id):
            return None
        key = collection_key(tenant, collection_id)
        found = self._client.get_item(TableName=self._table, Key=key, ConsistentRead=True)
        return _collection_from_item(tenant, found["Item"]) if "Item" in found else None

    def list_collections(self, tenant: str, *, limit: int, position: str | None = None) -> Page[Collection]:
        read = partial(_collection_from_item, tenant)
        return page_of_tenant(
            self._client, self._table, tenant, COLLECTION_PREFIX, read, limit=limit, position=position
        )

    def set_editors(self, tenant: str, collection_id: str, editors: Sequence[str]) -> Collection | None:
        if not can_be_id(collection_id):
            return None
        try:
            changed = self._client.update_item(
                TableName=self._table,
                Key=collection_key(tenant, collection_id),
                UpdateExpression="SET editors = :editors",
                ConditionExpression="attribute_exists(pk)",
                ExpressionAttributeValues={":editors": value_of(list(editors))},
                ReturnValues="ALL_NEW",
            )
        except ClientError as error:
            if is_condition_refused(error):
                return None
            raise
        return _collection_from_item(tenant, changed["Attributes"])

    def put_items(self, tenant: str, collection_id: str, job: str, slice_: int, contact_ids: Sequence[str]) -> None:
        self._members.put(collection_members_partition(tenant, collection_id), job, slice_, contact_ids)

    def items(self, tenant: str, collection_id: str, *, position: str | None = None) -> Page[str]:
        if not can_be_id(collection_id):
            return Page([])
        return self._members.page(collection_members_partition(tenant, collection_id), position)


def _collection_item(collection: Collection) -> Item:
    values = {
        "id": collection.id,
        "name": collection.name,
        "createdBy": collection.created_by,
        "createdAt": collection.created_at,
        "editors": list(collection.editors),
    }
    return {**collection_key(collection.tenant, collection.id), **item_of(values)}


def _collection_from_item(tenant: str, item: Mapping[str, Any]) -> Collection:
    record = record_of(item)
    return Collection(
        id=record["id"],
        tenant=tenant,
        name=record["name"],
        created_by=record["createdBy"],
        created_at=record["createdAt"],
        editors=tuple(record["editors"]),
    )
