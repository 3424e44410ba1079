"""The files of the load: what each of them holds is known before it is sent, whoever of a tenant's jobs comes first."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from functools import cached_property

MAPPING = {"E-mail": "email", "First name": "firstName", "Company": "company", "Zip": "customFields.zip"}


@dataclass(frozen=True)
class LoadFile:
    """One import of a tenant: mostly its own people, some of its other files', some twice, some without an e-mail."""

    tenant: str
    number: int
    rows: int

    @property
    def name(self) -> str:
        return f"people-{self.number}.csv"

    @property
    def content(self) -> bytes:
        text = io.StringIO(newline="")
        table = csv.writer(text)
        table.writerow(MAPPING)
        table.writerows((self._cell(row), f"Zoë {row}", f"Company {row % 50}, Ltd", f"{row:05}") for row in self._rows)
        return text.getvalue().encode()

    @cached_property
    def emails(self) -> frozenset[str]:
        """Those that are contacts in the end, made by this job or by another of the tenant's."""
        return frozenset(email for row in self._rows if (email := self._email(row)))

    @property
    def errors(self) -> int:
        return sum(self._email(row) is None for row in self._rows)

    @property
    def _rows(self) -> range:
        return range(1, self.rows + 1)

    def _cell(self, row: int) -> str:
        return self._email(row) or f"no address {row}"

    def _email(self, row: int) -> str | None:
        match row % 20:
            case 0 if row % 100 < 40:
                return None
            case 1:
                row += 1  # the same person twice
            case 3:
                return f"shared.{row}@{self.tenant}.example"
        return f"p{row}.f{self.number}@{self.tenant}.example"


def load_files(tenants: list[str], jobs: int, rows: int) -> list[LoadFile]:
    """The files, dealt out among the tenants in turn."""
    return [LoadFile(tenants[number % len(tenants)], number, rows) for number in range(jobs)]
