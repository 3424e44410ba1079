"""What every `CollectionStore` does: the in-memory one and DynamoDB's, on whatever stands in for AWS here."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from contacts.adapters.dynamodb.collection_store import DynamoCollectionStore
from contacts.adapters.dynamodb.segment_store import DynamoSegmentStore
from contacts.bulk_ports import CollectionStore
from contacts.domain.collection import (
    MAX_COLLECTION_NAME_CHARS,
    MAX_EDITOR_CHARS,
    MAX_EDITORS,
    Collection,
)
from contacts.domain.errors import InvalidRequest
from contacts.domain.segment import Segment
from tests.support.client_wrappers import EndsEarly, FailsFirst, client_error
from tests.support.jobs_table import JobsTable
from tests.support.memory_collection_store import MemoryCollectionStore

AT = "2026-01-01T00:00:00.000Z"
# Pairs that would share keys if tenant and collection were joined without care.
NASTY = [("a", "b#c"), ("a#b", "c"), ("a%23b", "c"), ("a/b", "c"), ("A", "c"), ("á", "c"), ("..", "c"), ("a", "c")]


#: Collections of some 50 KB.
LARGE = 60


@pytest.fixture
def store(memory_or_table: JobsTable | None) -> CollectionStore:
    return store_on(memory_or_table)


@pytest.fixture(scope="module")
def large_collections(memory_or_table: JobsTable | None) -> tuple[CollectionStore, str]:
    """Three megabytes of collections, each with as many editors, of as long names, as it may have."""
    store, tenant = store_on(memory_or_table), f"tenant-{uuid.uuid4()}"
    editors = tuple(f"{number:03}" + "é" * (MAX_EDITOR_CHARS - 3) for number in range(MAX_EDITORS))
    for number in range(LARGE):
        store.create_collection(make_collection(tenant, f"col-{number:02}", editors=editors))
    return store, tenant


def store_on(memory_or_table: JobsTable | None) -> CollectionStore:
    if memory_or_table is None:
        return MemoryCollectionStore()
    return DynamoCollectionStore(client=memory_or_table.client, table=memory_or_table.name)


@pytest.fixture
def tenant() -> str:
    """A tenant of the test's own: the tests share a table."""
    return f"tenant-{uuid.uuid4()}"


def make_collection(tenant: str, id_: str = "col-1", **fields: Any) -> Collection:
    values = {"id": id_, "tenant": tenant, "name": "Fair 2026, Köln", "created_by": "user", "created_at": AT}
    return Collection(**{**values, **fields})


def all_pages(store: CollectionStore, tenant: str, collection_id: str = "col-1") -> list[list[str]]:
    pages, position = [], None
    while True:
        page = store.items(tenant, collection_id, position=position)
        pages.append(list(page.items))
        position = page.next_position
        if position is None:
            return pages


def listed_ids(store: CollectionStore, tenant: str, limit: int) -> list[str]:
    found: list[str] = []
    position: str | None = None
    while True:
        page = store.list_collections(tenant, limit=limit, position=position)
        assert len(page.items) <= limit
        found += [each.id for each in page.items]
        position = page.next_position
        if position is None:
            return found


def ids_in(store: CollectionStore, tenant: str, collection_id: str = "col-1") -> list[str]:
    return sorted(id_ for page in all_pages(store, tenant, collection_id) for id_ in page)


class TestCollections:
    @pytest.mark.parametrize(
        "editors",
        [(), ("a", "b"), tuple(f"{number:03}" + "é" * (MAX_EDITOR_CHARS - 3) for number in range(MAX_EDITORS))],
    )
    def test_a_collection_comes_back_as_it_went_in(
        self, store: CollectionStore, tenant: str, editors: tuple[str, ...]
    ) -> None:
        collection = make_collection(tenant, editors=editors, name="é" * MAX_COLLECTION_NAME_CHARS)
        assert store.create_collection(collection)
        assert store.find_collection(tenant, collection.id) == collection

    def test_an_id_that_is_taken_is_refused_and_its_collection_stays(self, store: CollectionStore, tenant: str) -> None:
        collection = make_collection(tenant)
        assert store.create_collection(collection)
        assert not store.create_collection(collection)
        assert not store.create_collection(replace(collection, name="other", editors=("x",)))
        assert store.find_collection(tenant, collection.id) == collection

    def test_of_many_that_make_it_at_once_one_does(self, store: CollectionStore, tenant: str) -> None:
        with ThreadPoolExecutor(8) as pool:
            made = list(pool.map(lambda _: store.create_collection(make_collection(tenant)), range(8)))
        assert sum(made) == 1

    @pytest.mark.parametrize("collection_id", ["nobody", "", "x" * 5_000, "\ud800"])
    def test_there_is_nothing_under_an_id_that_a_caller_made_up(
        self, store: CollectionStore, tenant: str, collection_id: str
    ) -> None:
        assert store.find_collection(tenant, collection_id) is None
        assert store.set_editors(tenant, collection_id, ["x"]) is None
        assert store.find_collection(tenant, collection_id) is None, "setting editors makes none"
        assert all_pages(store, tenant, collection_id) == [[]]

    def test_editors_are_replaced(self, store: CollectionStore, tenant: str) -> None:
        collection = make_collection(tenant, editors=("a", "b"))
        store.create_collection(collection)
        for editors in (["c", "a"], []):
            changed = replace(collection, editors=tuple(editors))
            assert store.set_editors(tenant, collection.id, editors) == changed
            assert store.find_collection(tenant, collection.id) == changed

    def test_pages_show_each_collection_once_in_the_order_of_the_ids(self, store: CollectionStore, tenant: str) -> None:
        collections = [make_collection(tenant, f"col-{number}") for number in range(5)]
        for collection in reversed(collections):
            store.create_collection(collection)
        store.put_items(tenant, "col-1", "job", 0, ["c1"])
        for limit in (1, 2, 4, 5, 6):
            seen, position = [], None
            while True:
                page = store.list_collections(tenant, limit=limit, position=position)
                seen.append(list(page.items))
                position = page.next_position
                if position is None:
                    break
            assert seen == [collections[start : start + limit] for start in range(0, 5, limit)]
        assert list(store.list_collections(f"{tenant}-b", limit=5).items) == []

    @pytest.mark.parametrize("limit", [7, 60, 200])
    def test_the_largest_collections_are_all_listed_though_an_answer_ends_at_a_megabyte(
        self, large_collections: tuple[CollectionStore, str], limit: int
    ) -> None:
        store, tenant = large_collections
        assert listed_ids(store, tenant, limit) == [f"col-{number:02}" for number in range(LARGE)]


class TestItems:
    def test_items_are_those_of_all_slices_of_all_jobs(self, store: CollectionStore, tenant: str) -> None:
        store.put_items(tenant, "col-1", "job-1", 0, ["c1", "c2"])
        store.put_items(tenant, "col-1", "job-1", 1, ["c3"])
        store.put_items(tenant, "col-1", "job-2", 0, ["c4"])
        store.put_items(tenant, "col-2", "job-1", 0, ["c5"])
        assert ids_in(store, tenant) == ["c1", "c2", "c3", "c4"]
        assert ids_in(store, tenant, "col-2") == ["c5"]

    def test_the_same_slice_again_changes_nothing(self, store: CollectionStore, tenant: str) -> None:
        for _ in range(2):
            store.put_items(tenant, "col-1", "job-1", 0, ["c1", "c2"])
        assert ids_in(store, tenant) == ["c1", "c2"]

    @pytest.mark.parametrize("number", [0, 999, 1_000, 1_001, 2_500])
    def test_a_page_holds_up_to_a_thousand(self, store: CollectionStore, tenant: str, number: int) -> None:
        ids = [f"c{index:05d}" for index in range(number)]
        store.put_items(tenant, "col-1", "job-1", 0, ids)
        pages = all_pages(store, tenant)
        assert [id_ for page in pages for id_ in page] == ids
        assert max(len(page) for page in pages) <= 1_000


class TestTenants:
    def test_each_tenant_sees_its_own(self, store: CollectionStore, tenant: str) -> None:
        for number, (name, collection_id) in enumerate(NASTY):
            owner = f"{tenant}/{name}"
            assert store.create_collection(make_collection(owner, collection_id, name=str(number)))
            store.put_items(owner, collection_id, "job", 0, [str(number)])
            assert store.set_editors(owner, collection_id, [str(number)]) is not None
        for number, (name, collection_id) in enumerate(NASTY):
            owner = f"{tenant}/{name}"
            found = store.find_collection(owner, collection_id)
            assert found is not None
            assert (found.tenant, found.name, found.editors) == (owner, str(number), (str(number),))
            own = [str(other) for other, (tenant_, _) in enumerate(NASTY) if tenant_ == name]
            assert sorted(each.name for each in store.list_collections(owner, limit=50).items) == own
            assert ids_in(store, owner, collection_id) == [str(number)]

    def test_a_position_of_one_tenant_shows_another_only_its_own(self, store: CollectionStore, tenant: str) -> None:
        a, b = f"{tenant}-a", f"{tenant}-b"
        for number in range(4):
            store.create_collection(make_collection(a, f"col-{number}"))
            store.create_collection(make_collection(b, f"col-{number}b"))
            store.put_items(a, "col", f"job-{number}", 0, [f"a{number}"])
            store.put_items(b, "col", f"job-{number}b", 0, [f"b{number}"])
        listed = store.list_collections(b, limit=9, position=store.list_collections(a, limit=2).next_position)
        assert [each.id for each in listed.items] == ["col-1b", "col-2b", "col-3b"]
        assert list(store.items(b, "col", position=store.items(a, "col").next_position).items) == ["b0"]


class TestDynamoDB:
    """What only the table has: neighbours, and a network."""

    def test_segments_of_the_same_id_are_other_things(self, table: JobsTable, tenant: str) -> None:
        collections = DynamoCollectionStore(client=table.client, table=table.name)
        segments = DynamoSegmentStore(client=table.client, table=table.name)
        collections.create_collection(make_collection(tenant, "same"))
        segments.ensure(Segment(id="same", tenant=tenant, name="s", created_at=AT))
        collections.put_items(tenant, "same", "job", 0, ["c1"])
        segments.put_members(tenant, "same", "job", 0, ["c2"])
        assert [each.id for each in collections.list_collections(tenant, limit=5).items] == ["same"]
        assert [each.id for each in segments.list_segments(tenant, limit=5).items] == ["same"]
        assert ids_in(collections, tenant, "same") == ["c1"]
        assert list(segments.members(tenant, "same").items) == ["c2"]

    @pytest.mark.parametrize(
        ("method", "call"),
        [
            ("put_item", lambda store, tenant: store.create_collection(make_collection(tenant))),
            ("put_item", lambda store, tenant: store.put_items(tenant, "col-1", "job-1", 0, ["c1"])),
            ("update_item", lambda store, tenant: store.set_editors(tenant, "col-1", [])),
            ("get_item", lambda store, tenant: store.find_collection(tenant, "col-1")),
        ],
        ids=["create", "put items", "set editors", "find"],
    )
    def test_trouble_is_never_taken_for_an_answer(
        self, table: JobsTable, tenant: str, method: str, call: Callable[[CollectionStore, str], object]
    ) -> None:
        denied = client_error("AccessDeniedException")
        store = DynamoCollectionStore(client=FailsFirst(table.client, method, denied), table=table.name)
        with pytest.raises(ClientError, match="AccessDenied"):
            call(store, tenant)

    def test_a_page_that_the_table_ended_early_has_a_next_one(self, table: JobsTable, tenant: str) -> None:
        client = EndsEarly(table.client)
        collections = DynamoCollectionStore(client=client, table=table.name)
        segments = DynamoSegmentStore(client=client, table=table.name)
        ids = [f"id-{number}" for number in range(5)]
        for each in ids:
            collections.create_collection(make_collection(tenant, each))
            segments.ensure(Segment(id=each, tenant=tenant, name="s", created_at=AT))
        assert listed_ids(collections, tenant, 4) == ids
        found, position = [], None
        while len(found) < 9:
            page = segments.list_segments(tenant, limit=4, position=position)
            found += [each.id for each in page.items]
            position = page.next_position
            if position is None:
                break
        assert found == ids

    @pytest.mark.parametrize("position", ["", "x" * 2_000, "\ud800"])
    def test_a_position_that_no_list_gave_is_refused(self, table: JobsTable, tenant: str, position: str) -> None:
        store = DynamoCollectionStore(client=table.client, table=table.name)
        with pytest.raises(InvalidRequest, match="position"):
            store.list_collections(tenant, limit=1, position=position)
        with pytest.raises(InvalidRequest, match="position"):
            store.items(tenant, "col-1", position=position)
