"""Write one contact and know for certain what came of it."""

from __future__ import annotations

from enum import Enum, auto

from contacts.domain.contact_write import ContactWrite, Settlement, WriteResult
from contacts.domain.errors import Conflict
from contacts.ports import ContactStore

#: Times that a write is sent again where its answer was lost and a look showed that it did not happen.
_MAX_SENDINGS = 5
#: Times that a caller reads and decides again where somebody else's write came first.
MAX_DECISIONS = 5


class EmailTaken(Conflict):
    """Another contact has this e-mail. `contact_id` is that contact's, all that its tenant is told of it."""

    code = "EMAIL_EXISTS"

    def __init__(self, contact_id: str) -> None:
        super().__init__("another contact has this e-mail", field="email")
        self.contact_id = contact_id


class ConcurrentChange(Conflict):
    """Others kept changing the contact; nothing was written."""

    code = "CONCURRENT_CHANGE"

    def __init__(self) -> None:
        super().__init__("others are changing this contact right now; try again")


class NoAnswer(Exception):
    """The store's answers kept getting lost, and nothing was written."""


class End(Enum):
    """What came of a write."""

    WRITTEN = auto()
    """It happened, just now."""
    FOUND = auto()
    """It had happened: its answer was lost, or an earlier try made it. The contact may have changed since."""
    OVERTAKEN = auto()
    """Somebody else's write stands in its way: read again, decide again."""


def write_contact(contacts: ContactStore, tenant: str, write: ContactWrite) -> End:
    """Carry one write out.

    Raises:
        NoAnswer: see there.
    """
    for _ in range(_MAX_SENDINGS):
        if contacts.write(tenant, [write]) == [WriteResult.WRITTEN]:
            return End.WRITTEN
        (settlement,) = contacts.settle(tenant, [write])
        if settlement is not Settlement.OPEN:
            return End.FOUND if settlement is Settlement.DONE else End.OVERTAKEN
    raise NoAnswer(f"no answer to {_MAX_SENDINGS} sendings of one write")
