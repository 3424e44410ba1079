"""Lists of the jobs of all kinds in the jobs table: a tenant's, and the sweeper's."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from itertools import islice
from typing import TYPE_CHECKING, Any

from contacts.adapters.dynamodb.bulk_job_items import bulk_job_from_item
from contacts.adapters.dynamodb.expiry import epoch_seconds
from contacts.adapters.dynamodb.export_job_items import export_job_from_item
from contacts.adapters.dynamodb.import_job_items import import_job_from_item
from contacts.adapters.dynamodb.job_keys import (
    BY_TENANT_INDEX,
    OPEN,
    OPEN_JOBS_INDEX,
    OPEN_KEY,
    checked_position,
    created_key,
    job_id_of,
)
from contacts.adapters.dynamodb.job_updates import UNEXPIRED
from contacts.domain.bulk_job import BulkKind
from contacts.domain.export_job import EXPORT_KIND
from contacts.domain.jobs import IMPORT_KIND, Job
from contacts.domain.paging import Page
from contacts.ports import Clock, OpenJob

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

#: How many items a filtered list reads at a time.
_FILTERED_PAGE = 100
#: Requests for one page, so that a list in which hardly any job matches keeps nobody waiting: some 200 ms.
MAX_QUERIES = 20

_READERS: Mapping[str, Callable[[Mapping[str, Any]], Job]] = {
    IMPORT_KIND: import_job_from_item,
    **dict.fromkeys(BulkKind, bulk_job_from_item),
    EXPORT_KIND: export_job_from_item,
}


class JobLists:
    """The part of `JobStore` that is about jobs of every kind. Its indexes are eventually consistent."""

    def __init__(self, *, client: DynamoDBClient, table: str, clock: Clock) -> None:
        self._client = client
        self._table = table
        self._clock = clock

    def open_jobs(self, changed_before: str) -> Iterator[OpenJob]:
        """See `JobStore.open_jobs`."""
        pages = self._client.get_paginator("query").paginate(
            TableName=self._table,
            IndexName=OPEN_JOBS_INDEX,
            KeyConditionExpression=f"{OPEN_KEY} = :open AND changedAt < :before",
            ExpressionAttributeValues={":open": {"S": OPEN}, ":before": {"S": changed_before}},
        )
        for page in pages:
            for item in page["Items"]:
                yield OpenJob(job_id_of(item["pk"]["S"]), item["changedAt"]["S"], item["kind"]["S"])

    def list_jobs(
        self, tenant: str, *, limit: int, position: str | None, wanted: Mapping[str, str | None]
    ) -> Page[Job]:
        """See `JobStore.list_jobs`; `wanted` are values that attributes must have, None for any."""
        filters = {name: value for name, value in wanted.items() if value is not None}
        pages = self._client.get_paginator("query").paginate(
            **self._listing(tenant, position, filters),
            # One more than asked for tells whether there is a next page, without an empty one at the end.
            PaginationConfig={"PageSize": max(limit + 1, _FILTERED_PAGE) if filters else limit + 1},
        )
        jobs: list[Job] = []
        end: str | None = None
        for page in islice(pages, MAX_QUERIES):
            jobs += (_READERS[item["kind"]["S"]](item) for item in page["Items"])
            if len(jobs) > limit:
                last = jobs[limit - 1]
                return Page(jobs[:limit], created_key(last.created_at, last.id))
            end = page["LastEvaluatedKey"]["createdKey"]["S"] if "LastEvaluatedKey" in page else None
        return Page(jobs, end)

    def _listing(self, tenant: str, position: str | None, filters: Mapping[str, str]) -> dict[str, Any]:
        names = {f"#{name}": name for name in filters}
        values = {
            ":tenant": {"S": tenant},
            ":now": {"N": str(epoch_seconds(self._clock()))},
            **{f":{name}": {"S": value} for name, value in filters.items()},
        }
        keys = "tenantKey = :tenant"
        if position is not None:
            keys += " AND createdKey < :position"
            values[":position"] = {"S": checked_position(position)}
        return {
            "TableName": self._table,
            "IndexName": BY_TENANT_INDEX,
            "KeyConditionExpression": keys,
            "FilterExpression": " AND ".join([UNEXPIRED, *(f"#{name} = :{name}" for name in filters)]),
            "ExpressionAttributeValues": values,
            **({"ExpressionAttributeNames": names} if names else {}),
            "ScanIndexForward": False,
        }
