"""What the API can be asked for, from its own description: a new route meets the tests that go through all."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

from local.openapi import DOCUMENT

#: In place of every id: one that nothing has.
NOTHINGS_ID = "00000000-0000-4000-8000-000000000000"
EVERY_SCOPE = ("contacts:read", "contacts:write", "contacts:export", "contacts:admin")


@dataclass(frozen=True)
class Operation:
    """A method of a path, `PATCH /api/contacts/{contactId}`."""

    method: str
    path: str
    scope: str
    parameters: frozenset[str]
    takes_body: bool

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    def path_of(self, id_: str = NOTHINGS_ID) -> str:
        """The path with this id in it, where it has a place for one."""
        return re.sub(r"{\w+}", id_, self.path)

    @property
    def takes_id(self) -> bool:
        return "{" in self.path


def all_operations() -> list[Operation]:
    """Every operation of the document that the project serves."""
    paths = json.loads(DOCUMENT.read_text("utf-8"))["paths"]
    return [
        Operation(
            method=method.upper(),
            path=path,
            scope=described["security"][0]["jwt"][0],
            parameters=frozenset(each["name"].lower() for each in described.get("parameters", ())),
            takes_body="requestBody" in described,
        )
        for path, methods in paths.items()
        for method, described in methods.items()
    ]
