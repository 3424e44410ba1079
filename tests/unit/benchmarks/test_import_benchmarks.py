"""The import's benchmarks at small sizes, as commands: what they count is right, whatever the machine's speed."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.benchmarks.all_figures import ROOT
from tests.benchmarks.figures import Figure


def figures_of(module: str, json_file: Path, *options: str) -> dict[tuple[str, str], Figure]:
    """What the benchmark finds, by subject and name."""
    command = [sys.executable, "-m", f"tests.benchmarks.{module}", "--json", str(json_file), *options]
    path = os.pathsep.join(str(ROOT / each) for each in ("layers/contacts/python", "cli", "."))
    subprocess.run(command, cwd=ROOT, env={**os.environ, "PYTHONPATH": path}, check=True, stdout=subprocess.DEVNULL)
    found = [Figure.from_json(each) for each in json.loads(json_file.read_text())]
    return {(each.subject, each.name): each for each in found}


def test_what_an_import_costs(tmp_path: Path) -> None:
    found = figures_of("import_cost", tmp_path / "figures.json", "--rows", "400", "--loop-rows", "80")

    def cost(scenario: str, name: str) -> Figure:
        return found[f"import of 400: {scenario}", name]

    in_table = "  in the contacts' table"
    # The loop of the specification writes contact and tags, each of them into the e-mails' index too.
    assert (cost("create", in_table).value, cost("create", in_table).baseline) == (1, 4)
    assert cost("update", in_table).value == 1
    assert (cost("skip", in_table).value, cost("skip", in_table).baseline) == (0, 0)
    # Twin and holder in one transaction, twice the units of each; twins of one holder share its write.
    assert cost("create twins", in_table).value == pytest.approx(4, abs=0.2)
    assert cost("create twins", in_table).baseline is None
    # One query a row, of a contact's e-mail, and five writes.
    assert cost("create", "AWS requests a row").baseline == pytest.approx(6, abs=0.5)
    assert cost("skip", "AWS requests a row").baseline == pytest.approx(1)
    ratio = cost("create", "rows a CPU-second to the loop's")
    assert (ratio.at_least, ratio.of_ratio) == (50, True)
    assert all(not each.binds for (subject, _), each in found.items() if subject.startswith("import"))


def test_how_an_import_grows(tmp_path: Path) -> None:
    found = figures_of("growth", tmp_path / "figures.json", "--rows", "200", "400")
    writes = found["import of 400 rows, staging and all", "write units a row"]
    # 93 contacts of 100 rows; the rest is the job, its parts and the segment.
    assert 0.93 < writes.value < writes.baseline < 1.2
    assert found["exponent, import of 200 to 400 rows", "write units"].value == pytest.approx(0.93, abs=0.06)
    assert found["import of 400 rows, staging and all", "peak memory, MB"].value > 20
