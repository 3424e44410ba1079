from __future__ import annotations

import pytest

from tests.benchmarks.import_sample import sample
from tests.benchmarks.peers import check_django, figures_of, rows_of, without_repeats

FILE = sample(200, "1")


def test_a_file_without_repeats_keeps_every_contact_and_every_bad_row() -> None:
    found = without_repeats(FILE)
    emails = [row["E-mail"] for row in found.rows if "@" in row["E-mail"]]
    assert len(emails) == len(set(emails)) == FILE.people < FILE.valid
    assert len(found.rows) - len(emails) == len(FILE.rows) - FILE.valid > 0


@pytest.mark.parametrize("wrong", [{"contacts": FILE.people + 1}, {"refused": 0}])
def test_a_peer_that_did_not_do_the_work_shows_nothing(wrong: dict[str, float]) -> None:
    right: dict[str, float] = {"contacts": FILE.people, "refused": len(FILE.rows) - FILE.valid}
    check_django("create", right, FILE)
    with pytest.raises(RuntimeError, match="create, went wrong"):
        check_django("create", {**right, **wrong}, FILE)


def test_rates_are_of_the_rows_that_each_was_given() -> None:
    peer, ours = {"rows": 100, "wallSeconds": 2.0, "megabytes": 50.0}, {"rows": 90, "wallSeconds": 1.0}
    figures = list(figures_of("create", 100, {"peer": {"create": peer}, "ours": {"create": ours}}))
    assert [(each.name, each.value, each.ratio) for each in figures] == [
        ("peer", 50, None),
        ("ours", 90, 1.8),
        ("peer", 50.0, None),
    ]


def test_an_export_has_a_row_for_each_contact() -> None:
    files = {"create": FILE, "update": FILE}
    assert (rows_of("update", files), rows_of("export", files)) == (200, FILE.people)
