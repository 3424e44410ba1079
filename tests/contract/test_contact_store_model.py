"""Any order of creating, changing, moving and deleting contacts, against a model that knows nothing of places.

The model holds contacts and, for each e-mail, the ids that have it in the order in which they inherit it.
"""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    precondition,
    rule,
    run_state_machine_as_test,
)

from contacts.domain.contact import Contact, Mark
from contacts.domain.contact_write import ContactWrite, Delete, Insert, InsertTwin, Settlement, Update, WriteResult
from tests.support.contact_backends import BACKENDS, TenantContacts, contacts_table, make_store
from tests.support.fake_clock import FakeClock

EMAILS = ("a@x.yz", "b@x.yz", "c@x.yz")

emails = st.sampled_from(EMAILS)
emails_or_none = st.sampled_from((*EMAILS, None))
picks = st.integers(min_value=0, max_value=1_000)


class Machine(RuleBasedStateMachine):
    backend = "memory"

    def __init__(self) -> None:
        super().__init__()
        self.contacts: dict[str, Contact] = {}
        self.queues: dict[str, list[str]] = {email: [] for email in EMAILS}
        self.gone: list[Contact] = []
        self.written: list[ContactWrite] = []

    @initialize()
    def begin(self) -> None:
        clock = FakeClock()
        self.t = TenantContacts(make_store(self.backend, clock), clock)

    @rule(email=emails_or_none)
    def insert(self, email: str | None) -> None:
        contact = self.t.new(email)
        is_free = email is None or not self.queues[email]
        self.expect(Insert(contact), WriteResult.WRITTEN if is_free else WriteResult.REFUSED)
        if is_free:
            self.enter(contact, email)

    @rule(email=emails)
    def insert_twin(self, email: str) -> None:
        contact = self.t.new(email)
        is_held = bool(self.queues[email])
        self.expect(InsertTwin(contact), WriteResult.WRITTEN if is_held else WriteResult.REFUSED)
        if is_held:
            self.enter(contact, email)

    @precondition(lambda self: self.contacts)
    @rule(pick=picks, email=emails_or_none, name=st.sampled_from(("x", None)), marked=st.booleans())
    def update(self, pick: int, email: str | None, name: str | None, *, marked: bool) -> None:
        contact = self.pick(pick)
        mark = Mark("update", next(self.t.rows)) if marked else None
        update = self.t.changed(contact, mark, email=email, firstName=name)
        is_free = email in (None, contact.email) or not self.queues[str(email)]
        self.expect(update, WriteResult.WRITTEN if is_free else WriteResult.REFUSED)
        if is_free:
            self.contacts[contact.id] = update.after
            if email != contact.email:
                self.leave(contact)
                self.enter(update.after, email)

    @precondition(lambda self: self.contacts)
    @rule(pick=picks)
    def delete(self, pick: int) -> None:
        contact = self.pick(pick)
        self.expect(Delete(contact), WriteResult.WRITTEN)
        self.leave(contact)
        del self.contacts[contact.id]
        self.gone.append(contact)

    @precondition(lambda self: self.contacts)
    @rule(pick=picks, email=emails_or_none)
    def write_what_is_stale(self, pick: int, email: str | None) -> None:
        stale = replace(self.pick(pick), version=99)
        self.expect(self.t.changed(stale, email=email, firstName="stale"), WriteResult.REFUSED)
        self.expect(Delete(stale), WriteResult.REFUSED)

    @precondition(lambda self: self.gone)
    @rule(pick=picks, email=emails_or_none)
    def write_what_is_gone(self, pick: int, email: str | None) -> None:
        gone = self.gone[pick % len(self.gone)]
        self.expect(self.t.changed(gone, email=email, firstName="gone"), WriteResult.REFUSED)
        self.expect(Delete(gone), WriteResult.REFUSED)

    @precondition(lambda self: self.written)
    @rule()
    def look_at_old_writes_again(self) -> None:
        """What was written stays done, whatever came after: an edit without a mark alone has to be the last."""
        lasting = [write for write in self.written if not (isinstance(write, Update) and write.mark is None)]
        assert self.t.settle(*lasting) == [Settlement.DONE] * len(lasting)

    @rule(limit=st.sampled_from((1, 2, 100)))
    def list_all(self, limit: int) -> None:
        listed = self.t.all(limit)
        assert len(listed) == len(self.contacts)
        assert {each.id: each for each in listed} == self.contacts

    @invariant()
    def all_are_found(self) -> None:
        every_id = [*self.contacts, *(each.id for each in self.gone)]
        assert self.t.store.find_by_ids(self.t.tenant, every_id) == self.contacts
        for email, queue in self.queues.items():
            assert [each.id for each in self.t.with_email(email)] == queue
        holders = {email: self.contacts[queue[0]] for email, queue in self.queues.items() if queue}
        assert self.t.store.find_by_emails(self.t.tenant, EMAILS) == holders

    def expect(self, write: ContactWrite, result: WriteResult) -> None:
        assert self.t.write(write) == [result]
        if result is WriteResult.WRITTEN:
            assert self.t.settle(write) == [Settlement.DONE]
            self.written.append(write)
        elif not isinstance(write, Delete):
            assert self.t.settle(write) == [Settlement.OVERTAKEN]

    def pick(self, number: int) -> Contact:
        return list(self.contacts.values())[number % len(self.contacts)]

    def enter(self, contact: Contact, email: str | None) -> None:
        self.contacts[contact.id] = contact
        if email is not None:
            queue = [*self.queues[email], contact.id]
            # The holder stays; who comes behind it queues by age.
            self.queues[email] = queue[:1] + sorted(queue[1:], key=self.age)

    def leave(self, contact: Contact) -> None:
        if contact.email is not None:
            self.queues[contact.email].remove(contact.id)

    def age(self, contact_id: str) -> tuple[str, str]:
        return self.contacts[contact_id].created_at, contact_id


@pytest.mark.parametrize(("backend", "examples"), [(name, 100 if name == "memory" else 6) for name in BACKENDS[:2]])
def test_any_order_of_writes(backend: str, examples: int) -> None:
    if backend != "memory":
        contacts_table(backend)
    machine = type("Machine", (Machine,), {"backend": backend})
    run_state_machine_as_test(
        machine,
        settings=settings(
            max_examples=examples, stateful_step_count=20, deadline=None, suppress_health_check=list(HealthCheck)
        ),
    )
