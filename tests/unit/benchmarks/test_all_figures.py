from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.benchmarks.all_figures import BENCHMARKS, ROOT, Benchmark, main

CANNED = "tests.unit.benchmarks.canned"
IN_BUDGET = Benchmark(f"{CANNED}.in_budget", ("--rows", "1"), takes_rows=True)
OVER_BUDGET = Benchmark(f"{CANNED}.over_budget", ())
DYING = Benchmark(f"{CANNED}.dying", ())
WITHOUT_JAVA = Benchmark(f"{CANNED}.without_java")


def stored(results: Path, name: str = "latest.json") -> dict[str, Any]:
    found: dict[str, Any] = json.loads((results / name).read_text())
    return found


def test_one_table_of_what_all_of_them_found(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--results", str(tmp_path)], [IN_BUDGET, WITHOUT_JAVA]) == 0
    printed = capsys.readouterr().out
    assert "[1/2] in_budget ..." in printed
    assert "left out: without_java: there is no Java" in printed
    found = stored(tmp_path)
    (figure,) = found["figures"]
    assert figure["benchmark"] == "in_budget"
    assert (figure["value"], figure["baseline"], figure["ratio"], figure["verdict"]) == (10, 5, 2, "pass")
    assert found["leftOut"] == {"without_java": "there is no Java"}
    assert found["died"] == {}
    assert {"cpu", "cores", "memoryGigabytes", "python", "platform"} == found["machine"].keys()
    assert {"in_budget", "without_java"} == found["seconds"].keys()
    assert found["date"].endswith("+00:00")


@pytest.mark.parametrize(
    ("benchmark", "printed"),
    [
        (OVER_BUDGET, "MISSED: over_budget: export, requests a row"),
        (DYING, "DIED: dying ended with 1: RuntimeError: not everybody was created"),
        (Benchmark(f"{CANNED}.nowhere"), "DIED: nowhere ended with 1"),
    ],
)
def test_a_missed_budget_or_a_death_fails_the_whole_and_the_others_still_run(
    benchmark: Benchmark, printed: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["--results", str(tmp_path)], [benchmark, IN_BUDGET]) == 1
    assert printed in capsys.readouterr().out
    assert "in_budget" in {figure["benchmark"] for figure in stored(tmp_path)["figures"]}


def test_figures_of_an_earlier_run_do_not_stand_in_for_one_that_dies(tmp_path: Path) -> None:
    (tmp_path / "dying.json").write_text('[{"subject": "old", "name": "old", "value": 1}]')
    assert main(["--results", str(tmp_path)], [DYING]) == 1
    assert stored(tmp_path)["figures"] == []


def test_quick_runs_are_small_and_bind_nothing(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["--results", str(tmp_path), "--quick"], [IN_BUDGET, OVER_BUDGET, WITHOUT_JAVA]) == 0
    found = stored(tmp_path, "partial.json")
    assert [(figure["value"], figure["verdict"]) for figure in found["figures"]] == [(1, "(miss)"), (3, "(miss)")]
    assert "without_java" in found["leftOut"], "what has no small run is left out"
    assert "MISSED" not in capsys.readouterr().out


def test_a_quick_run_that_dies_is_still_a_failure(tmp_path: Path) -> None:
    assert main(["--results", str(tmp_path), "--quick"], [DYING]) == 1


def test_only_some_of_them_with_other_rows_leave_the_latest_whole_run_alone(tmp_path: Path) -> None:
    (tmp_path / "latest.json").write_text("{}")
    arguments = ["--results", str(tmp_path), "--only", "in_budget", "--rows", "30"]
    assert main(arguments, [OVER_BUDGET, IN_BUDGET]) == 0
    assert [figure["value"] for figure in stored(tmp_path, "partial.json")["figures"]] == [30]
    assert stored(tmp_path) == {}


def test_every_benchmark_is_a_module_of_its_own() -> None:
    for each in BENCHMARKS:
        path = ROOT / (each.module.replace(".", "/") + ".py")
        assert "figures import" in path.read_text(), each.module
    assert len({each.name for each in BENCHMARKS}) == len(BENCHMARKS)
