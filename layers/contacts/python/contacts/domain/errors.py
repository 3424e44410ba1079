"""The errors that the use cases raise on purpose, each with a stable code.

Trouble with the infrastructure is not among them: it stays the exception it was, and is retried.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong with what a caller sent: where, and why, in words a person understands."""

    code: str
    message: str
    field: str | None = None


class DomainError(Exception):
    """A request that can't be served for a reason its sender can understand."""

    code = "ERROR"

    def __init__(self, message: str, *, code: str | None = None, field: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.code = code or type(self).code
        self.field = field


class InvalidRequest(DomainError):
    """The request itself is wrong; sending it again won't help."""

    code = "INVALID_REQUEST"

    def __init__(
        self, message: str, *, code: str | None = None, field: str | None = None, problems: tuple[Problem, ...] = ()
    ) -> None:
        super().__init__(message, code=code, field=field)
        self.problems = problems


class Forbidden(DomainError):
    """The caller is known and may not do this."""

    code = "FORBIDDEN"


class NotFound(DomainError):
    """There is no such thing, or none that this caller may know of."""

    code = "NOT_FOUND"


class Conflict(DomainError):
    """The state of things forbids it now: an e-mail is taken, a job has another status."""

    code = "CONFLICT"


class Gone(DomainError):
    """It was there, and its time is over."""

    code = "GONE"


class StaleVersion(DomainError):
    """Somebody changed the thing since the caller read it."""

    code = "VERSION_MISMATCH"


class IdempotencyKeyReused(DomainError):
    """The same Idempotency-Key came with another body."""

    code = "IDEMPOTENCY_KEY_REUSED"


class FileRejected(DomainError):
    """The file as a whole can't be imported: the job fails with this as its one error, in row 0.

    Readers raise it; staging turns it into a result. `field` names the column, sheet or limit concerned.
    """

    code = "FILE_REJECTED"
