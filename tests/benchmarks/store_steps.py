"""What is done to a contact store in turn, so many contacts at a time, each write checked to be carried out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from contacts.adapters.dynamodb.contact_items import TRACE_SECONDS
from contacts.domain.contact import Contact, Mark
from contacts.domain.contact_write import ContactWrite, Delete, Insert, InsertTwin, WriteResult
from tests.support.contact_backends import TenantContacts

VALUES = {
    "firstName": "First",
    "lastName": "Last",
    "company": "Company Ltd",
    "phone": "+491711234567",
    "title": "Engineer",
    "tags": ["import", "2026"],
    "customFields": {"region": "EMEA", "score": "17"},
}

Step = tuple[str, Callable[[], object]]


class StoreSteps:
    """One tenant's contacts on their way through the store. Everything that a step needs is made before it is run."""

    def __init__(self, tenant: TenantContacts, count: int) -> None:
        self._tenant = tenant
        self._emails = [f"person{number}@example.com" for number in range(count)]
        tenant.store.addressing(tenant.tenant)

    def main_steps(self) -> Iterator[Step]:
        """Create, find, update and delete contacts of usual size."""
        made = [self._new(email) for email in self._emails]
        yield "create", self._writing([Insert(each) for each in made])
        yield "find by e-mail", self._finding
        updates = [self._tenant.changed(each, Mark("later", 1), company="Other", title="Director") for each in made]
        yield "update", self._writing([*updates])
        # Late enough to leave no trace.
        self._tenant.clock.advance(seconds=TRACE_SECONDS + 3_600)
        yield "delete", self._writing([Delete(each.after) for each in updates])

    def further_steps(self) -> Iterator[Step]:
        """The rest of what writes and reads there are: indexes, transactions, sizes about the bounds, refusals."""
        source = "bulk-1"
        tracked = [self._new(email, external_source=source) for email in self._emails]
        yield "create, in an index", self._writing([Insert(each) for each in tracked])
        yield (
            "query an index",
            lambda: list(self._tenant.store.find_ids_by_external_source(self._tenant.tenant, source)),
        )
        changed = [self._tenant.changed(each, company="Other") for each in tracked]
        yield "update, in an index", self._writing([*changed])
        yield "create, refused", self._writing([Insert(self._new(email)) for email in self._emails], refused=True)
        yield "update, refused", self._writing([*changed], refused=True)
        twins = [self._new(email) for email in self._emails]
        yield "create a twin", self._writing([InsertTwin(each) for each in twins])
        yield (
            "query holder and twins",
            lambda: [self._tenant.store.find_all_by_email(self._tenant.tenant, email) for email in self._emails[:20]],
        )
        yield "delete a young twin", self._writing([Delete(each) for each in twins])
        large = [self._new(f"large{number}@example.com", notes="x" * (90 * number)) for number in range(60)]
        yield "create, of 0.5 to 6 KB", self._writing([Insert(each) for each in large])
        grown = [self._tenant.changed(each, notes=f"{each.values.get('notes', '')}{'y' * 700}") for each in large]
        yield "update, grows by 0.7 KB", self._writing([*grown])
        self._emails = [str(each.email) for each in large]
        yield "find by e-mail, of 0.5 to 6 KB", self._finding

    def _new(self, email: str, notes: str = "", external_source: str | None = None) -> Contact:
        values = {**VALUES, "notes": notes} if notes else VALUES
        contact = self._tenant.new(email, values=dict(values))
        return replace(contact, external_source=external_source)

    def _writing(self, writes: list[ContactWrite], *, refused: bool = False) -> Callable[[], object]:
        expected = {WriteResult.REFUSED if refused else WriteResult.WRITTEN}

        def action() -> None:
            results = set(self._tenant.write(*writes))
            if results != expected:
                raise RuntimeError(f"expected {expected}, and there are {results}")

        return action

    def _finding(self) -> None:
        found = self._tenant.store.find_by_emails(self._tenant.tenant, self._emails)
        if len(found) != len(self._emails):
            raise RuntimeError(f"{len(found)} of {len(self._emails)} contacts were found")
