"""The sample that the demo imports: 10,000 rows, the same bytes every time, with what real files get wrong.

The domains are those that RFC 2606 reserves for examples; the phone numbers are the fictional 555-01xx ones.
"""

from __future__ import annotations

import csv
import io
import random
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path

ROWS = 10_000
SEED = 20_251_125

HEADER = ("E-mail", "First name", "Last name", "Company", "Job title", "Phone", "Zip code", "Notes")
FIELD_MAPPING = {
    "E-mail": "email",
    "First name": "firstName",
    "Last name": "lastName",
    "Company": "company",
    "Job title": "title",
    "Phone": "phone",
    "Zip code": "customFields.zipCode",
    "Notes": "notes",
}

_DUPLICATES = 700
_BAD_EMAILS = 250
_BLANK_EMAILS = 50

_FIRST_NAMES = ("Zoë", "José", "Łukasz", "Anaïs", "Søren", "Đặng", "Žofie", "Aoife", "Björk", "Françoise")
_PLAIN_FIRST_NAMES = ("Ada", "Grace", "Alan", "Edsger", "Barbara", "Donald", "Margaret", "Dennis", "Radia", "Ken")
_UNDECOMPOSED = str.maketrans("øłĐ", "olD")
_LAST_NAMES = ("Müller", "Núñez", "O'Brien", "Kovács", "Smith", "D'Angelo", "Jones", "van Dijk", "Garcia-Lopez", "Öz")
_COMPANIES = ("Acme, Inc.", "Köhler & Söhne", 'The "Best" Bakery', "Initech", "Umbrella; Ltd", "Société Générique")
_TITLES = ("Buyer", "Head of Sales", "Développeuse", "CTO", "", "Office manager")
_DOMAINS = ("example.com", "example.org", "example.net")
_NOTES = ("", "", "met at the fair", "call after 5 pm", "prefers e-mail; no calls", 'said: "next year"')
_BREAKS = ("first line\nsecond line", "Street 1\r\n12345 Town", 'a "quoted"\nbreak, with comma')

#: Each makes, of a good e-mail, something that no reading of it can send to.
_SPOILERS: tuple[Callable[[str], str], ...] = (
    lambda email: email.replace("@", " at "),
    lambda email: email.replace("@", "@@"),
    lambda email: email.rpartition(".")[0],
    lambda email: email.partition("@")[0] + "@",
    lambda email: email.replace("@", " @"),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleCounts:
    """How many rows of each kind the sample has. The kinds of e-mail are disjoint; the rest is spread over all rows."""

    rows: int
    duplicates: int
    """E-mails of an earlier row, some in other letter case or between blanks."""
    bad_emails: int
    blank_emails: int
    quoted_line_breaks: int
    accents: int
    """Rows with a letter outside of ASCII."""
    plus_phones: int
    leading_zeros: int
    """Zip codes that begin with 0."""

    @property
    def created(self) -> int:
        """What an import into an empty tenant creates, with duplicates skipped."""
        return self.rows - self.skipped

    @property
    def errors(self) -> int:
        return self.bad_emails + self.blank_emails

    @property
    def skipped(self) -> int:
        return self.duplicates + self.errors


def write_sample_file(path: Path) -> SampleCounts:
    """Write the sample as CSV (UTF-8, comma, LF) and say what is in it."""
    rows = list(_rows(random.Random(SEED)))  # noqa: S311 - the same rows every time, no secret
    text = io.StringIO(newline="")
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(HEADER)
    writer.writerows(rows)
    path.write_bytes(text.getvalue().encode())
    return _count(rows)


def _count(rows: list[tuple[str, ...]]) -> SampleCounts:
    return SampleCounts(
        rows=len(rows),
        duplicates=_DUPLICATES,
        bad_emails=_BAD_EMAILS,
        blank_emails=_BLANK_EMAILS,
        quoted_line_breaks=sum("\n" in row[7] for row in rows),
        accents=sum(not "".join(row).isascii() for row in rows),
        plus_phones=sum(row[5].startswith("+") for row in rows),
        leading_zeros=sum(row[6].startswith("0") for row in rows),
    )


def _rows(chance: random.Random) -> Iterator[tuple[str, ...]]:
    kinds = ["good"] * (ROWS - _DUPLICATES - _BAD_EMAILS - _BLANK_EMAILS)
    kinds += ["duplicate"] * _DUPLICATES + ["bad"] * _BAD_EMAILS + ["blank"] * _BLANK_EMAILS
    chance.shuffle(kinds)
    first_good = kinds.index("good")
    kinds[0], kinds[first_good] = kinds[first_good], kinds[0]  # a duplicate needs a row to repeat
    good_emails: list[str] = []
    for number, kind in enumerate(kinds):
        first = chance.choice((*_FIRST_NAMES, *_PLAIN_FIRST_NAMES))
        last = chance.choice(_LAST_NAMES)
        email = f"{_ascii(first)}.{_ascii(last)}.{number}@{chance.choice(_DOMAINS)}"
        if kind == "good":
            good_emails.append(email)
        yield (
            _as_kind(kind, email, good_emails, chance),
            first,
            last,
            chance.choice(_COMPANIES),
            chance.choice(_TITLES),
            _phone(chance),
            f"{chance.randrange(100_000):05d}",
            chance.choice(_BREAKS) if chance.randrange(20) == 0 else chance.choice(_NOTES),
        )


def _as_kind(kind: str, email: str, good_emails: list[str], chance: random.Random) -> str:
    if kind == "duplicate":
        repeated = chance.choice(good_emails)
        return chance.choice((repeated, repeated.upper(), f" {repeated} "))
    if kind == "bad":
        return chance.choice(_SPOILERS)(email)
    return "" if kind == "blank" else email


def _phone(chance: random.Random) -> str:
    area, line = chance.randrange(201, 990), chance.randrange(100, 200)
    return chance.choice(
        (f"+1{area}5550{line}", f"+1 ({area}) 555-0{line}", f"({area}) 555-0{line}", f"0{area}5550{line}")
    )


def _ascii(name: str) -> str:
    decomposed = unicodedata.normalize("NFKD", name.translate(_UNDECOMPOSED))
    return "".join(letter for letter in decomposed if letter.isascii() and letter.isalpha()).lower()
