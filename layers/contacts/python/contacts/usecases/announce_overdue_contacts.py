"""Announce contacts that were created one by one and whose event did not go out."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import islice

from contacts.ports import Clock, ContactOutbox, ContactStore, OutboxNote
from contacts.usecases.announce_contacts import AnnounceContacts

#: Whoever made a note is dead by then: a request lives for 29 seconds.
OVERDUE_AFTER = timedelta(minutes=2)
#: How many notes one sweep looks at, so that it has time for the jobs; the next one goes on. A minute or two.
NOTES_A_SWEEP = 5_000
#: How many contacts are looked up at once: of the largest ones, 6 MB.
_LOOKUP = 100


@dataclass(frozen=True, slots=True)
class OverdueReport:
    """How many events went out, and whether trouble left some for the next sweep."""

    announced: int
    failed: bool


class AnnounceOverdueContacts:
    """The sweeper's part of what `CreateContact` promises."""

    def __init__(
        self,
        *,
        outbox: ContactOutbox,
        contacts: ContactStore,
        announce: AnnounceContacts,
        clock: Clock,
        on_error: Callable[[str, Exception], None],
    ) -> None:
        """`on_error` is told at which contact it stopped, "" before the first one, and why."""
        self._outbox = outbox
        self._contacts = contacts
        self._announce = announce
        self._clock = clock
        self._on_error = on_error

    def __call__(self) -> OverdueReport:
        """Announce what is there, oldest first, and forget it. Nobody is told of a contact that is not there: it never
        came to be, or is gone again. Stops at the first trouble: as a rule the next note would meet the same."""
        announced, at = 0, ""
        try:
            overdue = self._overdue()
            while notes := list(islice(overdue, _LOOKUP)):
                there = self._there(notes)
                for note in notes:
                    at = note.contact_id
                    if (note.tenant, note.contact_id) in there:
                        self._announce.single(note.tenant, note.contact_id)
                        announced += 1
                    self._outbox.remove(note)
        except Exception as error:  # noqa: BLE001 - jobs must not wait for it; it is told, and the notes stay
            self._on_error(at, error)
            return OverdueReport(announced, failed=True)
        return OverdueReport(announced, failed=False)

    def _overdue(self) -> Iterator[OutboxNote]:
        before = datetime.fromisoformat(self._clock()) - OVERDUE_AFTER
        moment = before.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        return islice(self._outbox.added_before(moment), NOTES_A_SWEEP)

    def _there(self, notes: Sequence[OutboxNote]) -> set[tuple[str, str]]:
        ids: dict[str, list[str]] = defaultdict(list)
        for note in notes:
            ids[note.tenant].append(note.contact_id)
        return {(tenant, id_) for tenant, of_one in ids.items() for id_ in self._contacts.find_by_ids(tenant, of_one)}
