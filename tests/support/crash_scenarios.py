"""What every handler is asked to do where its worker is to die: see `crash_points`."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

from contacts.domain.import_job import ImportOptions
from contacts.domain.import_request import ImportRequest
from tests.support import bulk_scenarios, export_scenarios, import_scenarios, rollback_scenarios
from tests.support.bulk_end_state import end_state as bulk_end_state
from tests.support.export_world import end_state as export_end_state
from tests.support.port_faults import Crash
from tests.support.whole_world import WholeWorld

Step = Callable[[Callable[[], Any]], Any]


@dataclass(frozen=True)
class Scenario:
    """`make` a world, `act` on it step by step, and look at what is left.

    A step that is not `repeated` comes again by itself: a sweep that is followed by others is not delivered.
    """

    make: Callable[[], Any]
    act: Callable[[Any, Step], object]
    left: Callable[[Any], Any]
    repeated: bool = True


def _single_contact() -> WholeWorld:
    world = WholeWorld()
    world.create_contact("acme", {"email": "held@x.io"}, "before", allow_duplicate=False)
    return world


def _one_life(world: WholeWorld, step: Step) -> None:
    fields = {"email": "held@x.io", "firstName": "Twin"}
    made = step(partial(world.create_contact, "acme", fields, "seed", allow_duplicate=True))
    step(partial(world.update_contact, "acme", made.id, {"email": "moved@x.io"}, None))
    _tolerating_gone(world, step, made.id)


def _tolerating_gone(world: WholeWorld, step: Step, contact_id: str) -> None:
    """A client that repeats a DELETE whose answer was lost is told that there is no such contact."""

    def delete() -> None:
        if contact_id in world.everybody("acme"):
            world.delete_contact("acme", contact_id)

    step(delete)


def _create_and_never_ask_again(world: WholeWorld, step: Step) -> None:
    """A client that gives up after a death, without an e-mail that would tell it of the contact."""

    def create() -> None:
        try:
            world.create_contact("acme", {"firstName": "Ada"}, "seed", allow_duplicate=False)
        except Crash:
            return

    step(create)
    world.let_time_pass()
    step(world.sweep)


def _unannounced(world: WholeWorld) -> Any:
    """Contacts nobody was told of, and who was told of without being there; and the notes that are left."""
    told = {id_ for kind, detail in world.events.published if kind == "ContactsCreated" for id_ in detail["contactIds"]}
    return told ^ set(world.everybody("acme")), world.outbox.notes


def _uploaded() -> WholeWorld:
    world = WholeWorld()
    world.files.put("uploads/acme/upload", b"E-mail\r\na@x.io\r\n")
    return world


def _start_import(world: WholeWorld, step: Step) -> None:
    request = ImportRequest(
        tenant="acme",
        user="ann",
        workspace=None,
        file_name="people.csv",
        file_url=world.links.url_of("uploads/acme/upload"),
        field_mapping={"E-mail": "email"},
        options=ImportOptions(),
    )
    step(lambda: world.start_import(request, "seed"))


def _left_of_one(world: WholeWorld) -> Any:
    people = {id_: (each.values, each.version) for id_, each in world.everybody("acme").items()}
    events = {(kind, detail["eventId"]) for kind, detail in world.events.published}
    return people, events, sorted(world.table), world.runner.started


def _import(world: Any, step: Step) -> None:
    step(lambda: world.stage("job"))
    for part in world.parts():
        step(lambda part=part: world.apply("job", part))
    step(lambda: world.finish("job"))


def _broken_off(strategy: str) -> Any:
    """An import whose second part was given up: it is to be closed from what is there."""
    world = import_scenarios.world_of(strategy)
    world.stage("job")
    world.apply("job", world.parts()[0])
    return world


def _close_all(world: Any, step: Step) -> None:
    """All that was sent has failed too often. Whoever can't fill the collection then leaves that to the client."""
    for _ in range(10):
        while world.queue.messages:
            message = world.queue.messages.pop(0)
            step(lambda message=message: world.close(message))
        if not bulk_scenarios.the_job(world).is_open:
            break
        step(world.sweep_later)
    if bulk_scenarios.the_job(world).collection_problem is not None:
        bulk_scenarios.fill(world, step)


def all_scenarios() -> dict[str, Scenario]:
    found = {
        "one contact": Scenario(_single_contact, _one_life, _left_of_one),
        "one contact, not asked for again": Scenario(_single_contact, _create_and_never_ask_again, _unannounced),
        "start an import": Scenario(_uploaded, _start_import, _left_of_one),
    }
    for case in import_scenarios.CASES:
        make = partial(import_scenarios.world_of, case)
        found[f"import, {case}"] = Scenario(make, _import, import_scenarios.end_state)
    broken = partial(_broken_off, "update")
    found["close a broken import"] = Scenario(
        broken, lambda world, step: step(lambda: world.finish("job")), import_scenarios.end_state
    )
    for strategy in rollback_scenarios.STRATEGIES:
        for conflict in rollback_scenarios.CONFLICTS:
            found[f"roll back, {strategy}, {conflict}"] = Scenario(
                partial(rollback_scenarios.imported, strategy),
                lambda world, step, conflict=conflict: world.roll_back(on_conflict=conflict, step=step),
                rollback_scenarios.end_state,
            )
    for conflict in rollback_scenarios.CONFLICTS:
        found[f"roll back across parts, {conflict}"] = Scenario(
            rollback_scenarios.across_parts,
            lambda world, step, conflict=conflict: world.roll_back(on_conflict=conflict, step=step),
            rollback_scenarios.end_state,
        )
    for name, (make_bulk, act_bulk, repeated) in {
        "bulk create": (bulk_scenarios.empty_world, bulk_scenarios.create, True),
        "close slices": (_with_messages, _close_all, True),
        "clean up": (bulk_scenarios.created_world, bulk_scenarios.clean_up, True),
        "clean up these": (bulk_scenarios.created_world, bulk_scenarios.clean_up_some, True),
        "clean up, dry": (bulk_scenarios.created_world, partial(bulk_scenarios.clean_up, dry_run=True), True),
        "one collection": (bulk_scenarios.empty_world, bulk_scenarios.one_collection, True),
        "fill a collection": (bulk_scenarios.unfilled_world, bulk_scenarios.fill, True),
        # The sweeper closes a slice, instead of sending it, after so many tries.
        "sweep lost slices": (bulk_scenarios.silent_world, bulk_scenarios.sweep, False),
    }.items():
        found[name] = Scenario(make_bulk, act_bulk, bulk_end_state, repeated)
    for name, (make_export, act_export) in export_scenarios.SCENARIOS.items():
        found[f"export: {name}"] = Scenario(make_export, act_export, export_end_state)
    return found


def _with_messages() -> Any:
    world = bulk_scenarios.empty_world()
    world.create(*bulk_scenarios.EMAILS, seed="create", collection_id="friends")
    return world
