"""The file that imports are measured with: one row in twenty has the e-mail of an earlier row, one in fifty none."""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

MAPPING = {
    "E-mail": "email",
    "First name": "firstName",
    "Last name": "lastName",
    "Company": "company",
    "Phone": "phone",
    "Title": "title",
    "Zip": "customFields.zip",
}


@dataclass(frozen=True)
class Contents:
    """Of a file: `valid` of its rows can be imported, of `people` different e-mails."""

    rows: int
    valid: int
    people: int


@dataclass(frozen=True)
class Sample:
    """A file in memory; see `Contents`."""

    rows: Sequence[Mapping[str, str]]
    valid: int
    people: int

    @property
    def contents(self) -> Contents:
        return Contents(len(self.rows), self.valid, self.people)

    def to_csv(self) -> bytes:
        text = io.StringIO(newline="")
        _write_csv(text, self.rows)
        return text.getvalue().encode()


def sample(count: int, edition: str, first: int = 0) -> Sample:
    """Two files of different editions hold the same people with other companies, phones and titles."""
    rows = list(sample_rows(count, edition, first))
    valid = [row["E-mail"] for row in rows if "@" in row["E-mail"]]
    return Sample(rows, len(valid), len(set(valid)))


def write_sample(path: Path, count: int, edition: str) -> Contents:
    """The same as a file on disk, of which no more than a row is in memory."""
    valid = people = 0

    def counted() -> Iterator[Mapping[str, str]]:
        nonlocal valid, people
        for number, row in enumerate(sample_rows(count, edition)):
            if "@" in row["E-mail"]:
                valid += 1
                people += not _is_repeated(number)
            yield row

    with path.open("w", encoding="utf-8", newline="") as file:
        _write_csv(file, counted())
    return Contents(count, valid, people)


def sample_rows(count: int, edition: str, first: int = 0) -> Iterator[dict[str, str]]:
    for n in range(first, first + count):
        person = n - 7 if _is_repeated(n) else n
        yield {
            "E-mail": "no e-mail" if n % 50 == 24 else f"Person.{person}@Example.com",
            "First name": f"First{person % 1000}",
            "Last name": f"Last{person % 3000}",
            "Company": f"Company {edition} {n % 500}, Inc.",
            "Phone": f"+49{edition}17{n:08}",
            "Title": f"Engineer {edition}",
            "Zip": f"{n % 99999:05}",
        }


def _is_repeated(number: int) -> bool:
    """Whether the row has the e-mail of an earlier one, which is never one of those without."""
    return number % 20 == 19


def _write_csv(file: io.TextIOBase, rows: Iterable[Mapping[str, str]]) -> None:
    writer = csv.DictWriter(file, list(MAPPING))
    writer.writeheader()
    writer.writerows(rows)
