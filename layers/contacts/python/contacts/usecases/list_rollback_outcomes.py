"""Show what a rollback did with each contact."""

from __future__ import annotations

import orjson

from contacts.domain.errors import Conflict
from contacts.domain.object_keys import rollback_outcomes_key
from contacts.domain.paging import Page
from contacts.domain.rows import RowOutcome
from contacts.ports import FileStore, JobStore
from contacts.usecases.line_pages import ListExpired, parse_position, read_lines
from contacts.usecases.link_rollback_outcomes import missing_list
from contacts.usecases.own_rollback import ended_rollback
from contacts.usecases.rollback_results import outcome_of_line


class ListRollbackOutcomes:
    def __init__(self, *, jobs: JobStore, files: FileStore) -> None:
        self._jobs = jobs
        self._files = files

    def __call__(self, tenant: str, job_id: str, *, limit: int, position: str | None) -> Page[RowOutcome]:
        """A page of what the latest rollback did, in the order of the file's rows.

        Raises:
            NotFound, Forbidden, NotReady: see `ended_rollback`.
            Conflict: the position is in the list of an earlier rollback, or of this one before it went on.
            InvalidRequest: this is no position.
            NotFound, ListExpired: see `missing_list`.
        """
        job, rollback = ended_rollback(self._jobs, tenant, job_id)
        current = f"{rollback.run}.{rollback.attempt}"
        version, offset = (current, 0) if position is None else parse_position(position)
        if version != current:
            raise Conflict("there was another rollback since: read the list again from the start", code="LIST_CHANGED")
        key = rollback_outcomes_key(tenant, job.id, rollback.run)
        try:
            lines, end = read_lines(self._files, key, offset, limit)
        except ListExpired:
            raise missing_list(rollback) from None
        return Page(
            [outcome_of_line(orjson.loads(line)) for line in lines], None if end is None else f"{current}:{end}"
        )
