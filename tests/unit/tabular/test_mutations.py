"""Damaged files: an outcome for every row or one clear error. Few of the mutations that `make soak-input` has many of.

And files cut off at every length, and stagings that are broken on purpose, which the proof has to notice.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import cache
from typing import Any

import pytest

from contacts.domain.errors import FileRejected
from contacts.usecases.stage_import import StageImport
from tests.soak.input_mutants import Mutants
from tests.soak.input_samples import all_samples
from tests.soak.input_staging import Fault, Sample, Upload, Verdict, stage
from tests.soak.input_workers import try_all, try_one
from tests.unit.tabular.uploads import read_all

#: Three turns of all kinds of damage to a workbook, which has the most, and more of those to the other formats.
MUTATIONS = 300
LARGE_BYTES = 20_000


@cache
def samples() -> list[Sample]:
    return all_samples()


def sample(name: str) -> Sample:
    return next(each for each in samples() if each.name == name)


def upload(name: str) -> Upload:
    found = sample(name)
    return Upload(found.name, found.content, found.mapping)


def small_samples() -> list[Sample]:
    return [each for each in samples() if len(each.content) < LARGE_BYTES]


def test_what_is_damaged_was_sound() -> None:
    for each in samples():
        verdict = stage(Upload(each.name, each.content, each.mapping))
        assert (verdict.code, verdict.rows) == (None, each.rows), each.name


def test_each_damaged_file_has_an_outcome_for_every_row_or_one_clear_error() -> None:
    mutants = Mutants(samples(), "a turn of all kinds")
    reports = [try_one(mutants, number) for number in range(MUTATIONS)]
    assert [report.fault for report in reports if report.fault] == []
    for format_ in mutants.formats:
        of_format = [report for report in reports if report.format == format_]
        assert {report.kind for report in of_format} == set(mutants.kinds[format_])
        # Of so many, some are still readable and some are not; else this test would try nothing.
        codes = {report.verdict.code for report in of_format if report.verdict}
        assert None in codes
        assert len(codes) >= 4


@pytest.mark.parametrize("name", [each.name for each in small_samples()])
def test_every_length(name: str) -> None:
    """A file cut anywhere never gives rows that the whole file does not have, but for its last."""
    content, columns = sample(name).content, list(sample(name).mapping)
    whole = read_all(content, name, columns=columns)
    for length in range(1, len(content), 1 + len(content) // 500):
        try:
            rows = read_all(content[:length], name, columns=columns)
        except FileRejected:
            continue
        assert len(rows) <= len(whole)
        if len(rows) > 1:
            assert rows[1:-1] == whole[1 : len(rows) - 1]


class ChangedFiles:
    """A file store that stores something else than it was given."""

    def __init__(self, files: Any, change: Callable[[str, bytes], bytes]) -> None:
        self._files = files
        self._change = change

    def __getattr__(self, name: str) -> Any:
        return getattr(self._files, name)

    def put(self, key: str, body: bytes) -> None:
        self._files.put(key, self._change(key, body))

    def put_stream(self, key: str, chunks: Sequence[bytes]) -> int:
        return int(self._files.put_stream(key, [self._change(key, b"".join(chunks))]))


def in_parts(change: Callable[[bytes], bytes]) -> Callable[[str, bytes], bytes]:
    return lambda key, body: change(body) if "part-" in key else body


def in_errors(change: Callable[[bytes], bytes]) -> Callable[[str, bytes], bytes]:
    return lambda key, body: change(body) if key.endswith(("errors.jsonl", "error-list.jsonl")) else body


def without_the_last_line(body: bytes) -> bytes:
    return b"".join(body.splitlines(keepends=True)[:-1])


@pytest.mark.parametrize(
    ("change", "noticed"),
    [
        (in_parts(without_the_last_line), "not the total"),
        (in_parts(lambda body: body.replace(b"[1,", b"[2,", 1)), "no outcome, or two"),
        (in_errors(without_the_last_line), "other row errors"),
        (in_errors(lambda body: body[:-1]), "cut short"),
        (in_errors(lambda body: body.replace(b'"code":"', b'"code":"?')), "without code or reason"),
        (
            lambda key, body: body[body.find(b"\n") + 1 :] if "error-list" in key else body,
            "not that of the failed rows",
        ),
        (lambda key, body: b"[]" if key.endswith("manifest.json") else body, "manifest"),
    ],
)
def test_a_staging_that_loses_something_is_noticed(change: Callable[[str, bytes], bytes], noticed: str) -> None:
    with pytest.raises(Fault, match=noticed):
        stage(upload("utf8.csv"), storing(change))


def test_a_contacts_rows_in_another_order_are_noticed() -> None:
    twice = Upload("a.csv", b"Mail\na@x.io\nb@x.io\nA@x.io\n", {"Mail": "email"})
    assert stage(twice) == Verdict(rows=3)
    with pytest.raises(Fault, match="file's order"):
        stage(twice, storing(in_parts(lambda body: b"".join(reversed(body.splitlines(keepends=True))))))


def storing(change: Callable[[str, bytes], bytes]) -> Callable[..., StageImport]:
    def broken(**ports: Any) -> StageImport:
        return StageImport(**{**ports, "files": ChangedFiles(ports["files"], change)})

    return broken


def test_more_memory_than_the_budget_is_a_fault_of_each_file_that_takes_it() -> None:
    reports = list(try_all([sample("one-row.csv")], "any", 2, workers=1, max_bytes=1))
    assert [report.number for report in reports] == [0, 1]
    assert all("resident memory rose to" in (report.fault or "") for report in reports)
