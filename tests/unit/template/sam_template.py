"""template.yaml as the tests look at it: as it is written, and as SAM translates it for CloudFormation."""

from __future__ import annotations

import re
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml
from samtranslator.translator.transform import transform
from samtranslator.yaml_helper import yaml_parse

ROOT = Path(__file__).resolve().parents[3]
PACKAGE = ROOT / "layers" / "contacts" / "python" / "contacts"
STATE_MACHINES = ROOT / "statemachines"

#: What somebody deploys with, as CloudFormation hands it to SAM, which puts it in: lists as lists.
PARAMETERS: dict[str, Any] = {
    "JwtIssuer": "https://issuer.example.com",
    "JwtAudience": ["web", "mobile"],
    "AllowedOrigins": ["https://one.example.com", "https://two.example.com"],
}

_LOCAL_PATHS = ("CodeUri", "ContentUri", "DefinitionUri")


def written() -> dict[str, Any]:
    """The template with intrinsic functions in their long form: `{"Ref": name}`, `{"Fn::Sub": text}` ..."""
    template: dict[str, Any] = yaml_parse((ROOT / "template.yaml").read_text())
    return template


def translated() -> dict[str, Any]:
    """The CloudFormation template that SAM makes of it: with the roles, rules and the API's body that it adds."""
    template = deepcopy(written())
    for resource in template["Resources"].values():
        properties = resource["Properties"]
        properties.update({key: {"Bucket": "code", "Key": key} for key in _LOCAL_PATHS if key in properties})
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("AWS_DEFAULT_REGION", "eu-central-1")  # names the partition of managed policies
        return transform(template, dict(PARAMETERS), _NoManagedPolicies())


class _NoManagedPolicies:
    """SAM asks AWS for the ARNs of managed policies that a template names; ours names none."""

    def load(self) -> dict[str, str]:
        return {}


def of_type(template: dict[str, Any], type_: str) -> dict[str, dict[str, Any]]:
    """The properties of every resource of that type, by logical id."""
    resources = template["Resources"].items()
    return {name: resource["Properties"] for name, resource in resources if resource["Type"] == type_}


def functions(template: dict[str, Any]) -> dict[str, dict[str, Any]]:
    """Every function with the template's defaults for functions worked in as SAM does, by logical id."""
    defaults = template["Globals"]["Function"]
    return {name: _merge(defaults, own) for name, own in of_type(template, "AWS::Serverless::Function").items()}


def folder(function: dict[str, Any]) -> str:
    """The name of the function's folder in functions/."""
    return str(function["CodeUri"]).removeprefix("functions/").rstrip("/")


def variables(function: dict[str, Any]) -> dict[str, Any]:
    """The function's environment."""
    found: dict[str, Any] = function["Environment"]["Variables"]
    return found


def substitutions(text: str) -> set[str]:
    """The names in `${...}`."""
    return set(re.findall(r"\$\{([^}]+)\}", text))


def definition_text(machine: str) -> str:
    """The definition of `import` or `rollback` as it is written."""
    return (STATE_MACHINES / f"{machine}.asl.yaml").read_text()


def state_machine(machine: str, **values: str) -> dict[str, Any]:
    """A definition, made as CloudFormation makes it: values go into the text, then it is read as YAML.

    Values that are not given become the placeholder's name, and a number where the definition needs one.
    """
    text = definition_text(machine)
    for name in substitutions(text):
        text = text.replace(f"${{{name}}}", values.get(name, "7" if name == "MapConcurrency" else name))
    definition: dict[str, Any] = yaml.safe_load(text)
    return definition


def states(definition: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every state of a definition, those inside of a Map included."""
    for name, state in definition["States"].items():
        yield name, state
        if "ItemProcessor" in state:
            yield from states(state["ItemProcessor"])


def tasks(machine: str) -> list[tuple[str, dict[str, Any]]]:
    """Every state of a machine that calls a function."""
    return [(name, state) for name, state in states(state_machine(machine)) if state["Type"] == "Task"]


def as_list(value: Any) -> list[Any]:
    """IAM takes one or a list of nearly everything."""
    return value if isinstance(value, list) else [value]


def _merge(defaults: Any, own: Any) -> Any:
    if isinstance(defaults, dict) and isinstance(own, dict):
        return {key: _merge(defaults.get(key), own.get(key)) for key in defaults | own}
    if isinstance(defaults, list) and isinstance(own, list):
        return defaults + own
    return defaults if own is None else own
