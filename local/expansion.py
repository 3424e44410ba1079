"""From a packaged SAM template to what the engine can deploy in full."""

import logging
import os
from copy import deepcopy
from typing import Any

from local.http_api import expand_http_apis
from local.losses import refuse_unknown, without_dropped_types

# SAM counts its own use, publishes that nowhere, and says so in the user's terminal when the counter is collected.
logging.getLogger("samtranslator.metrics.metrics").setLevel(logging.ERROR)


class ParameterError(Exception):
    """A parameter of the template has neither a default nor a value here."""


class _NoManagedPolicies:
    """SAM asks for a map from names to ARNs of managed policies; our templates write none by name."""

    @staticmethod
    def load() -> dict[str, str]:
        return {}


def expand(template: dict[str, Any], parameters: dict[str, str], region: str) -> dict[str, Any]:
    """The CloudFormation template of a packaged SAM template, with every HTTP API spelt out.

    Raises:
        ParameterError: a parameter without default is missing from ``parameters``.
        UnsupportedApiError: an HTTP API uses something that would be lost.
        UnknownToEngineError: some property would be, or may be, lost.
    """
    from samtranslator.translator.transform import transform  # noqa: PLC0415 - takes longer than all that `status` does

    values = _values(template, parameters)
    os.environ["AWS_DEFAULT_REGION"] = region  # SAM looks up partition and region through it
    expanded = transform(deepcopy(template), values, _NoManagedPolicies())
    expanded.pop("Transform", None)
    expanded = without_dropped_types(expand_http_apis(expanded))
    refuse_unknown(expanded)
    return expanded


def _values(template: dict[str, Any], given: dict[str, str]) -> dict[str, str | list[str]]:
    """The parameters' values as CloudFormation hands them to the SAM transform: a list where the type is a list."""
    values: dict[str, str | list[str]] = {}
    for name, parameter in (template.get("Parameters") or {}).items():
        if name not in given and "Default" not in parameter:
            raise ParameterError(f"the template's parameter {name} has no default and no local value")
        value = str(given.get(name, parameter.get("Default")))
        values[name] = value.split(",") if parameter["Type"] == "CommaDelimitedList" else value
    return values
