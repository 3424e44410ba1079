"""Rows of a file on their way to contacts, and what becomes of each."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, NamedTuple


class StagedRow(NamedTuple):
    """A valid row. `values` maps targets to text, or to None where an empty cell is to clear the field.

    `cells` are the row's cells without marks of formulas, else as they stood in the file, for the list of failed rows.
    `contact_id` is what can be the id of a contact; whether it names one, only the contact store can tell. A row
    without it has an e-mail.
    """

    row: int
    values: Mapping[str, str | None]
    cells: Sequence[str]
    contact_id: str | None = None

    @property
    def email(self) -> str:
        """The e-mail as given, or empty."""
        return self.values.get("email") or ""


class Outcome(StrEnum):
    """What became of a row of an import, of the contact behind it in a rollback, of an entry of a bulk job."""

    CREATED = "created"
    UPDATED = "updated"
    SKIPPED = "skipped"
    ERROR = "error"
    DELETED = "deleted"
    RESTORED = "restored"
    KEPT = "kept"
    UNCHANGED = "unchanged"
    CANDIDATE = "candidate"
    NOT_FOUND = "notFound"
    FORBIDDEN = "forbidden"
    LEFT = "left"
    """A part of a rollback leaves the contact to the end of the pass; stands in plans and parts' outcomes only."""


class SkipReason(StrEnum):
    """Why a row that is not in error was passed over."""

    DUPLICATE = "DUPLICATE"
    """A contact with this id or e-mail exists, and the strategy is to skip."""
    DUPLICATE_IN_FILE = "DUPLICATE_IN_FILE"
    """An earlier row of the file has the same e-mail."""


class RowOutcome(NamedTuple):
    """One row's line in the results: `reason` is a `SkipReason`, a `RollbackReason`, an error code, or empty.

    `fields` names what a rollback left as it is.
    """

    row: int
    outcome: Outcome
    contact_id: str = ""
    reason: str = ""
    fields: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RowError:
    """Why a row was not imported: the column, its value, a stable code and a sentence."""

    row: int
    field: str | None
    value: str | None
    code: str
    error: str
    cells: Sequence[str] = ()

    def to_record(self) -> dict[str, Any]:
        return {
            "row": self.row,
            "field": self.field,
            "value": self.value,
            "code": self.code,
            "error": self.error,
            "cells": list(self.cells),
        }

    @classmethod
    def from_record(cls, record: Mapping[str, Any]) -> RowError:
        return cls(**record)
