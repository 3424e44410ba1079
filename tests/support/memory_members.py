"""Who is in what, in dictionaries: what the in-memory stores of segments and of collections share."""

from __future__ import annotations

import threading
from collections.abc import Sequence

from contacts.domain.paging import Page

IDS_A_PAGE = 1_000

#: What somebody is in: a tenant, and the id of a segment or a collection.
Group = tuple[str, str]


class MemoryMembers:
    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._chunks: dict[Group, dict[str, list[str]]] = {}

    def put(self, group: Group, job: str, part: int, ids: Sequence[str]) -> None:
        with self._lock:
            chunks = self._chunks.setdefault(group, {})
            for number, start in enumerate(range(0, len(ids), IDS_A_PAGE)):
                chunks[f"{job}#{part:05d}#{number:03d}"] = list(ids[start : start + IDS_A_PAGE])

    def remove(self, group: Group, job: str) -> None:
        with self._lock:
            chunks = self._chunks.get(group, {})
            for key in [key for key in chunks if key.startswith(f"{job}#")]:
                del chunks[key]

    def pages(self, group: Group) -> list[list[str]]:
        with self._lock:
            return list(self._chunks.get(group, {}).values())

    def page(self, group: Group, position: str | None) -> Page[str]:
        with self._lock:
            chunks = self._chunks.get(group, {})
            keys = sorted(key for key in chunks if position is None or key > position)
            if not keys:
                return Page([])
            return Page(list(chunks[keys[0]]), keys[0] if len(keys) > 1 else None)
