"""Names that come from a seed, and what can't be a name of ours."""

from __future__ import annotations

from typing import Any
from unittest import mock
from uuid import UUID

import pytest

from contacts.domain.errors import NotFound
from contacts.domain.seeded_ids import may_be_an_id, seeded_uuid
from contacts.ports import ContactStore, JobStore, SegmentStore
from contacts.usecases.get_contact import GetContact
from contacts.usecases.get_import import GetImport
from contacts.usecases.get_segment import GetSegment

HOPELESS = ["", "x" * 129, "a b", "a/b", "a#b", "ä", "a\n", "\x00"]


def test_a_seed_names_one_thing_of_each_kind() -> None:
    names = {seeded_uuid(kind, seed) for kind in ("import", "upload") for seed in ("s1", "s2") for _ in range(2)}
    assert len(names) == 4
    assert all(UUID(name).version == 4 for name in names)


@pytest.mark.parametrize("text", ["x", "x" * 128, seeded_uuid("import", "s"), "seg-0123abc", "A_z-9"])
def test_ids_of_ours(text: str) -> None:
    assert may_be_an_id(text)


@pytest.mark.parametrize("text", HOPELESS)
def test_stores_are_not_asked_for_what_names_nothing(text: str) -> None:
    def untouched(port: type) -> Any:
        store = mock.create_autospec(port, instance=True)
        stores.append(store)
        return store

    stores: list[Any] = []
    shows = [
        GetContact(contacts=untouched(ContactStore)),
        GetSegment(segments=untouched(SegmentStore)),
        GetImport(jobs=untouched(JobStore), files=mock.Mock()),
    ]
    for show in shows:
        with pytest.raises(NotFound):
            show("a", text)
    assert [store.mock_calls for store in stores] == [[], [], []]
