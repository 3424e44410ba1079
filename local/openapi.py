"""Writes functions/docs/openapi.json from the routes of the API functions: `python -m local.openapi`.

Powertools describes routes, parameters and bodies. What it can't know is added here: our one shape of errors in place
of its own, the token and the scope that each operation needs, names as the paths in template.yaml have them.
"""

from __future__ import annotations

import importlib.util
import json
import os
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pydantic.alias_generators import to_camel
from pydantic.json_schema import models_json_schema

from contacts.contracts.http_base import ErrorAnswer, GatewayErrorAnswer
from contacts.runtime.http_docs import SERVER_ERROR

if TYPE_CHECKING:
    from contacts.runtime.http_api import HttpApi

ROOT = Path(__file__).resolve().parent.parent
DOCUMENT = ROOT / "functions" / "docs" / "openapi.json"
FUNCTIONS = (
    "imports_api",
    "rollback_api",
    "bulk_create_api",
    "bulk_delete_api",
    "collections_api",
    "exports_api",
    "contacts_api",
    "jobs_api",
)

TITLE = "bulk-contacts"
DESCRIPTION = (
    "Brings contacts in, in bulk, and takes them back out. Every route takes a JWT that names the tenant, the user and "
    "the scopes. Lists answer `{items, nextCursor}`; errors answer `{error: {code, message, ...}}` with a stable code, "
    "but for 401, 429 and the rare 413 and 503 of API Gateway itself, which answer `{message}`."
)
#: By what a path begins with, the first that fits.
_TAGS = {
    "/api/contacts/import": "Imports",
    "/api/contacts/bulk-create": "Bulk create",
    "/api/contacts/bulk-delete": "Clean-up",
    "/api/contacts/export": "Exports",
    "/api/collections": "Collections",
    "/api/segments": "Segments",
    "/api/jobs": "Jobs",
    "/api/contacts": "Contacts",
}
#: Powertools' own shapes, which no route of ours answers.
_FOREIGN_SCHEMAS = ("HTTPValidationError", "ValidationError", "ResponseValidationError")


def generate() -> dict[str, Any]:
    """The OpenAPI 3.1 document of the whole API."""
    paths: dict[str, Any] = {}
    schemas: dict[str, Any] = {}
    for name in FUNCTIONS:
        api = _api(name)
        described = json.loads(api.app.get_openapi_json_schema(title=TITLE, version=_version()))
        for path, operations in described["paths"].items():
            as_sent = _in_camel_case(path)
            paths[as_sent] = {
                method: _operation(
                    path, op, scope=api.scope_of(f"{method.upper()} {as_sent}"), needs_body=not api.empty_body
                )
                for method, op in operations.items()
            }
        schemas |= described["components"]["schemas"]
    for name in _FOREIGN_SCHEMAS:
        schemas.pop(name, None)
    schemas |= _error_schemas()
    return {
        "openapi": "3.1.0",
        "info": {
            "title": TITLE,
            "version": _version(),
            "description": DESCRIPTION,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        # Relative to this document's own address, so that it holds for every stage and for the local stack.
        "servers": [{"url": "."}],
        "security": [{"jwt": []}],
        "paths": dict(sorted(paths.items())),
        "components": {
            "schemas": dict(sorted(schemas.items())),
            "securitySchemes": {"jwt": {"type": "http", "scheme": "bearer", "bearerFormat": "JWT"}},
        },
    }


def render() -> str:
    """The document as it stands in the file."""
    return json.dumps(generate(), indent=1, ensure_ascii=False, sort_keys=False) + "\n"


def main() -> None:
    DOCUMENT.write_text(render(), encoding="utf-8")
    sys.stdout.write(f"{DOCUMENT.relative_to(ROOT)} written\n")


def _api(function: str) -> HttpApi:
    # The handlers make their clients on the first request, so that describing them needs no AWS.
    os.environ.setdefault("POWERTOOLS_SERVICE_NAME", function)
    spec = importlib.util.spec_from_file_location(f"{function}_handler", ROOT / "functions" / function / "handler.py")
    if spec is None or spec.loader is None:
        raise FileNotFoundError(function)
    module = importlib.util.module_from_spec(spec)
    # Powertools looks a route's annotations up in its module.
    sys.modules[spec.name] = module
    spec.loader.exec_module(module)
    api: HttpApi = module.api
    return api


def _operation(path: str, operation: dict[str, Any], *, scope: str, needs_body: bool) -> dict[str, Any]:
    responses = {
        status: answer for status, answer in operation["responses"].items() if "HTTPValidationError" not in str(answer)
    }
    for parameter in operation.get("parameters", ()):
        if parameter["in"] == "path":
            parameter["name"] = to_camel(parameter["name"])
        parameter["schema"].pop("title", None)
    if "requestBody" in operation:
        operation["requestBody"]["required"] = needs_body
    return {
        **operation,
        "operationId": to_camel(re.sub(r"_api_.*", "", operation["operationId"])),
        "description": f"Needs the scope `{scope}`.",
        "tags": [next(tag for start, tag in _TAGS.items() if path.startswith(start))],
        "security": [{"jwt": [scope]}],
        "responses": dict(sorted({**responses, "500": SERVER_ERROR}.items())),
    }


def _in_camel_case(path: str) -> str:
    return re.sub(r"{(\w+)}", lambda match: "{" + to_camel(match[1]) + "}", path)


def _error_schemas() -> dict[str, Any]:
    _, described = models_json_schema(
        [(ErrorAnswer, "serialization"), (GatewayErrorAnswer, "serialization")],
        ref_template="#/components/schemas/{model}",
    )
    schemas: dict[str, Any] = described["$defs"]
    return schemas


def _version() -> str:
    found = re.search(r'^version = "(.+)"$', (ROOT / "pyproject.toml").read_text(encoding="utf-8"), re.MULTILINE)
    if found is None:
        raise ValueError("pyproject.toml names no version")
    return found[1]


if __name__ == "__main__":
    main()
