"""The table of guards says what is there: `make soak-guards` then tells whether the tests notice when one goes."""

from __future__ import annotations

import ast
from collections import Counter
from functools import cache
from pathlib import Path

import pytest

from tests.soak.guards import Verdict, run_tests, run_without
from tests.soak.guards_model import PROJECT, Guard
from tests.soak.guards_table import GUARDS

INVARIANTS = range(1, 11)


@cache
def names_of_tests(file: str) -> set[str]:
    """Tests of a file as pytest names them, without parameters."""
    names = set()
    for node in ast.parse((PROJECT / file).read_text()).body:
        if isinstance(node, ast.ClassDef):
            names |= {f"{node.name}::{each.name}" for each in node.body if isinstance(each, ast.FunctionDef)}
        elif isinstance(node, ast.FunctionDef):
            names.add(node.name)
    return {name for name in names if name.rpartition("::")[2].startswith("test_")}


def test_every_invariant_has_its_guards() -> None:
    guards = Counter(guard.invariant for guard in GUARDS)
    assert sorted(guards) == list(INVARIANTS)
    assert min(guards.values()) >= 3


@pytest.mark.parametrize("guard", GUARDS, ids=lambda guard: f"{guard.invariant}-{guard.what}")
class TestGuard:
    def test_it_stands_where_the_table_says(self, guard: Guard) -> None:
        text = (PROJECT / guard.path).read_text()
        without = guard.removed_from(text)
        assert without != text
        if guard.path.suffix == ".py":
            compile(without, guard.file, "exec")

    def test_its_tests_exist(self, guard: Guard) -> None:
        assert guard.tests
        for test in guard.test_ids:
            file, _, name = test.partition("::")
            assert name.partition("[")[0] in names_of_tests(file), test


MODULE = "def add(one, other):\n    assert one  # a guard\n    return one + other  # a rule\n"
TESTS = "from module import add\n\ndef test_add():\n    assert add(1, 1) == 2\n"


class TestTheCheck:
    """On a project of one function, whose test sees one of its two rules."""

    @pytest.fixture
    def project(self, tmp_path: Path) -> Path:
        (tmp_path / "module.py").write_text(MODULE)
        (tmp_path / "tests").mkdir()
        (tmp_path / "tests" / "test_module.py").write_text(TESTS)
        (tmp_path / "pyproject.toml").write_text('[tool.pytest.ini_options]\npythonpath = ["."]\n')
        return tmp_path

    @pytest.mark.parametrize(
        ("source", "replacement", "verdict"),
        [
            ("one + other", "one - other", Verdict.FAILED),
            ("    assert one  # a guard\n", "", Verdict.PASSED),
        ],
    )
    def test_tells_whether_the_tests_notice(
        self, project: Path, source: str, replacement: str, verdict: Verdict
    ) -> None:
        guard = Guard(1, "what", "module.py", source, replacement, ("test_module.py::test_add",))
        assert run_without(project, guard).verdict is verdict
        assert (project / "module.py").read_text() == MODULE

    @pytest.mark.parametrize("body", ["import pytest; pytest.skip('not here')", "import nothing_of_the_kind"])
    def test_a_test_that_does_not_run_proves_nothing(self, project: Path, body: str) -> None:
        (project / "tests" / "test_module.py").write_text(f"{body}\n\ndef test_add():\n    pass\n")
        assert run_tests(project, ["tests/test_module.py::test_add"]).verdict is Verdict.PROVES_NOTHING

    def test_a_guard_that_has_moved_is_a_fault_of_the_table(self, project: Path) -> None:
        guard = Guard(1, "what", "module.py", "nowhere", "", ("test_module.py::test_add",))
        with pytest.raises(ValueError, match="0 times"):
            run_without(project, guard)
