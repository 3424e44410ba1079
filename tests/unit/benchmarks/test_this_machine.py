from __future__ import annotations

from pathlib import Path

from tests.benchmarks.this_machine import commit, cpu_model


def test_the_cpu_is_the_one_that_linux_names(tmp_path: Path) -> None:
    (tmp_path / "cpuinfo").write_text("processor\t: 0\nmodel name\t: A CPU @ 2.00GHz\nmodel\t: 7\n")
    assert cpu_model(tmp_path / "cpuinfo") == "A CPU @ 2.00GHz"


def test_a_cpu_that_is_not_named_is_known_by_its_kind(tmp_path: Path) -> None:
    (tmp_path / "cpuinfo").write_text("processor\t: 0\n")
    assert cpu_model(tmp_path / "cpuinfo")
    assert cpu_model(tmp_path / "absent")


def test_there_is_no_commit_outside_of_git(tmp_path: Path) -> None:
    assert commit(tmp_path) is None
