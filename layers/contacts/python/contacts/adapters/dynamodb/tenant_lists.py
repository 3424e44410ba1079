"""Lists of a tenant's own things in the jobs table: its segments, its collections."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any, TypeVar

from contacts.adapters.dynamodb.job_keys import checked_position, tenant_partition
from contacts.domain.paging import Page

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_Thing = TypeVar("_Thing")


def page_of_tenant(
    client: DynamoDBClient,
    table: str,
    tenant: str,
    prefix: str,
    read: Callable[[Mapping[str, Any]], _Thing],
    *,
    limit: int,
    position: str | None,
) -> Page[_Thing]:
    """Up to `limit` of the tenant's items whose sort keys begin with `prefix`, in their order; strongly consistent.

    DynamoDB ends an answer at 1 MB: a page of large items is shorter and still has a next one.

    Args:
        client: DynamoDB client.
        table: name of the jobs table.
        tenant: whose things.
        prefix: of the sort keys; an id follows.
        read: makes the thing of its item.
        limit: things at most.
        position: the id that the page before ended with.

    Raises:
        InvalidRequest: the position is none.
    """
    partition = {"S": tenant_partition(tenant)}
    request: dict[str, Any] = {
        "TableName": table,
        "KeyConditionExpression": "pk = :tenant AND begins_with(sk, :prefix)",
        "ExpressionAttributeValues": {":tenant": partition, ":prefix": {"S": prefix}},
        "Limit": limit + 1,  # the one beyond tells whether there is a next page
        "ConsistentRead": True,
    }
    if position is not None:
        request["ExclusiveStartKey"] = {"pk": partition, "sk": {"S": prefix + checked_position(position)}}
    found = client.query(**request)
    items = found["Items"][:limit]
    end = items[-1] if len(found["Items"]) > limit else found.get("LastEvaluatedKey")
    return Page([read(item) for item in items], None if end is None else end["sk"]["S"].removeprefix(prefix))
