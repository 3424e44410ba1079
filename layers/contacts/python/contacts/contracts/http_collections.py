"""HTTP bodies of collections."""

from __future__ import annotations

from typing import Annotated

from pydantic import ConfigDict, Field, StringConstraints

from contacts.contracts.http_base import HttpModel, RequestModel
from contacts.contracts.http_fields import Timestamp
from contacts.domain.collection import MAX_COLLECTION_NAME_CHARS, MAX_EDITOR_CHARS, MAX_EDITORS, Collection

Editor = Annotated[str, StringConstraints(min_length=1, max_length=MAX_EDITOR_CHARS)]
Editors = Annotated[
    list[Editor],
    Field(max_length=MAX_EDITORS, description="Users, as their tokens name them in `sub`, who may change its items."),
]


class CreateCollectionBody(RequestModel):
    """A collection to make. Its creator may change its items without being among the editors."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"name": "Fair 2026", "editors": ["user-2"]}]})

    name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=MAX_COLLECTION_NAME_CHARS)]
    editors: Editors = Field(default_factory=list)


class SetEditorsBody(RequestModel):
    """All of a collection's editors, in place of those that it has."""

    model_config = ConfigDict(json_schema_extra={"examples": [{"editors": ["user-2", "user-3"]}]})

    editors: Editors


class CollectionAnswer(HttpModel):
    """A collection."""

    model_config = ConfigDict(
        json_schema_extra={
            "examples": [
                {
                    "id": "5d2f4f0e-6b1e-4a55-8f3b-0d4a8e0f9f11",
                    "name": "Fair 2026",
                    "editors": ["user-2"],
                    "createdBy": "user-1",
                    "createdAt": "2026-01-31T09:30:00.000Z",
                }
            ]
        }
    )

    id: str
    name: str
    editors: list[str]
    created_by: str
    created_at: Timestamp

    @classmethod
    def of(cls, collection: Collection) -> CollectionAnswer:
        return cls(
            id=collection.id,
            name=collection.name,
            editors=list(collection.editors),
            created_by=collection.created_by,
            created_at=collection.created_at,
        )
