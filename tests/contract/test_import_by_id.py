"""Rows that name contacts by id, on every contact store: e-mails move, twins and contacts without e-mail are found."""

from __future__ import annotations

import pytest

from contacts.domain.contact import Contact
from tests.support.contact_backends import BACKENDS, make_store
from tests.support.fake_clock import FakeClock
from tests.support.import_world import ID_HEADER, ID_MAPPING, ImportWorld


def row_of(contact: Contact, **changes: str) -> list[str]:
    values = {**contact.values, **changes}
    return [contact.id, *(str(values.get(name, "")) for name in ("email", "firstName", "phone", "notes")), "", ""]


@pytest.mark.parametrize("backend", BACKENDS)
def test_rows_by_id_reach_their_contacts_wherever_they_live(backend: str) -> None:
    world = ImportWorld()
    # Only this test puts the tenant of `ImportWorld` into a backend's table.
    world.contacts = make_store(backend, FakeClock())
    world.wire(lambda _name, port: port)
    ann, twin = world.add_contact("ann@x.io"), world.add_contact("Ann@x.io", name="twin")
    bob, nameless = world.add_contact("bob@x.io"), world.add_contact(None, values={"notes": "n"})
    rows = [
        row_of(ann, email="moved@x.io", firstName="Ann"),
        ["", "moved@x.io", "", "1", "", "", ""],
        row_of(twin, firstName="Twin"),
        row_of(nameless, email="named@x.io"),
        row_of(bob, email="ann@x.io", firstName="X"),
        ["gone" * 9, "new@x.io", "New", "", "", "", ""],
    ]
    world.submit(rows, header=ID_HEADER, mapping=ID_MAPPING, duplicate_strategy="update")
    world.run()
    new = world.holder("new@x.io")
    assert new is not None
    assert list(world.outcomes().values()) == [
        ("updated", ann.id, ""),
        ("updated", ann.id, ""),
        ("updated", twin.id, ""),
        ("updated", nameless.id, ""),
        ("error", "", "EMAIL_TAKEN"),
        ("created", new.id, ""),
    ]
    after = {contact.id: contact for contact in world.all_contacts()}
    assert {each: contact.values for each, contact in after.items()} == {
        ann.id: {"email": "moved@x.io", "firstName": "Ann", "phone": "1"},
        twin.id: {"email": "Ann@x.io", "firstName": "Twin"},
        nameless.id: {"email": "named@x.io", "notes": "n"},
        bob.id: bob.values,
        new.id: {"email": "new@x.io", "firstName": "New"},
    }
    heir = world.holder("ann@x.io")
    assert heir is not None
    assert heir.id == twin.id

    # Exported and imported again, nothing changes: of the one that moved neither.
    exported = [row_of(contact) for contact in after.values()]
    world.submit(exported, job_id="again", header=ID_HEADER, mapping=ID_MAPPING, duplicate_strategy="update", parts=3)
    assert world.run("again").counts.updated == len(exported)
    assert {contact.id: contact for contact in world.all_contacts()} == after
