"""The demo's sample: the same bytes everywhere, and exactly what it says it holds."""

from __future__ import annotations

import csv
import hashlib
import re
from collections import Counter
from pathlib import Path

import pytest

from local.sample_file import FIELD_MAPPING, HEADER, ROWS, SampleCounts, write_sample_file

# The specification's pattern, on what is left without surrounding blanks.
_EMAIL = re.compile(r"[^\s@]+@[^\s@]+\.[^\s@]+")


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, SampleCounts]:
    path = tmp_path_factory.mktemp("sample") / "contacts.csv"
    return path, write_sample_file(path)


def test_every_run_on_every_python_makes_the_same_bytes(sample: tuple[Path, SampleCounts]) -> None:
    digest = hashlib.sha256(sample[0].read_bytes()).hexdigest()
    assert digest == "6dc89738b0452bb0ec28910ce7781ae3948153bc74a50c4615c3895074212a67"


def test_the_counts_are_those_of_the_file(sample: tuple[Path, SampleCounts]) -> None:
    path, counts = sample
    with path.open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    emails = [row["E-mail"].strip().lower() for row in rows]
    valid = [email for email in emails if _EMAIL.fullmatch(email)]
    assert counts == SampleCounts(
        rows=len(rows),
        duplicates=len(valid) - len(set(valid)),
        bad_emails=sum(1 for email in emails if email and not _EMAIL.fullmatch(email)),
        blank_emails=sum(1 for email in emails if not email),
        quoted_line_breaks=sum("\n" in row["Notes"] for row in rows),
        accents=sum(not "".join(row.values()).isascii() for row in rows),
        plus_phones=sum(row["Phone"].startswith("+") for row in rows),
        leading_zeros=sum(row["Zip code"].startswith("0") for row in rows),
    )
    assert counts.rows == ROWS == 10_000
    assert counts.created == len(set(valid))
    assert counts.created + counts.skipped == counts.rows


def test_it_has_some_of_everything_that_real_files_get_wrong(sample: tuple[Path, SampleCounts]) -> None:
    path, counts = sample
    assert min(counts.duplicates, counts.bad_emails, counts.blank_emails, counts.quoted_line_breaks) >= 50
    assert min(counts.accents, counts.plus_phones, counts.leading_zeros) >= 500
    text = path.read_bytes().decode()
    assert "\r\n" in text
    # Duplicates come in other letter case and between blanks, too.
    shapes = Counter(
        email != email.strip() or email != email.lower() for email in re.findall(r"(?m)^[^,\n]*@[^,\n]*", text)
    )
    assert shapes[True] >= 100


def test_the_mapping_covers_the_header() -> None:
    assert tuple(FIELD_MAPPING) == HEADER
