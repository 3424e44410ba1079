"""What the end of a rollback has on disk at most fits its /tmp."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from contacts.domain.contact import Contact, Mark
from contacts.domain.undoing import Undo
from contacts.usecases.left_contact_spool import LeftContactSpool
from tests.benchmarks.store_steps import VALUES

MEGABYTE = 1024 * 1024
CONTACTS = 2_000


def _moved() -> Iterator[Undo]:
    """Contacts of usual size whose e-mail the import has changed."""
    for number in range(CONTACTS):
        before = Contact(
            id=f"{number * 7_919:036d}",
            values={**VALUES, "email": f"person{number}@example.com"},
            version=3,
            created_at="2026-01-01T00:00:00Z",
            updated_at="2026-01-01T00:00:00Z",
            created_by=Mark("0" * 36, number),
        )
        values = {**before.values, "email": f"new{number}@example.com"}
        yield Undo(number + 1, before, replace(before, values=values, version=4))


def test_every_contact_of_the_largest_file_can_be_left_to_the_end(cloudformation: dict[str, Any]) -> None:
    spool = LeftContactSpool()
    spool.add_writes(_moved())
    spool.fold_writes()
    database = spool._database
    ((pages,),), ((size,),) = (database.execute(f"PRAGMA {each}").fetchall() for each in ("page_count", "page_size"))
    spool.close()
    # While it is sorted, half as much again.
    at_most = 1.5 * pages * size / CONTACTS * cloudformation["Parameters"]["MaxRows"]["MaxValue"]
    disk = cloudformation["Resources"]["FinishRollbackFunction"]["Properties"]["EphemeralStorage"]["Size"]
    assert at_most < disk * MEGABYTE
