"""What the layers carry, and who carries them."""

from __future__ import annotations

import re
import tomllib
from importlib.metadata import version
from pathlib import Path
from typing import Any

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

from .sam_template import ROOT, functions, of_type

LAYERS = {"ContactsLayer": "layers/contacts/python", "TabularLayer": "layers/tabular"}


def _pins(folder: Path) -> list[Requirement]:
    lines = (folder / "requirements.txt").read_text().splitlines()
    return [Requirement(line) for line in lines if line and not line.startswith("#")]


PINS = [pin for folder in LAYERS.values() for pin in _pins(ROOT / folder)]


def test_layers_are_built_for_what_the_functions_run_on(template: dict[str, Any]) -> None:
    layers = of_type(template, "AWS::Serverless::LayerVersion")
    assert {name: layer["ContentUri"] for name, layer in layers.items()} == LAYERS
    [(runtime, [architecture])] = {
        (function["Runtime"], tuple(function["Architectures"])) for function in functions(template).values()
    }
    for name, layer in layers.items():
        metadata = template["Resources"][name]["Metadata"]
        assert metadata == {"BuildMethod": runtime, "BuildArchitecture": architecture}, name
        assert layer["CompatibleRuntimes"] == [runtime], name
        assert layer["CompatibleArchitectures"] == [architecture], name


def test_only_the_function_that_reads_files_carries_what_reads_files(template: dict[str, Any]) -> None:
    contacts, tabular = {"Ref": "ContactsLayer"}, {"Ref": "TabularLayer"}
    for name, function in functions(template).items():
        expected = [contacts, tabular] if name == "StageImportFunction" else [contacts]
        assert function["Layers"] == expected, name


def test_each_dependency_of_the_project_is_in_one_layer() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    wanted = {canonicalize_name(Requirement(line).name): Requirement(line) for line in project["dependencies"]}
    names = [canonicalize_name(pin.name) for pin in PINS]
    assert len(set(names)) == len(names)
    assert set(names) - {"botocore"} == set(wanted)
    for pin in PINS:
        if canonicalize_name(pin.name) in wanted:
            assert wanted[canonicalize_name(pin.name)].specifier.contains(_version(pin)), pin.name


@pytest.mark.parametrize("pin", PINS, ids=str)
def test_what_is_deployed_is_what_is_tested(pin: Requirement) -> None:
    assert version(pin.name) == _version(pin)


def test_functions_bring_no_dependencies_of_their_own() -> None:
    assert not list((ROOT / "functions").glob("*/requirements.txt"))


def _version(pin: Requirement) -> str:
    found = re.fullmatch(r"==(\S+)", str(pin.specifier))
    assert found, f"{pin} is not pinned"
    return found[1]
