"""What is drawn where the terminal is narrower than an id."""

from __future__ import annotations

import io
from collections.abc import Iterable

import pytest
from rich.console import Console
from rich.table import Table

from contacts_cli.bulk_views import bulk_errors_table, created_table, deleted_table
from contacts_cli.collection_commands import _collections_table, _contacts_table
from contacts_cli.job_views import jobs_table
from contacts_cli.rollback_views import kept_table
from contacts_cli.session import Session
from tests.unit.cli.fake_api import job

ID = "yhnxonggbfeuceb3akanrsvaxddwzmd632mf"
LONG = "words " * 20
TABLES: Iterable[tuple[Table, tuple[str, ...]]] = [
    (jobs_table([job(ID, fileName=LONG)]), ("completed", "import")),
    (deleted_table([{"contactId": ID, "outcome": "candidate", "edited": True, "code": None}]), ("candidate", "edited")),
    (created_table([{"contactId": ID, "outcome": "skipped", "index": 4999, "code": LONG}]), ("#4999", "skipped")),
    (bulk_errors_table([{"contactId": ID, "code": "NOT_DELETED", "message": LONG}]), ("NOT_DELETED", "words")),
    (kept_table([{"contactId": ID, "row": 1_048_576, "fields": ["company"], "reason": LONG}]), ("1048576", "words")),
    (_collections_table([{"id": ID, "name": LONG}]), ("words",)),
    (_contacts_table([{"id": ID, "email": "a@b.c", "firstName": LONG, "lastName": None}]), ("a@b.c", "words")),
]


@pytest.mark.parametrize("width", [20, 40, 71, 72, 80])
@pytest.mark.parametrize(
    ("table", "cells"), TABLES, ids=["jobs", "deleted", "created", "errors", "kept", "all", "items"]
)
def test_ids_are_whole_and_no_column_is_lost(table: Table, cells: tuple[str, ...], width: int) -> None:
    out = io.StringIO()
    Session(out=Console(file=out, width=width)).show(table)
    assert all(cell in out.getvalue() for cell in (ID, *cells))
