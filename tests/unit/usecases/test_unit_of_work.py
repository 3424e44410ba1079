from __future__ import annotations

from dataclasses import replace

import pytest

from contacts.domain.contact_write import Update
from contacts.domain.import_job import DuplicateStrategy
from contacts.domain.object_keys import plan_key, plans_prefix
from contacts.domain.rows import RowError
from contacts.usecases.import_parts import import_unit
from contacts.usecases.unit_of_work import MAX_ROUNDS, MAX_SENDINGS, TooManyRoundsError
from tests.support.import_world import TENANT, ImportWorld
from tests.support.memory_contact_store import Lost
from tests.support.port_faults import Crash, PortFaults, When

ROWS = [["held@x.io", "Imported", "", "", "", ""], ["new@x.io", "Imported", "", "", "", ""]]


def staged(rows=ROWS, *, strategy="update"):
    world = ImportWorld()
    world.add_contact("held@x.io")
    world.submit(rows, duplicate_strategy=strategy)
    world.stage("job")
    return world


def plans(world):
    return list(world.files.list_keys(plans_prefix(TENANT, "job", 0)))


class Overtaken:
    """A person who edits the held contact just before each of the first `times` updates."""

    def __init__(self, contacts, times):
        self._contacts = contacts
        self.times = times

    def write(self, tenant, writes):
        if self.times and any(isinstance(write, Update) for write in writes):
            self.times -= 1
            (held,) = self._contacts.find_by_emails(tenant, ["held@x.io"]).values()
            edited = replace(held, values={**held.values, "title": f"{self.times}"}, version=held.version + 1)
            self._contacts.write(tenant, [Update(held, edited)])
        return self._contacts.write(tenant, writes)

    def __getattr__(self, name):
        return getattr(self._contacts, name)


def overtake(world, times):
    world.wire(lambda name, port: Overtaken(port, times) if name == "contacts" else port)


def test_the_plan_stands_before_the_first_contact_is_touched():
    world = staged()
    faults = PortFaults()
    world.wire(faults.wrap)
    world.apply("job", 0)
    assert faults.calls.index("files.put_if_absent") < faults.calls.index("contacts.write")


def test_a_retry_follows_the_plan_and_does_not_decide_afresh():
    world = staged()
    faults = PortFaults()
    world.wire(faults.wrap)
    faults.crashes = {5: When.BEFORE}
    with pytest.raises(Crash):
        world.apply("job", 0)
    assert faults.calls[-1] == "contacts.write"
    planned_at = world.clock()
    world.clock.advance(hours=1)
    # Decided afresh, these rows would be skipped or become twins.
    options = replace(world.jobs.jobs["job"].options, duplicate_strategy=DuplicateStrategy.CREATE)
    world.jobs.jobs["job"] = replace(world.jobs.jobs["job"], options=options)
    world.wire(lambda _name, port: port)
    world.apply("job", 0)
    assert [contact.updated_at < planned_at for contact in world.all_contacts()] == [True, True]
    assert world.holder("held@x.io").values["firstName"] == "Imported"


def test_a_retry_goes_on_from_the_newest_plan():
    world = staged(ROWS[1:])
    faults = PortFaults()
    world.wire(faults.wrap)
    faults.crashes = {5: When.BEFORE}
    with pytest.raises(Crash):
        world.apply("job", 0)
    world.add_contact("new@x.io", name="faster")
    # It finds the insert of the first plan overtaken, plans an update, makes it, and dies.
    faults = PortFaults({10: When.AFTER})
    world.wire(faults.wrap)
    with pytest.raises(Crash):
        world.apply("job", 0)
    assert (faults.calls[-1], len(plans(world))) == ("contacts.write", 2)
    updated = world.holder("new@x.io")
    edited = {**updated.values, "firstName": "by a person"}
    world.contacts.write(TENANT, [Update(updated, replace(updated, values=edited, version=updated.version + 1))])
    world.wire(lambda _name, port: port)
    world.apply("job", 0)
    assert world.holder("new@x.io").values["firstName"] == "by a person"
    assert len(plans(world)) == 2


def test_each_race_that_is_lost_costs_a_round_for_the_rows_concerned_alone():
    world = staged()
    overtake(world, 2)
    world.apply("job", 0)
    rounds = world.work.rounds(import_unit(world.jobs.jobs["job"], 0))
    assert [sorted(plan.rows()) for plan in rounds] == [[1, 2], [1], [1]]
    held = world.holder("held@x.io")
    assert (held.values["firstName"], held.values["title"], held.version) == ("Imported", "0", 4)


def test_twins_come_after_the_holder_that_is_planned_beside_them():
    world = staged([["new@x.io", "", "", "", "", ""]] * 3, strategy="create")
    world.apply("job", 0)
    assert len(plans(world)) == 1
    holder, *twins = world.contacts.find_all_by_email(TENANT, "new@x.io")
    assert (holder.created_by.row, {twin.created_by.row for twin in twins}) == (1, {2, 3})


def test_a_unit_gives_up_after_many_rounds_and_its_retry_gets_as_many_again():
    world = staged()
    overtake(world, MAX_ROUNDS + 3)
    with pytest.raises(TooManyRoundsError, match="1 rows still undecided"):
        world.apply("job", 0)
    assert len(plans(world)) == MAX_ROUNDS
    assert world.apply("job", 0)
    assert len(plans(world)) == MAX_ROUNDS + 4
    assert world.holder("held@x.io").values["firstName"] == "Imported"


def test_a_write_without_an_answer_is_sent_again_within_its_round():
    world = staged()
    fates = iter([Lost.BEFORE] * 2 * (MAX_SENDINGS - 1))
    world.contacts.lose_answer = lambda _write: next(fates, None)
    world.apply("job", 0)
    assert len(plans(world)) == 1
    assert world.jobs.jobs["job"].counts.imported == 2


def test_a_write_that_never_gets_through_is_decided_afresh():
    world = staged()
    fates = iter([Lost.BEFORE] * 2 * MAX_SENDINGS)
    world.contacts.lose_answer = lambda _write: next(fates, None)
    world.apply("job", 0)
    assert len(plans(world)) == 2
    assert {contact.version for contact in world.all_contacts()} == {1, 2}


def test_a_store_that_never_answers_ends_in_an_exception_and_not_in_an_outcome():
    world = staged()
    world.contacts.lose_answer = lambda _write: Lost.BEFORE
    with pytest.raises(TooManyRoundsError):
        world.apply("job", 0)
    assert not world.jobs.has_part("job", 0)


def test_a_plan_that_is_listed_and_gone_is_an_exception():
    world = staged()
    world.apply("job", 0)
    world.files.versions[plan_key(TENANT, "job", 0, 0)] = []
    with pytest.raises(FileNotFoundError, match="listed and is gone"):
        world.work.rounds(import_unit(world.jobs.jobs["job"], 0))


class TestReconcile:
    """Closing a unit that will not run again: what was written counts, all else is lost, and nothing is written."""

    def reconcile(self, world):
        faults = PortFaults()
        world.wire(faults.wrap)
        settled = world.work.reconcile(import_unit(world.jobs.jobs["job"], 0), self.give_up, [1, 2, 3])
        assert "contacts.write" not in faults.calls
        assert "files.put" not in faults.calls
        return [(o.row, o.outcome.value) for o in settled.outcomes], len(settled.writes)

    def give_up(self, row):
        return RowError(row, None, None, "NOT_IMPORTED", "lost")

    ROWS = (*ROWS, ["third@x.io", "", "", "", "", ""])

    def crashed(self, number, when, *, interfere=None):
        world = staged(self.ROWS)
        faults = PortFaults({number: when})
        world.wire(faults.wrap if interfere is None else lambda n, p: faults.wrap(n, interfere(n, p)))
        with pytest.raises(Crash):
            world.apply("job", 0)
        return world, faults.calls

    def test_without_a_plan_every_row_is_lost(self):
        world = staged(self.ROWS)
        assert self.reconcile(world) == ([(1, "error"), (2, "error"), (3, "error")], 0)

    @pytest.mark.parametrize(
        ("number", "when", "outcomes"),
        [
            (5, When.BEFORE, ["error", "error", "error"]),
            (5, When.AFTER, ["updated", "error", "error"]),
            (6, When.AFTER, ["updated", "created", "error"]),
            (7, When.AFTER, ["updated", "created", "created"]),
        ],
    )
    def test_with_a_plan_what_it_wrote_counts(self, number, when, outcomes):
        world, calls = self.crashed(number, when)
        assert calls[-1] == "contacts.write"
        written = 3 - outcomes.count("error")
        assert self.reconcile(world) == (list(enumerate(outcomes, start=1)), written)

    def test_a_write_of_the_last_round_that_was_overtaken_is_lost(self):
        def interfere(name, port):
            return Overtaken(port, 1) if name == "contacts" else port

        # The three writes and the look at the one that was refused are done; the next round was never planned.
        world, calls = self.crashed(8, When.AFTER, interfere=interfere)
        assert calls[-1] == "contacts.settle"
        assert self.reconcile(world) == ([(1, "error"), (2, "created"), (3, "created")], 2)

    def test_what_an_early_round_wrote_counts_beside_what_the_last_could_not(self):
        def interfere(name, port):
            return Overtaken(port, 1) if name == "contacts" else port

        world, calls = self.crashed(10, When.AFTER, interfere=interfere)
        assert calls[-1] == "files.put_if_absent"
        assert len(plans(world)) == 2
        assert self.reconcile(world) == ([(1, "error"), (2, "created"), (3, "created")], 2)

    def test_a_unit_that_came_to_its_end_has_lost_nothing(self):
        world = staged(self.ROWS)
        world.apply("job", 0)
        assert self.reconcile(world) == ([(1, "updated"), (2, "created"), (3, "created")], 3)
