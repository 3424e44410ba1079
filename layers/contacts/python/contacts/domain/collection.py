"""Collections: named sets of contacts that certain people may fill."""

from __future__ import annotations

from dataclasses import dataclass

MAX_COLLECTION_NAME_CHARS = 128
MAX_EDITORS = 100
MAX_EDITOR_CHARS = 256


@dataclass(frozen=True, slots=True, kw_only=True)
class Collection:
    """A collection. Its creator and its editors may put contacts into it, and so may the tenant's administrators."""

    id: str
    tenant: str
    name: str
    created_by: str
    created_at: str
    editors: tuple[str, ...] = ()

    def may_edit(self, user: str, *, is_admin: bool) -> bool:
        """Whether this user may change its items."""
        return is_admin or user == self.created_by or user in self.editors

    def may_set_editors(self, user: str, *, is_admin: bool) -> bool:
        """Whether this user may say who its editors are."""
        return is_admin or user == self.created_by
