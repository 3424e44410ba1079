"""The list that a rollback leaves: what became of each contact, and what was kept and why."""

from __future__ import annotations

import tempfile
from collections.abc import Collection, Iterable, Iterator, Mapping
from typing import Any

import orjson

from contacts.domain.import_job import ImportJob
from contacts.domain.object_keys import rollback_csv_key, rollback_outcomes_key, rollback_part_outcome_key
from contacts.domain.plan import outcome_from_record
from contacts.domain.rollback import Rollback
from contacts.domain.rows import Outcome, RowOutcome
from contacts.ports import FileStore
from contacts.usecases.row_lists import LinesByRow, csv_lines


def rollback_line(outcome: RowOutcome) -> dict[str, Any]:
    """One contact's line, as clients see it."""
    return {
        "contactId": outcome.contact_id,
        "row": outcome.row,
        "action": outcome.outcome.value,
        "fields": list(outcome.fields),
        "reason": outcome.reason or None,
    }


def outcome_of_line(line: Mapping[str, Any]) -> RowOutcome:
    """The contact's outcome behind such a line."""
    fields = tuple(line["fields"])
    return RowOutcome(line["row"], Outcome(line["action"]), line["contactId"], line["reason"] or "", fields)


class WriteRollbackResults:
    """Joins what the parts of the current pass left, in the order of the file's rows."""

    def __init__(self, *, files: FileStore) -> None:
        self._files = files

    def __call__(self, job: ImportJob, rollback: Rollback, parts: Collection[int]) -> None:
        rows = job.staged.total_rows if job.staged else 0
        with tempfile.TemporaryFile(prefix="rollback-") as file:
            lines = LinesByRow(rows, file)
            for part in parts:
                for outcome in load_rollback_outcomes(self._files, job, rollback, part):
                    # What a part has left stands among the outcomes of the end.
                    if outcome.outcome is not Outcome.LEFT:
                        lines.add(outcome.row, orjson.dumps(rollback_line(outcome)))
            self._files.put_stream(rollback_outcomes_key(job.tenant, job.id, rollback.run), lines.lines())
            self._files.put_stream(rollback_csv_key(job.tenant, job.id, rollback.run), _csv(lines.lines()))


def load_rollback_outcomes(files: FileStore, job: ImportJob, rollback: Rollback, part: int) -> list[RowOutcome]:
    """What one part of the current pass has left.

    Raises:
        FileNotFoundError: the part has not ended.
    """
    body = files.get(rollback_part_outcome_key(job.tenant, job.id, rollback.run, rollback.mode, part))
    if body is None:
        raise FileNotFoundError(f"part {part} of the rollback of job {job.id} has no outcomes")
    return [outcome_from_record(record) for record in orjson.loads(body)]


def _csv(lines: Iterable[bytes]) -> Iterator[bytes]:
    yield csv_lines([["contactId", "row", "action", "fields", "reason"]])
    for line in lines:
        record = orjson.loads(line)
        fields = " ".join(record["fields"])
        yield csv_lines([[record["contactId"], record["row"], record["action"], fields, record["reason"] or ""]])
