"""Every call that a handler makes to a port is two points at which its worker can die: before it and after it.

The calls are recorded, not listed: whoever changes a handler changes the points. At each point the worker dies once;
the step is delivered again, three times in all; and what is left in the end is compared with a run in
which nothing broke.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest

from contacts.domain.bulk_job import BulkKind
from contacts.usecases.announce_overdue_contacts import AnnounceOverdueContacts
from contacts.usecases.apply_import_part import ApplyImportPart
from contacts.usecases.clean_up_exports import CleanUpExports
from contacts.usecases.create_collection import CreateCollection
from contacts.usecases.create_contact import CreateContact
from contacts.usecases.delete_contact import DeleteContact
from contacts.usecases.fail_export import FailExport
from contacts.usecases.finish_import import FinishImport
from contacts.usecases.finish_rollback import FinishRollback
from contacts.usecases.link_export import LinkExport
from contacts.usecases.prepare_rollback import PrepareRollback
from contacts.usecases.retry_collection import RetryCollection
from contacts.usecases.roll_back_part import RollBackPart
from contacts.usecases.set_collection_editors import SetCollectionEditors
from contacts.usecases.stage_import import StageImport
from contacts.usecases.start_bulk_create import StartBulkCreate
from contacts.usecases.start_bulk_delete import StartBulkDelete
from contacts.usecases.start_export import StartExport
from contacts.usecases.start_import import StartImport
from contacts.usecases.start_rollback import StartRollback
from contacts.usecases.sweep_jobs import SweepJobs
from contacts.usecases.update_contact import UpdateContact
from contacts.usecases.work_bulk_slice import WorkBulkSlice
from contacts.usecases.write_export import WriteExport
from tests.support.bulk_world import small_slices
from tests.support.crash_scenarios import Scenario
from tests.support.port_faults import Crash, PortFaults, When

#: More runs of a step than it dies.
RUNS = 4

#: The Lambda function, or the request, behind a use case.
HANDLERS: dict[tuple[type, str], str] = {
    (CreateContact, "__call__"): "contacts_api: create",
    (UpdateContact, "__call__"): "contacts_api: update",
    (DeleteContact, "__call__"): "contacts_api: delete",
    (CreateCollection, "__call__"): "collections_api: create",
    (SetCollectionEditors, "__call__"): "collections_api: editors",
    (StartImport, "__call__"): "imports_api: start",
    (StageImport, "__call__"): "stage_import",
    (ApplyImportPart, "__call__"): "apply_import_part",
    (FinishImport, "__call__"): "finish_import",
    (StartRollback, "__call__"): "rollback_api: start",
    (PrepareRollback, "__call__"): "prepare_rollback",
    (RollBackPart, "__call__"): "roll_back_part",
    (FinishRollback, "__call__"): "finish_rollback",
    (StartBulkCreate, "__call__"): "bulk_create_api: start",
    (RetryCollection, "__call__"): "bulk_create_api: collection",
    (StartBulkDelete, "__call__"): "bulk_delete_api: start",
    (WorkBulkSlice, "__call__"): "slice",
    (WorkBulkSlice, "close"): "close_bulk_slices",
    (StartExport, "__call__"): "exports_api: start",
    (LinkExport, "__call__"): "exports_api: link",
    (WriteExport, "__call__"): "write_export",
    (FailExport, "__call__"): "fail_export",
    (CleanUpExports, "__call__"): "clean_up_exports",
    (SweepJobs, "__call__"): "sweep_jobs",
    (AnnounceOverdueContacts, "__call__"): "sweep_jobs",
}
_SLICES = {BulkKind.CREATE: "create_bulk_slice", BulkKind.DELETE: "delete_bulk_slice"}


@dataclass(frozen=True)
class Difference:
    """A point at which a death shows in the end."""

    scenario: str
    handler: str
    call: str
    when: When


class _Points(PortFaults):
    """Notes beside each call which handler made it."""

    def __init__(self, crashes: dict[int, When] | None = None) -> None:
        super().__init__(crashes)
        self.handlers: list[str] = []

    def _call(self, name: str, method: Any, *args: Any, **kwargs: Any) -> Any:
        self.handlers.append(running[0] if running else "")
        return super()._call(name, method, *args, **kwargs)


#: The handlers that are running, the outermost first: a sweep that finishes an import is a sweep.
running: list[str] = []


@contextmanager
def handlers_known() -> Iterator[None]:
    with pytest.MonkeyPatch.context() as patch:
        for (owner, method), name in HANDLERS.items():
            patch.setattr(owner, method, _known(name, getattr(owner, method)))
        patch.setattr("contacts.usecases.write_export.PROGRESS_EVERY", 2)
        with small_slices():
            yield


def _known(name: str, method: Callable[..., Any]) -> Callable[..., Any]:
    def call(self: Any, *args: Any, **kwargs: Any) -> Any:
        running.append(_SLICES[self._kind] if name == "slice" else name)
        try:
            return method(self, *args, **kwargs)
        finally:
            running.pop()

    return call


@dataclass
class Report:
    """Points by handler, how many of them were tried, and where a death made a difference."""

    points: Counter[str] = field(default_factory=Counter)
    tried: Counter[str] = field(default_factory=Counter)
    differences: list[Difference] = field(default_factory=list)


def try_points(scenarios: dict[str, Scenario], *, every: int = 1) -> Report:
    """Let a worker die at each point, or at each so-many-th one."""
    report = Report()
    with handlers_known():
        for name, scenario in scenarios.items():
            recorded, expected = _run(scenario, {})
            for number, (call, handler) in enumerate(zip(recorded.calls, recorded.handlers, strict=True)):
                for when in When:
                    report.points[handler] += 1
                    if report.points.total() % every:
                        continue
                    report.tried[handler] += 1
                    if _run(scenario, {number: when})[1] != expected:
                        report.differences.append(Difference(name, handler, call, when))
    return report


def _run(scenario: Scenario, crashes: dict[int, When]) -> tuple[_Points, Any]:
    world = scenario.make()
    faults = _Points(crashes)
    world.wire(faults.wrap)

    def deliver(step: Callable[[], Any]) -> Any:
        """Until it ends; where a worker died, twice more."""
        for deaths in range(RUNS):  # noqa: B007 - how many there were
            try:
                result = step()
                break
            except Crash:
                world.wire(faults.wrap)
        else:
            raise AssertionError("still dying")
        if deaths and scenario.repeated:
            step()
            step()
        return result

    scenario.act(world, deliver)
    assert not crashes or len(faults.calls) > next(iter(crashes)), "nobody died"
    world.wire(lambda _name, port: port)
    return faults, scenario.left(world)
