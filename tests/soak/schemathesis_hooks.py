"""What Schemathesis cannot know: the ids and files that exist, without which nearly all answers would be refusals. And
what was answered, so that a run shows how much of the API it has reached."""

from __future__ import annotations

import itertools
import json
import os
from pathlib import Path
from typing import Any

import schemathesis
from hypothesis import strategies

from tests.e2e.belongings import kind_of_path

#: Environment variable: a JSON object of the ids of each kind, and `uploads`, the addresses of files.
KNOWN = "CONTACTS_KNOWN"
#: Environment variable: the file that gets a line for each answer, its status and operation.
ANSWERS = "CONTACTS_ANSWERS"

_calls = itertools.count()


@schemathesis.hook
def flatmap_path_parameters(context: Any, path_parameters: dict[str, Any] | None) -> Any:
    """Each second time, the id of something that is there."""
    if not path_parameters:
        return strategies.just(path_parameters)
    known = _known()[kind_of_path(context.operation.path)]
    (name,) = path_parameters
    return strategies.one_of(
        strategies.just(path_parameters), strategies.sampled_from(known).map(lambda id_: {name: id_})
    )


@schemathesis.hook
def before_call(_context: Any, case: Any, _kwargs: dict[str, Any]) -> None:
    """Each second time, of a request that fits its schema, no cursor, a new key, a file that is there."""
    number = next(_calls)
    if number % 2 or not case.meta.generation.mode.is_positive:
        return
    if case.query:
        case.query.pop("cursor", None)
    keys = [name for name in case.headers or () if name.lower() == "idempotency-key"]
    for name in keys:
        case.headers[name] = f"key-{number}"
    if isinstance(case.body, dict):
        if "idempotencyKey" in case.body:
            case.body["idempotencyKey"] = f"key-{number}"
        if "fileUrl" in case.body:
            case.body |= {"fileUrl": _known()["uploads"][0], "fieldMapping": {"E-mail": "email"}}


@schemathesis.hook
def after_call(_context: Any, case: Any, response: Any) -> None:
    with Path(os.environ[ANSWERS]).open("a", encoding="utf-8") as answers:
        answers.write(f"{response.status_code} {case.operation.label}\n")


def _known() -> dict[str, list[str]]:
    known: dict[str, list[str]] = json.loads(os.environ[KNOWN])
    return known
