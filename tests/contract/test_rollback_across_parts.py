"""The rollback of contacts that several parts wrote, or that passed e-mails on, on a real table."""

from __future__ import annotations

import pytest

from contacts.domain.rollback import RollbackCounts
from tests.support import rollback_scenarios
from tests.support.contact_backends import BACKENDS, make_store, unique_tenant
from tests.support.fake_clock import FakeClock
from tests.support.rollback_world import RollbackWorld


@pytest.fixture(params=BACKENDS)
def world(request, monkeypatch):
    tenant = unique_tenant()
    for module in ("import_world", "rollback_world", "rollback_scenarios"):
        monkeypatch.setattr(f"tests.support.{module}.TENANT", tenant)
    world = RollbackWorld()
    world.contacts = make_store(request.param, FakeClock())
    world.wire(lambda _name, port: port)
    return world


@pytest.mark.parametrize("on_conflict", rollback_scenarios.CONFLICTS)
def test_all_are_as_before_and_the_look_says_so(world, on_conflict):
    before = rollback_scenarios.import_across_parts(world, parts=rollback_scenarios.MOST_PARTS)
    world.roll_back(on_conflict=on_conflict, dry_run=True)
    seen = world.rollback().counts
    assert world.roll_back(on_conflict=on_conflict).rollback.counts == seen == RollbackCounts(deleted=1, restored=5)
    assert {contact.id: contact.values for contact in world.all_contacts()} == before
    holders = {world.holder(values["email"]).id for values in before.values()}
    assert holders == before.keys()


def test_where_a_holder_goes_and_its_twin_stays_the_email_is_the_twins(world):
    made = world.add_contact("maiden@x.io", values={"firstName": "Old"})
    ann = world.edit(made, email="ann@x.io")
    rows = [(ann.id, "brand@x.io", "A"), ("", "ann@x.io", "B")]
    rollback_scenarios.submit_by_id(world, rows, parts=rollback_scenarios.MOST_PARTS)
    world.stage("job")
    for part in rollback_scenarios.in_order_of_rows(world):
        world.apply("job", part)
    world.finish("job")
    twin = world.add_contact("ann@x.io", name="twin")
    world.roll_back(dry_run=True)
    seen = world.rollback().counts
    assert world.roll_back().rollback.counts == seen == RollbackCounts(deleted=1, kept=1)
    assert world.holder("ann@x.io").id == twin.id
    assert world.holder("brand@x.io").values == {"email": "brand@x.io", "firstName": "Old"}
