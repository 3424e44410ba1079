from __future__ import annotations

from pathlib import Path

import pytest

from tests.benchmarks.figures import LeftOut, Verdict
from tests.benchmarks.layer_sizes import build, built_folders, figures_of, unzipped_bytes

MIB = 1_024 * 1_024


@pytest.mark.parametrize(("layer", "verdict"), [(249, Verdict.PASS), (250, Verdict.MISS)])
def test_the_largest_function_with_all_its_layers_counts(layer: int, verdict: Verdict) -> None:
    sizes = {"Small": 1, "Large": MIB, "Layer": layer * MIB}
    layers_of = {"Small": ["Layer"], "Large": ["Layer"]}
    alone, together = figures_of(sizes, layers_of, ["Layer"])
    assert (alone.value, alone.verdict) == (layer, Verdict.NONE)
    assert (together.value, together.verdict) == (layer + 1, verdict)
    assert together.name == "Large + Layer (largest of 2), MiB"


def test_folders_are_those_of_the_built_template(tmp_path: Path) -> None:
    (tmp_path / "A" / "python").mkdir(parents=True)
    (tmp_path / "A" / "python" / "module.py").write_text("x" * 10)
    (tmp_path / "A" / "other").write_text("x")
    (tmp_path / "template.yaml").write_text(
        "Resources:\n"
        "  A: {Type: T, Properties: {CodeUri: A, Role: !GetAtt R.Arn}}\n"
        "  B: {Type: U, Properties: {X: 1}}\n"
    )
    found = built_folders(tmp_path)
    assert {name: unzipped_bytes(folder) for name, folder in found.items()} == {"A": 11}


def test_without_sam_there_are_no_figures(tmp_path: Path) -> None:
    with pytest.raises(LeftOut, match="there is no no-such-sam to run `sam build` with"):
        build("no-such-sam", tmp_path)


def test_without_the_functions_python_there_are_none_either(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    sam = tmp_path / "sam"
    sam.write_text("#!/bin/sh\n")
    sam.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(LeftOut, match=r"there is no python3\.13 on PATH"):
        build("sam", tmp_path)
