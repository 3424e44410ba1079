"""What an import did to the contacts of one part: its plans, read as an undo log."""

from __future__ import annotations

import re
from collections.abc import Sequence

from contacts.domain.contact_write import Insert, InsertTwin, Update
from contacts.domain.import_job import ImportJob
from contacts.domain.object_keys import undo_logs_prefix
from contacts.domain.plan import PlannedWrite, settle_rounds
from contacts.domain.rows import Outcome, RowError
from contacts.domain.undoing import Undo, fold
from contacts.ports import FileStore
from contacts.usecases.import_parts import import_unit, load_part_outcomes
from contacts.usecases.unit_of_work import UnitOfWork

_part_number = re.compile(r"part-(\d+)/").search


def parts_with_undo_log(files: FileStore, job: ImportJob) -> list[int]:
    """The numbers of the parts that may have written anything, in order."""
    prefix = undo_logs_prefix(job.tenant, job.id)
    found = (_part_number(key, len(prefix) - len("part-")) for key in files.list_keys(prefix))
    return sorted({int(match[1]) for match in found if match})


def is_whole(job: ImportJob, parts: Sequence[int]) -> bool:
    """Whether undo logs are there for all that the import wrote, as far as can be told: every part of an import that
    completed has left one, but they expire. Of one that failed, some parts may never have begun."""
    if job.file_error is not None or job.staged is None:
        return bool(parts) or not job.counts.imported
    return len(parts) == job.staged.parts


def load_undo_log(files: FileStore, work: UnitOfWork, job: ImportJob, part: int) -> dict[int, Undo]:
    """What to undo, by the first row of each contact, in the file's order.

    Each contact stands in it once. A row can meet a contact that another row has written, where somebody changed its
    e-mail in between.
    """
    undos: dict[str, Undo] = {}
    for undo in sorted(load_undos(files, work, job, part), key=lambda undo: undo.after.version):
        earlier = undos.get(undo.contact_id)
        undos[undo.contact_id] = fold(earlier, undo) if earlier else undo
    return {undo.row: undo for undo in sorted(undos.values(), key=lambda undo: undo.row)}


def load_undos(files: FileStore, work: UnitOfWork, job: ImportJob, part: int) -> list[Undo]:
    """The same write by write, in no particular order: for contacts that other parts have written too."""
    return [_undo(planned) for planned in _written(files, work, job, part)]


def _written(files: FileStore, work: UnitOfWork, job: ImportJob, part: int) -> Sequence[PlannedWrite]:
    """Leave out what was planned and never written."""
    unit = import_unit(job, part)
    try:
        outcomes, _ = load_part_outcomes(files, job, part)
    except FileNotFoundError:
        # The part never ended and was never accounted for: only the contacts can tell what was written.
        return work.reconcile(unit, _not_written, ()).writes
    failed = {outcome.row for outcome in outcomes if outcome.outcome is Outcome.ERROR}
    settled = settle_rounds(work.rounds(unit))
    return [planned for planned in settled.writes if planned.outcomes[0].row not in failed]


def _not_written(row: int) -> RowError:
    return RowError(row, None, None, "NOT_IMPORTED", "the row was planned and never written")


def _undo(planned: PlannedWrite) -> Undo:
    row = planned.outcomes[0].row
    match planned.write:
        case Insert(after) | InsertTwin(after):
            return Undo(row, None, after)
        case Update(before, after):
            return Undo(row, before, after)
    raise ValueError("an import deletes nothing")
