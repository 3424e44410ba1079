"""The settings of a tenant: salt and number of shards, in one small item that is made once and never changes."""

from __future__ import annotations

import secrets
from contextlib import suppress
from typing import TYPE_CHECKING

from contacts.adapters.dynamodb.contact_items import Item
from contacts.adapters.dynamodb.contact_keys import TenantKeys, settings_key

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

#: For new tenants. A partition takes 1,000 write units a second (DynamoDB quotas).
DEFAULT_SHARDS = 8


class TenantDirectory:
    """Every tenant's keys, kept for the life of the process."""

    def __init__(self, client: DynamoDBClient, table: str) -> None:
        self._client = client
        self._table = table
        self._known: dict[str, TenantKeys] = {}

    def find(self, tenant: str) -> TenantKeys | None:
        """The tenant's keys, None for a tenant without settings: it has no contacts. Needs no right to write."""
        if tenant not in self._known:
            key = _key_attributes(tenant)
            item = self._client.get_item(TableName=self._table, Key=key, ConsistentRead=True).get("Item")
            if item is None:
                return None
            self._known[tenant] = TenantKeys(tenant, item["salt"]["B"], int(item["shards"]["N"]))
        return self._known[tenant]

    def ensure(self, tenant: str) -> TenantKeys:
        """The tenant's keys; of several that make them at once, the first decides."""
        known = self.find(tenant)
        if known is not None:
            return known
        settings: Item = {"salt": {"B": secrets.token_bytes(32)}, "shards": {"N": str(DEFAULT_SHARDS)}}
        # Refused where somebody was faster, or by our own first try whose answer got lost: what stands there counts.
        with suppress(self._client.exceptions.ConditionalCheckFailedException):
            self._client.put_item(
                TableName=self._table,
                Item={**_key_attributes(tenant), **settings},
                ConditionExpression="attribute_not_exists(pk)",
            )
        made = self.find(tenant)
        if made is None:
            raise LookupError("a tenant's settings were written and can't be read")
        return made


def _key_attributes(tenant: str) -> Item:
    key = settings_key(tenant)
    return {"pk": {"S": key.pk}, "sk": {"S": key.sk}}
