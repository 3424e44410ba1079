"""From what an import did to contacts, and what they are now, to a plan of what goes back."""

from __future__ import annotations

from collections.abc import Collection, Mapping

from contacts.domain.contact import Contact, Mark
from contacts.domain.import_job import ImportJob
from contacts.domain.object_keys import rollback_plan_key, rollback_plans_prefix
from contacts.domain.plan import Plan, PlannedWrite
from contacts.domain.rollback import Rollback, RollbackCounts
from contacts.domain.rows import Outcome, RowOutcome
from contacts.domain.undoing import Undo, Verdict, judge
from contacts.usecases.unit_of_work import Unit

#: Of a contact that is not undone here, but at the end of the pass.
LEFT = Verdict(Outcome.LEFT)


def rollback_unit(job: ImportJob, rollback: Rollback, part: int) -> Unit:
    """The unit of work of one part of the writing pass."""
    return Unit(
        job.tenant,
        rollback_plans_prefix(job.tenant, job.id, rollback.run, part),
        lambda round_: rollback_plan_key(job.tenant, job.id, rollback.run, part, round_),
    )


def verdict_on(
    undo: Undo, current: Contact | None, job: ImportJob, rollback: Rollback, now: str, *, spare_email: bool = False
) -> Verdict:
    """What this rollback does with one contact."""
    mark = Mark(f"{job.id}/rollback-{rollback.run}", undo.row)
    return judge(undo, current, mark=mark, now=now, force=rollback.force, spare_email=spare_email)


def plan_of(undos: Collection[Undo], verdicts: Mapping[int, Verdict]) -> Plan:
    """The plan that carries out these verdicts, which are by the undo's row."""
    writes: list[PlannedWrite] = []
    outcomes: list[RowOutcome] = []
    for undo in undos:
        verdict = verdicts[undo.row]
        outcome = RowOutcome(undo.row, verdict.outcome, undo.contact_id, verdict.reason or "", verdict.fields)
        if verdict.write is None:
            outcomes.append(outcome)
        else:
            writes.append(PlannedWrite(verdict.write, (outcome,)))
    return Plan(writes, outcomes, [])


def count_verdicts(outcomes: Collection[RowOutcome]) -> RollbackCounts:
    """Sum up contacts by what became of them; those that are left count where they are undone."""
    found = [outcome.outcome for outcome in outcomes]
    return RollbackCounts(
        deleted=found.count(Outcome.DELETED),
        restored=found.count(Outcome.RESTORED),
        kept=found.count(Outcome.KEPT),
        unchanged=found.count(Outcome.UNCHANGED),
    )
