"""Judge contacts whose e-mail may have to go back to a place that others hold, or want as well."""

from __future__ import annotations

from collections.abc import Sequence

from contacts.domain.contact_write import Update
from contacts.domain.email_address import normalise_email
from contacts.domain.import_job import ImportJob
from contacts.domain.plan import Plan
from contacts.domain.rollback import Rollback
from contacts.domain.undoing import Undo, Verdict
from contacts.ports import Clock, ContactStore
from contacts.usecases.email_places import EmailPlaces
from contacts.usecases.left_contact_spool import LeftContactSpool
from contacts.usecases.rollback_verdicts import LEFT, plan_of, verdict_on


class JudgeLeftContacts:
    """Judges contacts as they are now, and e-mails' places as they are or will be.

    Who wants the e-mail of a contact that is itself yet to be undone waits for that one. Of two that want one e-mail,
    the one of the earlier row gets it. An e-mail that any other contact has stays away.
    """

    def __init__(
        self,
        *,
        contacts: ContactStore,
        places: EmailPlaces,
        spool: LeftContactSpool,
        clock: Clock,
        job: ImportJob,
        rollback: Rollback,
    ) -> None:
        self._contacts = contacts
        self._places = places
        self._spool = spool
        self._clock = clock
        self._job = job
        self._rollback = rollback

    def __call__(self, undos: Sequence[Undo], *, last: bool) -> Plan:
        """Decide these, given in the order of their rows; those that wait are `LEFT`, unless this is the last time."""
        current = self._contacts.find_by_ids(self._job.tenant, [undo.contact_id for undo in undos])
        now = self._clock()

        def judged(undo: Undo, *, spare_email: bool = False) -> Verdict:
            found = current.get(undo.contact_id)
            return verdict_on(undo, found, self._job, self._rollback, now, spare_email=spare_email)

        verdicts = {undo.row: judged(undo) for undo in undos}
        wanted = {row: email for row, verdict in verdicts.items() if (email := _wanted_email(verdict))}
        holders = self._places.holders(set(wanted.values()))
        waiting = self._spool.unsettled_among(set(holders.values()))
        given: set[str] = set()
        for undo in undos:
            email = wanted.get(undo.row)
            if email is None:
                continue
            holder = holders.get(email, undo.contact_id)
            if email in given:
                verdicts[undo.row] = judged(undo, spare_email=True) if last else LEFT
            elif holder == undo.contact_id:
                given.add(email)
            elif holder in waiting and not last:
                verdicts[undo.row] = LEFT
            else:
                verdicts[undo.row] = judged(undo, spare_email=True)
        return plan_of(undos, verdicts)


def _wanted_email(verdict: Verdict) -> str | None:
    """The normalised e-mail that a contact would get and has not."""
    if not verdict.changes_email or not isinstance(verdict.write, Update) or verdict.write.after.email is None:
        return None
    return normalise_email(verdict.write.after.email)
