"""The rollback of many contacts with one e-mail, on a real table: there each delete of a holder moves an heir."""

from __future__ import annotations

import pytest

from contacts.domain.rollback import RollbackCounts
from tests.support.contact_backends import BACKENDS, make_store, unique_tenant
from tests.support.fake_clock import FakeClock
from tests.support.rollback_world import RollbackWorld

ROWS = [["x@x.io", f"n{number}", "", "", "", ""] for number in range(60)]


@pytest.fixture(params=BACKENDS)
def world(request, monkeypatch):
    monkeypatch.setattr("tests.support.import_world.TENANT", tenant := unique_tenant())
    monkeypatch.setattr("tests.support.rollback_world.TENANT", tenant)
    world = RollbackWorld()
    world.contacts = make_store(request.param, FakeClock())
    world.wire(lambda _name, port: port)
    return world


@pytest.mark.parametrize("held_before", [False, True])
@pytest.mark.parametrize("on_conflict", ["keep", "force"])
def test_all_that_the_import_made_go_and_who_was_there_stays(world, on_conflict, held_before):
    before = [world.add_contact("x@x.io")] if held_before else []
    world.submit(ROWS, duplicate_strategy="create")
    assert world.run().counts.created == len(ROWS)
    assert world.roll_back(on_conflict=on_conflict).rollback.counts == RollbackCounts(deleted=len(ROWS))
    assert [contact.id for contact in world.all_contacts()] == [contact.id for contact in before]


def test_an_edited_one_inherits_the_email(world):
    world.submit(ROWS, duplicate_strategy="create")
    world.run()
    edited = world.edit(world.all_contacts()[7], title="Dr")
    assert world.roll_back().rollback.counts == RollbackCounts(deleted=len(ROWS) - 1, kept=1)
    assert [contact.id for contact in world.all_contacts()] == [edited.id]
    assert world.holder("x@x.io").id == edited.id
