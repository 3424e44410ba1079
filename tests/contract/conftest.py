"""The jobs table on each engine, for the suites of all stores that live in it."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.support.aws_clients import DYNAMODB_ENGINES
from tests.support.jobs_table import JobsTable, jobs_table_on


@pytest.fixture(scope="module", params=DYNAMODB_ENGINES)
def table(request: pytest.FixtureRequest) -> Iterator[JobsTable | None]:
    with jobs_table_on(request.param) as table:
        yield table


@pytest.fixture(scope="module", params=["memory", *DYNAMODB_ENGINES])
def memory_or_table(request: pytest.FixtureRequest) -> Iterator[JobsTable | None]:
    with jobs_table_on(request.param) as table:
        yield table
