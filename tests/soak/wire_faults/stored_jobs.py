"""What the raw items and objects of jobs say, read with nothing of the product but docs/architecture.md."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote, unquote

from tests.soak.wire_faults.stored_state import StoredState

Item = Mapping[str, Any]


@dataclass
class StoredJobs:
    """Jobs by id, what belongs to each, and what became of contacts according to all of them.

    Attributes:
        parts: items beside a job's own, by job and then by sort key.
        loose: parts of jobs that are not there.
        gone: ids that some job reports as deleted.
    """

    state: StoredState
    jobs: dict[str, Item] = field(default_factory=dict)
    parts: dict[str, dict[str, Item]] = field(default_factory=lambda: defaultdict(dict))
    gone: set[str] = field(default_factory=set)

    @classmethod
    def of(cls, state: StoredState) -> StoredJobs:
        made = cls(state)
        for item in state.jobs_table:
            head, _, job_id = item["pk"].partition("#")
            if head == "JOB" and item["sk"] == "JOB":
                made.jobs[job_id] = item
            elif head == "JOB":
                made.parts[job_id][item["sk"]] = item
        for job_id, job in made.jobs.items():
            if job["kind"] == "bulk_delete":
                made.gone |= {each[0] for each in made.slice_outcomes(job_id) if each[1] == "deleted"}
            elif "rollbackRun" in job and not job["rollbackDryRun"]:
                lines = made.rollback_lines(job_id) or []
                made.gone |= {line["contactId"] for line in lines if line["action"] == "deleted"}
        return made

    def tenant(self, job_id: str) -> str | None:
        return str(self.jobs[job_id]["tenantKey"]) if job_id in self.jobs else None

    def results(self, job_id: str) -> list[dict[str, str]] | None:
        """The lines of an import's `results.csv`; None where there is none."""
        body = self._object("results", job_id, "results.csv")
        return None if body is None else list(csv.DictReader(io.StringIO(body.decode(), newline="")))

    def rollback_lines(self, job_id: str) -> list[dict[str, Any]] | None:
        """The list of the latest rollback; None where there is none."""
        run = int(self.jobs[job_id]["rollbackRun"])
        body = self._object("results", job_id, f"rollback-{run:04d}/outcomes.jsonl")
        return None if body is None else [json.loads(line) for line in body.splitlines()]

    def slice_outcomes(self, job_id: str) -> list[list[Any]]:
        """The outcomes of all slices of a bulk job."""
        prefix = self._key("bulk", job_id, "outcomes/")
        bodies = (body for key, body in sorted(self.state.objects.items()) if key.startswith(prefix))
        return [outcome for body in bodies for outcome in json.loads(body)["items"]]

    def sum_of_parts(self, job_id: str, prefix: str, names: Iterable[str]) -> dict[str, int]:
        """The sums of these counters over the items whose sort keys begin so."""
        sums: Counter[str] = Counter()
        for key, item in self.parts[job_id].items():
            if key.startswith(prefix):
                sums.update({name: int(item[name]) for name in names})
        return {name: sums[name] for name in names}

    def _object(self, prefix: str, job_id: str, rest: str) -> bytes | None:
        return self.state.objects.get(self._key(prefix, job_id, rest))

    def _key(self, prefix: str, job_id: str, rest: str) -> str:
        return f"{prefix}/{quote(str(self.tenant(job_id)), safe='')}/{job_id}/{rest}"


def contact_tenant(item: Item) -> str:
    """The tenant that the partition key of an item of the contacts table names."""
    return unquote(item["pk"].partition("#")[0])


def is_contact(item: Item) -> bool:
    """Whether it is a contact, rather than a forward, a trace or a tenant's settings."""
    return "id" in item and "version" in item


def creator(item: Item) -> str:
    """The job, or the single creation, that made a contact."""
    return str(item["createdBy"]).rpartition(":")[0]
