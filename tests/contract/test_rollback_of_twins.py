"""The rollback of many contacts with one e-mail, on a real table: there each delete of a holder moves an heir."""

from __future__ import annotations

import pytest

from contacts.domain.rollback import RollbackCounts
from tests.support.client_wrappers import FailsFirst
from tests.support.contact_backends import BACKENDS, DYNAMODB_BACKENDS, dynamo_store, make_store, unique_tenant
from tests.support.fake_clock import FakeClock
from tests.support.rollback_world import RollbackWorld

ROWS = [["x@x.io", f"n{number}", "", "", "", ""] for number in range(60)]


@pytest.fixture
def empty(monkeypatch):
    monkeypatch.setattr("tests.support.import_world.TENANT", tenant := unique_tenant())
    monkeypatch.setattr("tests.support.rollback_world.TENANT", tenant)
    return RollbackWorld()


def on(store, world):
    world.contacts = store
    world.wire(lambda _name, port: port)
    return world


@pytest.fixture(params=BACKENDS)
def world(request, empty):
    return on(make_store(request.param, FakeClock()), empty)


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


@pytest.mark.parametrize("backend", DYNAMODB_BACKENDS)
def test_it_takes_no_request_for_each(backend, empty):
    """There can be ten thousand, and a worker that has deleted none when its time is over would never come further."""
    clients = []

    def counting(client):
        clients.append(FailsFirst(client, "transact_write_items"))
        return clients[0]

    world = on(dynamo_store(backend, FakeClock(), writes=counting), empty)
    world.submit(ROWS, duplicate_strategy="create")
    world.run()
    clients[0].requests.clear()
    assert world.roll_back().rollback.counts == RollbackCounts(deleted=len(ROWS))
    assert len(clients[0].requests) < len(ROWS) / 3
