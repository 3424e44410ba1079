"""A jobs table that tests of one module share, emptied for each: making one is slow."""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from tests.support.aws_clients import client_of
from tests.support.dynamodb_tables import create_tables


@dataclass(frozen=True)
class JobsTable:
    client: Any
    name: str

    def emptied(self) -> JobsTable:
        for page in self.client.get_paginator("scan").paginate(TableName=self.name, ConsistentRead=True):
            for item in page["Items"]:
                self.client.delete_item(TableName=self.name, Key={"pk": item["pk"], "sk": item["sk"]})
        return self


@contextmanager
def jobs_table_on(engine: str) -> Iterator[JobsTable | None]:
    """A new jobs table on one of `DYNAMODB_ENGINES`; None for "memory"."""
    if engine == "memory":
        yield None
        return
    with client_of(engine, "dynamodb") as client:
        yield JobsTable(client, create_tables(client, prefix=f"{uuid.uuid4().hex[:8]}-")["JobsTable"])
