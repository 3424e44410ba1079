"""Each function's role allows what the function asks for, in every scenario in which it could be killed, and in some in
which one has been."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Any

import pytest

from contacts.domain.rollback import RollbackMode
from contacts.ports import ExecutionState
from tests.support import bulk_scenarios, import_scenarios, rollback_scenarios
from tests.support.bulk_world import BulkWorld
from tests.support.crash_points import HANDLERS
from tests.support.crash_scenarios import Scenario, all_scenarios
from tests.support.fake_clock import FakeClock
from tests.support.import_world import ID_HEADER, ID_MAPPING, ImportWorld
from tests.support.memory_runner import rollback_execution
from tests.support.port_faults import Crash, wrap_calls
from tests.support.recorded_requests import Need, needs_of
from tests.support.rollback_world import RollbackWorld
from tests.support.whole_world import WholeWorld
from tests.unit.template.iam_statements import permits, role_statements
from tests.unit.template.sam_template import as_list, translated

CONTACTS = {"Fn::GetAtt": ["ContactsTable", "Arn"]}
#: Statements and actions that change contacts.
WRITES = {
    *("dynamodb:PartiQLInsert", "dynamodb:PartiQLUpdate", "dynamodb:PartiQLDelete"),
    *("dynamodb:PutItem", "dynamodb:UpdateItem", "dynamodb:DeleteItem"),
}


def role_of(handler: str) -> str:
    folder = handler.split(":", maxsplit=1)[0]
    return "".join(word.capitalize() for word in folder.split("_")) + "FunctionRole"


def dying_at(world: Any, call: str, step: Callable[[], object]) -> None:
    """Run a step that dies after its first call of this kind."""

    def die(name: str, method: Callable[..., Any], *args: Any, **kwargs: Any) -> Any:
        result = method(*args, **kwargs)
        if name == call:
            raise Crash(call)
        return result

    world.wire(lambda name, port: wrap_calls(name, port, die))
    with pytest.raises(Crash):
        step()


def half_imported(strategy: str) -> ImportWorld:
    """An import of which one part is done, and one was killed among its writes."""
    world: ImportWorld = import_scenarios.world_of(strategy)
    world.stage("job")
    first, second, *_ = world.parts()
    world.apply("job", first)
    dying_at(world, "contacts.write", lambda: world.apply("job", second))
    return world


def half_rolled_back() -> RollbackWorld:
    world: RollbackWorld = rollback_scenarios.imported("update")
    world.request_rollback(on_conflict="force")
    run = world.rollback().run
    world.prepare_rollback("job", run)
    part = world.rollback_parts()[0]
    dying_at(world, "contacts.write", lambda: world.roll_back_part("job", run, RollbackMode.WRITE, part))
    return world


def dead_import() -> RollbackWorld:
    """An import whose execution was stopped when its only worker was among its writes."""
    world: RollbackWorld = rollback_scenarios.world_of("update")
    world.stage("job")
    dying_at(world, "contacts.write", lambda: world.apply("job", world.parts()[0]))
    world.runner.states["job"] = ExecutionState.ENDED
    return world


def dead_rollback() -> RollbackWorld:
    world = half_rolled_back()
    world.runner.states[rollback_execution("job", world.rollback().run, 1)] = ExecutionState.ENDED
    return world


def half_created() -> BulkWorld:
    world: BulkWorld = bulk_scenarios.empty_world()
    world.create(*bulk_scenarios.EMAILS, seed="create")
    message = world.queue.messages[0]
    dying_at(world, "contacts.write", lambda: world.deliver(message))
    return world


def half_deleted() -> BulkWorld:
    world: BulkWorld = bulk_scenarios.created_world()
    world.delete(bulk_scenarios.the_job(world).id, seed="delete")
    message = world.queue.messages[0]
    dying_at(world, "contacts.write", lambda: world.deliver(message))
    return world


def close_all(world: BulkWorld, step: Callable[[Callable[[], Any]], Any]) -> None:
    while world.queue.messages:
        message = world.queue.messages.pop(0)
        step(partial(world.close, message))


def left_nothing(_world: Any) -> None:
    """What is left is not looked at here."""


def broken_off() -> dict[str, Scenario]:
    """What those find who come after a worker that was killed."""

    def finish(world: Any, step: Any) -> None:
        step(lambda: world.finish("job"))

    def end_rollback(world: Any, step: Any) -> None:
        step(lambda: world.finish_rollback("job", world.rollback().run, None, broken_off=True))

    def sweep(world: RollbackWorld, step: Any) -> None:
        # The first finds that somebody was at it not long ago.
        for _ in range(3):
            world.clock.advance(hours=1)
            step(world.sweep)
        assert not world.jobs.jobs["job"].is_open

    found = {
        f"half imported, {strategy}": (partial(half_imported, strategy), finish) for strategy in ("update", "create")
    }
    found |= {
        "half rolled back": (half_rolled_back, end_rollback),
        "dead import": (dead_import, sweep),
        "dead rollback": (dead_rollback, sweep),
        "half created": (half_created, close_all),
        "half deleted": (half_deleted, close_all),
    }
    return {name: Scenario(make, act, left_nothing) for name, (make, act) in found.items()}


def rolled_back() -> dict[str, Scenario]:
    """Rows that name contacts by id."""

    def email_changed() -> RollbackWorld:
        world = RollbackWorld()
        ann = world.add_contact("ann@x.io")
        return by_id(world, [[ann.id, "ann.new@x.io", "", "", "", "", ""]])

    def written_by_two_parts() -> RollbackWorld:
        """One of the two makes the contact: a row comes to its part by its id, though that is nobody's."""
        pairs = [
            ([letter * 36, f"{letter}@x.io", "A", "", "", "", ""], ["", f"{letter}@x.io", "", "2", "", "", ""])
            for letter in "abcdefgh"
        ]
        return by_id(RollbackWorld(), [row for pair in pairs for row in pair])

    def by_id(world: RollbackWorld, rows: list[list[str]]) -> RollbackWorld:
        world.submit(rows, parts=4, header=ID_HEADER, mapping=ID_MAPPING, duplicate_strategy="update")
        return world

    def act(world: RollbackWorld, step: Any) -> None:
        step(world.run)
        world.roll_back(step=step)

    return {
        "e-mail changed": Scenario(email_changed, act, left_nothing),
        "written by two parts": Scenario(written_by_two_parts, act, left_nothing),
    }


def first_ones() -> dict[str, Scenario]:
    """What a tenant's first requests find: nothing, not even the tenant."""

    def first_import(world: ImportWorld, step: Any) -> None:
        world.submit(import_scenarios.ROWS)
        step(lambda: world.stage("job"))

    def first_contact(world: WholeWorld, step: Any) -> None:
        ann = step(lambda: world.create_contact("acme", {"email": "ann@x.io"}, "seed", allow_duplicate=False))
        step(lambda: world.update_contact("acme", ann.id, {"firstName": "Ann"}, None))
        step(lambda: world.delete_contact("acme", ann.id))

    return {
        "first import": Scenario(ImportWorld, first_import, left_nothing),
        "first contact": Scenario(WholeWorld, first_contact, left_nothing),
    }


@pytest.fixture(scope="module")
def needs() -> set[Need]:
    scenarios = {**all_scenarios(), **broken_off(), **rolled_back(), **first_ones()}
    young = {need for scenario in scenarios.values() for need in needs_of(scenario, FakeClock())}
    # Whoever was changed long ago leaves no trace, and goes by other requests.
    old = FakeClock(datetime(2027, 1, 1, tzinfo=UTC))
    deleting = ("first contact", "clean up", "roll back, create, force", "written by two parts")
    return young | {need for name in deleting for need in needs_of(scenarios[name], old)}


@pytest.fixture(scope="module")
def cloudformation() -> dict[str, Any]:
    return translated()


def test_every_function_may_do_what_it_does(needs: set[Need], cloudformation: dict[str, Any]) -> None:
    missing = {
        (need.handler, need.action, need.target, need.enclosing)
        for need in needs
        if not permits(cloudformation, role_of(need.handler), need.action, need.target, need.enclosing)
    }
    assert missing == set()


def test_every_function_was_seen_at_work(needs: set[Need]) -> None:
    handlers = {*HANDLERS.values(), "create_bulk_slice", "delete_bulk_slice"} - {"slice"}
    # These deal with jobs, or collections, alone.
    others = {"exports_api: start", "rollback_api: start", "collections_api: create", "collections_api: editors"}
    assert handlers - {need.handler for need in needs} == others


def test_no_function_may_change_contacts_in_a_way_in_which_it_never_does(
    needs: set[Need], cloudformation: dict[str, Any]
) -> None:
    done = {(role_of(need.handler), need.action) for need in needs}
    idle = {
        (role, action)
        for role, statement in role_statements(cloudformation)
        if CONTACTS in as_list(statement["Resource"])
        for action in WRITES & set(as_list(statement["Action"]))
        if (role, action) not in done
    }
    assert idle == set()
