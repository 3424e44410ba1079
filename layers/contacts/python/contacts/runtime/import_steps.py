"""The use cases behind the later steps of an import, and of its rollback, made of a function's ports.

Staging stands apart, in `staging`: it alone loads the libraries that read files.
"""

from __future__ import annotations

from contacts.runtime.wiring import Wiring
from contacts.usecases.announce_import import AnnounceImport
from contacts.usecases.apply_import_part import ApplyImportPart
from contacts.usecases.finish_import import FinishImport
from contacts.usecases.finish_rollback import FinishRollback
from contacts.usecases.import_parts import PartEnd
from contacts.usecases.import_results import WriteImportResults
from contacts.usecases.mend_import import MendImport
from contacts.usecases.prepare_rollback import PrepareRollback
from contacts.usecases.roll_back_part import RollBackPart
from contacts.usecases.rollback_results import WriteRollbackResults
from contacts.usecases.undo_left_contacts import UndoLeftContacts
from contacts.usecases.unit_of_work import UnitOfWork


def apply_import_part(wiring: Wiring) -> ApplyImportPart:
    return ApplyImportPart(
        jobs=wiring.jobs,
        contacts=wiring.contacts,
        files=wiring.files,
        work=_unit_of_work(wiring),
        end_part=_part_end(wiring),
        clock=wiring.clock,
    )


def finish_import(wiring: Wiring) -> FinishImport:
    return FinishImport(
        jobs=wiring.jobs,
        segments=wiring.segments,
        files=wiring.files,
        work=_unit_of_work(wiring),
        end_part=_part_end(wiring),
        write_results=WriteImportResults(files=wiring.files),
        announce=_announce_import(wiring),
        clock=wiring.clock,
    )


def prepare_rollback(wiring: Wiring) -> PrepareRollback:
    return PrepareRollback(jobs=wiring.jobs, files=wiring.files, clock=wiring.clock)


def roll_back_part(wiring: Wiring) -> RollBackPart:
    return RollBackPart(
        jobs=wiring.jobs,
        contacts=wiring.contacts,
        files=wiring.files,
        work=_unit_of_work(wiring),
        clock=wiring.clock,
    )


def finish_rollback(wiring: Wiring) -> FinishRollback:
    return FinishRollback(
        jobs=wiring.jobs,
        contacts=wiring.contacts,
        segments=wiring.segments,
        files=wiring.files,
        undo_left=UndoLeftContacts(
            jobs=wiring.jobs,
            contacts=wiring.contacts,
            files=wiring.files,
            work=_unit_of_work(wiring),
            clock=wiring.clock,
        ),
        write_results=WriteRollbackResults(files=wiring.files),
        clock=wiring.clock,
    )


def mend_import(wiring: Wiring) -> MendImport:
    return MendImport(
        jobs=wiring.jobs,
        runner=wiring.runner,
        finish=finish_import(wiring),
        finish_rollback=finish_rollback(wiring),
        announce=_announce_import(wiring),
    )


def _unit_of_work(wiring: Wiring) -> UnitOfWork:
    return UnitOfWork(contacts=wiring.contacts, files=wiring.files)


def _part_end(wiring: Wiring) -> PartEnd:
    return PartEnd(jobs=wiring.jobs, segments=wiring.segments, files=wiring.files, clock=wiring.clock)


def _announce_import(wiring: Wiring) -> AnnounceImport:
    return AnnounceImport(jobs=wiring.jobs, events=wiring.events, clock=wiring.clock)
