"""The four ways to write a contact, and what can come of it. Plans hold them; the contact store carries them out."""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TypeAlias

from contacts.domain.contact import Contact, Mark


@dataclass(frozen=True, slots=True)
class Insert:
    """A new contact that takes its e-mail's place; refused where another holds it. Its mark is `after.created_by`."""

    after: Contact


@dataclass(frozen=True, slots=True)
class InsertTwin:
    """A new contact beside the one that holds its e-mail; refused where nobody holds it (then it is an `Insert`)."""

    after: Contact


@dataclass(frozen=True, slots=True)
class Update:
    """A changed contact; refused where the contact's version is no longer `before.version`, or its new e-mail is taken.

    `mark` is None for an edit by a person.
    """

    before: Contact
    after: Contact
    mark: Mark | None = None


@dataclass(frozen=True, slots=True)
class Delete:
    """A contact that goes; refused where its version is no longer `before.version`."""

    before: Contact
    mark: Mark | None = None


ContactWrite: TypeAlias = Insert | InsertTwin | Update | Delete


class WriteResult(Enum):
    """What the store says right after it tried."""

    WRITTEN = "written"
    REFUSED = "refused"
    """A condition did not hold. It can still be our own earlier write that stands there: see `Settlement`."""
    UNKNOWN = "unknown"
    """The answer was lost: the write may have happened or not."""


class Settlement(Enum):
    """What a strongly consistent second look says of a write that was refused or whose answer was lost."""

    DONE = "done"
    """It happened, now or in an earlier try, whatever became of the contact since."""
    OPEN = "open"
    """It did not happen and nothing stands against it: it can be tried again as it is."""
    OVERTAKEN = "overtaken"
    """Somebody else's write stands in its way: read again, decide again."""


def mark_of(write: ContactWrite) -> Mark | None:
    """The mark under which this write can be recognised later."""
    if isinstance(write, Insert | InsertTwin):
        return write.after.created_by
    return write.mark
