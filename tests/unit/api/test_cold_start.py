"""API functions start quickly: they import nothing that only workers need."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.unit.api.api_client import ROOT, ROUTES

HEAVY = ["pandas", "openpyxl", "phonenumbers", "numpy", "aws_xray_sdk", "contacts.tabular"]
#: DESIGN.md, section 6.
MOST_OF_BOTO3 = 2.2
_MOST_RUNS = 15

LIST_MODULES = "import sys, json, handler; print(json.dumps(sorted(sys.modules)))"
CPU_TIME = "import time; start = time.process_time(); import {module}; print(time.process_time() - start)"


def run(code: str, function: str, **more: str) -> str:
    path = os.pathsep.join([str(ROOT / "functions" / function), str(ROOT / "layers/contacts/python")])
    environment = {**os.environ, "PYTHONPATH": path, **more}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    return done.stdout


@pytest.mark.parametrize("function", [*sorted(set(ROUTES.values())), "docs"])
def test_function_imports_nothing_heavy(function: str) -> None:
    modules = set(json.loads(run(LIST_MODULES, function)))
    assert "aws_lambda_powertools" in modules
    assert not [name for name in HEAVY if name in modules]


def test_import_takes_little_longer_than_boto3_alone(tmp_path: Path) -> None:
    # CPU time, the best of several in turn, bytecode at hand: what else this machine does must not matter.
    def cpu_time(module: str) -> float:
        bytecode = {"PYTHONPYCACHEPREFIX": str(tmp_path), "PYTHONDONTWRITEBYTECODE": ""}
        return float(run(CPU_TIME.format(module=module), "imports_api", **bytecode))

    cpu_time("handler, boto3")
    boto3 = handler = float("inf")
    for _ in range(_MOST_RUNS):
        boto3, handler = min(boto3, cpu_time("boto3")), min(handler, cpu_time("handler"))
        if handler <= MOST_OF_BOTO3 * boto3:
            return
    raise AssertionError(f"{handler:.3f} s is more than {MOST_OF_BOTO3} times {boto3:.3f} s")
