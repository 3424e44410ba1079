"""What every `SegmentStore` does: the in-memory one and DynamoDB's, on whatever stands in for AWS here."""

from __future__ import annotations

import secrets
import uuid
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from contacts.adapters.backoff import Backoff
from contacts.adapters.dynamodb.contact_retries import StillBusyError
from contacts.adapters.dynamodb.segment_store import DynamoSegmentStore
from contacts.domain.errors import InvalidRequest
from contacts.domain.segment import Segment
from contacts.ports import SegmentStore
from tests.support.client_wrappers import FailsFirst, LosesAnswers, MeetsOthers, client_error
from tests.support.jobs_table import JobsTable
from tests.support.memory_segment_store import MemorySegmentStore

AT = "2026-01-01T00:00:00.000Z"
# Pairs that would share keys if tenant and segment were joined without care.
NASTY = [("a", "b#c"), ("a#b", "c"), ("a%23b", "c"), ("a/b", "c"), ("A", "c"), ("á", "c"), ("..", "c"), ("a", "c")]


@pytest.fixture
def store(memory_or_table: JobsTable | None) -> SegmentStore:
    if memory_or_table is None:
        return MemorySegmentStore()
    return DynamoSegmentStore(client=memory_or_table.client, table=memory_or_table.name)


@pytest.fixture
def tenant() -> str:
    """A tenant of the test's own: the tests share a table."""
    return f"tenant-{uuid.uuid4()}"


def make_segment(tenant: str, id_: str = "seg-1", **fields: Any) -> Segment:
    return Segment(**{"id": id_, "tenant": tenant, "name": "Fair 2026, Köln", "created_at": AT, **fields})


def all_members(store: SegmentStore, tenant: str, segment_id: str) -> list[list[str]]:
    pages, position = [], None
    while True:
        page = store.members(tenant, segment_id, position=position)
        pages.append(list(page.items))
        position = page.next_position
        if position is None:
            return pages


def ids_in(store: SegmentStore, tenant: str, segment_id: str) -> list[str]:
    return [id_ for page in all_members(store, tenant, segment_id) for id_ in page]


class LeavesOver:
    """A client whose first calls of BatchWriteItem do one thing and leave the others over: two for each call of ours,
    or as many as `calls` says."""

    def __init__(self, client: Any, calls: int = 2) -> None:
        self._client = client
        self._calls = calls
        self._left = 0
        self.sizes: list[int] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)

    def batch_write_item(self, RequestItems: dict[str, list[Any]]) -> dict[str, Any]:  # noqa: N803 - the client's own
        ((table, requests),) = RequestItems.items()
        self.sizes.append(len(requests))
        if self._left == 0:
            self._left = self._calls + 1
        self._left -= 1
        if self._left == 0:
            return self._client.batch_write_item(RequestItems=RequestItems)
        self._client.batch_write_item(RequestItems={table: requests[:1]})
        return {"UnprocessedItems": {table: requests[1:]}}


class TestSegments:
    @pytest.mark.parametrize("made_by_job", [None, "job-1"])
    def test_a_segment_comes_back_as_it_went_in(self, store: SegmentStore, tenant: str, made_by_job: str) -> None:
        segment = make_segment(tenant, made_by_job=made_by_job)
        assert store.ensure(segment) == segment
        assert store.find(tenant, segment.id) == segment

    def test_the_first_to_make_a_segment_made_it(self, store: SegmentStore, tenant: str) -> None:
        first = make_segment(tenant, made_by_job="job-1")
        store.ensure(first)
        later = replace(first, made_by_job="job-2", created_at="2026-01-02T00:00:00.000Z")
        assert store.ensure(later) == first
        assert store.find(tenant, first.id) == first

    @pytest.mark.parametrize("segment_id", ["nobody", "", "x" * 5_000, "\ud800"])
    def test_there_is_nothing_under_an_id_that_a_caller_made_up(
        self, store: SegmentStore, tenant: str, segment_id: str
    ) -> None:
        assert store.find(tenant, segment_id) is None
        page = store.members(tenant, segment_id)
        assert list(page.items) == []
        assert page.next_position is None

    def test_pages_show_each_segment_once(self, store: SegmentStore, tenant: str) -> None:
        segments = [make_segment(tenant, f"seg-{number}") for number in range(5)]
        for segment in reversed(segments):
            store.ensure(segment)
        for limit in (1, 2, 4, 5, 6):
            seen, position = [], None
            while True:
                page = store.list_segments(tenant, limit=limit, position=position)
                seen.append(list(page.items))
                position = page.next_position
                if position is None:
                    break
            assert seen == [segments[start : start + limit] for start in range(0, 5, limit)]

    def test_a_tenant_without_segments_has_an_empty_list(self, store: SegmentStore, tenant: str) -> None:
        page = store.list_segments(tenant, limit=5)
        assert list(page.items) == []
        assert page.next_position is None


class TestMembers:
    def test_members_are_those_of_all_parts_of_all_jobs(self, store: SegmentStore, tenant: str) -> None:
        store.put_members(tenant, "seg-1", "job-1", 0, ["c1", "c2"])
        store.put_members(tenant, "seg-1", "job-1", 1, ["c3"])
        store.put_members(tenant, "seg-1", "job-2", 0, ["c2", "c4"])
        store.put_members(tenant, "seg-2", "job-1", 0, ["c5"])
        found = [id_ for page in all_members(store, tenant, "seg-1") for id_ in page]
        assert sorted(found) == ["c1", "c2", "c2", "c3", "c4"]

    def test_the_same_part_again_changes_nothing(self, store: SegmentStore, tenant: str) -> None:
        for _ in range(2):
            store.put_members(tenant, "seg-1", "job-1", 0, ["c1", "c2"])
        assert [id_ for page in all_members(store, tenant, "seg-1") for id_ in page] == ["c1", "c2"]

    def test_nobody_is_nobody(self, store: SegmentStore, tenant: str) -> None:
        store.put_members(tenant, "seg-1", "job-1", 0, [])
        assert all_members(store, tenant, "seg-1") == [[]]

    @pytest.mark.parametrize("number", [999, 1_000, 1_001, 2_500])
    def test_a_page_holds_up_to_a_thousand(self, store: SegmentStore, tenant: str, number: int) -> None:
        ids = [f"c{index:05d}" for index in range(number)]
        store.put_members(tenant, "seg-1", "job-1", 0, ids)
        pages = all_members(store, tenant, "seg-1")
        assert [id_ for page in pages for id_ in page] == ids
        assert max(len(page) for page in pages) <= 1_000


class TestTakingBack:
    def test_a_job_takes_out_what_it_put_in_and_nothing_else(self, store: SegmentStore, tenant: str) -> None:
        for part in range(3):
            store.put_members(tenant, "seg-1", "job-1", part, [f"c{part}"])
        store.put_members(tenant, "seg-1", "job-10", 0, ["c0", "other"])
        store.put_members(tenant, "seg-2", "job-1", 0, ["c0"])
        store.put_members(f"{tenant}-b", "seg-1", "job-1", 0, ["c0"])
        for _ in range(2):
            store.remove_members(tenant, "seg-1", "job-1")
            assert ids_in(store, tenant, "seg-1") == ["c0", "other"]
        assert ids_in(store, tenant, "seg-2") == ["c0"]
        assert ids_in(store, f"{tenant}-b", "seg-1") == ["c0"]

    def test_all_chunks_of_many_parts_go(self, store: SegmentStore, tenant: str) -> None:
        for part in range(27):
            store.put_members(tenant, "seg-1", "job-1", part, [f"c{part}-{index}" for index in range(1_001)])
        store.remove_members(tenant, "seg-1", "job-1")
        assert all_members(store, tenant, "seg-1") == [[]]

    def test_taking_out_of_a_segment_that_never_was(self, store: SegmentStore, tenant: str) -> None:
        store.remove_members(tenant, "nobody", "job-1")
        assert not store.remove_if_empty(tenant, "nobody", "job-1")

    def test_an_empty_segment_goes_with_the_job_that_made_it(self, store: SegmentStore, tenant: str) -> None:
        segment = make_segment(tenant, made_by_job="job-1")
        for kept in (make_segment(tenant, "seg-2", made_by_job="job-1"), make_segment(f"{tenant}-b")):
            store.ensure(kept)
        store.ensure(segment)
        assert store.remove_if_empty(tenant, segment.id, "job-1")
        assert not store.remove_if_empty(tenant, segment.id, "job-1")
        assert store.find(tenant, segment.id) is None
        assert [each.id for each in store.list_segments(tenant, limit=5).items] == ["seg-2"]
        assert store.find(f"{tenant}-b", segment.id) is not None

    def test_a_segment_in_which_somebody_is_stays(self, store: SegmentStore, tenant: str) -> None:
        segment = make_segment(tenant, made_by_job="job-1")
        store.ensure(segment)
        store.put_members(tenant, segment.id, "job-2", 0, ["c1"])
        assert not store.remove_if_empty(tenant, segment.id, "job-1")
        assert store.find(tenant, segment.id) == segment

    @pytest.mark.parametrize(("there", "goes"), [("", True), ("c0", False), ("c1000", False), ("d0", False)])
    def test_a_segment_whose_listed_members_are_all_gone_goes(
        self, store: SegmentStore, tenant: str, there: str, *, goes: bool
    ) -> None:
        segment = make_segment(tenant, made_by_job="job-1")
        store.ensure(segment)
        store.put_members(tenant, segment.id, "job-2", 0, [f"c{number}" for number in range(1_001)])
        store.put_members(tenant, segment.id, "job-3", 0, ["d0"])
        assert store.remove_if_empty(tenant, segment.id, "job-1", has_member=lambda ids: there in ids) is goes
        assert (store.find(tenant, segment.id) is None) is goes

    @pytest.mark.parametrize("made_by_job", [None, "job-10"])
    def test_a_segment_that_somebody_else_made_stays(
        self, store: SegmentStore, tenant: str, made_by_job: str | None
    ) -> None:
        segment = make_segment(tenant, made_by_job=made_by_job)
        store.ensure(segment)
        store.ensure(replace(segment, made_by_job="job-1"))
        assert not store.remove_if_empty(tenant, segment.id, "job-1")
        assert store.find(tenant, segment.id) == segment

    def test_a_segment_that_went_comes_back_as_the_next_to_ensure_it_makes_it(
        self, store: SegmentStore, tenant: str
    ) -> None:
        first = make_segment(tenant, made_by_job="job-1")
        store.ensure(first)
        assert store.remove_if_empty(tenant, first.id, "job-1")
        again = replace(first, made_by_job="job-2", created_at="2026-01-02T00:00:00.000Z")
        assert store.ensure(again) == again
        assert not store.remove_if_empty(tenant, first.id, "job-1")


class TestTenants:
    def test_each_tenant_sees_its_own(self, store: SegmentStore, tenant: str) -> None:
        for number, (name, segment_id) in enumerate(NASTY):
            owner = f"{tenant}/{name}"
            store.ensure(make_segment(owner, segment_id, name=str(number)))
            store.put_members(owner, segment_id, "job", 0, [str(number)])
        for number, (name, segment_id) in enumerate(NASTY):
            owner = f"{tenant}/{name}"
            found = store.find(owner, segment_id)
            assert found is not None
            assert found.name == str(number)
            own = [str(other) for other, (tenant_, _) in enumerate(NASTY) if tenant_ == name]
            assert sorted(segment.name for segment in store.list_segments(owner, limit=50).items) == own
            assert [id_ for page in all_members(store, owner, segment_id) for id_ in page] == [str(number)]

    def test_a_position_of_one_tenant_shows_another_only_its_own(self, store: SegmentStore, tenant: str) -> None:
        a, b = f"{tenant}-a", f"{tenant}-b"
        for number in range(4):
            store.ensure(make_segment(a, f"seg-{number}"))
            store.ensure(make_segment(b, f"seg-{number}b"))
            store.put_members(a, "seg", f"job-{number}", 0, [f"a{number}"])
            store.put_members(b, "seg", f"job-{number}b", 0, [f"b{number}"])
        listed = store.list_segments(b, limit=9, position=store.list_segments(a, limit=2).next_position)
        assert [segment.id for segment in listed.items] == ["seg-1b", "seg-2b", "seg-3b"]
        members = store.members(b, "seg", position=store.members(a, "seg").next_position)
        assert list(members.items) == ["b0"]


class TestTheNetworkOfDynamoDB:
    """What can go wrong between the store and the table; the in-memory one has nothing of the kind."""

    def test_a_segment_whose_answer_was_lost_is_there_on_the_next_try(self, table: JobsTable, tenant: str) -> None:
        store = DynamoSegmentStore(client=LosesAnswers(table.client, "update_item"), table=table.name)
        segment = make_segment(tenant)
        with pytest.raises(Exception, match="timeout"):
            store.ensure(segment)
        assert store.ensure(segment) == segment

    @pytest.mark.parametrize(
        ("method", "call"),
        [
            ("update_item", lambda store, tenant: store.ensure(make_segment(tenant))),
            ("put_item", lambda store, tenant: store.put_members(tenant, "seg-1", "job-1", 0, ["c1"])),
            ("batch_write_item", lambda store, tenant: store.remove_members(tenant, "seg-1", "job-1")),
            ("delete_item", lambda store, tenant: store.remove_if_empty(tenant, "seg-2", "job-1")),
        ],
        ids=["ensure", "put members", "remove members", "remove"],
    )
    def test_trouble_is_never_taken_for_an_answer(
        self, table: JobsTable, tenant: str, method: str, call: Callable[[SegmentStore, str], object]
    ) -> None:
        usual = DynamoSegmentStore(client=table.client, table=table.name)
        usual.ensure(make_segment(tenant, "seg-2", made_by_job="job-1"))
        usual.put_members(tenant, "seg-1", "job-1", 0, ["c1"])
        denied = client_error("AccessDeniedException")
        store = DynamoSegmentStore(client=FailsFirst(table.client, method, denied), table=table.name)
        with pytest.raises(ClientError, match="AccessDenied"):
            call(store, tenant)

    def test_members_that_dynamodb_leaves_over_are_removed_by_further_calls(
        self, table: JobsTable, tenant: str
    ) -> None:
        for part in range(30):  # more than one call takes
            DynamoSegmentStore(client=table.client, table=table.name).put_members(tenant, "s", "job", part, ["c"])
        client, pauses = LeavesOver(table.client), list[float]()
        store = DynamoSegmentStore(client=client, table=table.name, backoff=Backoff(sleep=pauses.append))
        store.remove_members(tenant, "s", "job")
        assert all_members(store, tenant, "s") == [[]]
        assert client.sizes == [25, 24, 23, 5, 4, 3]
        assert len(pauses) == 4

    def test_members_that_never_go_are_an_error(self, table: JobsTable, tenant: str) -> None:
        client, time = LeavesOver(table.client, calls=1_000), iter(range(1_000))
        backoff = Backoff(deadline_seconds=20, sleep=lambda _: None, monotonic=lambda: next(time))
        store = DynamoSegmentStore(client=client, table=table.name, backoff=backoff)
        for part in range(25):
            store.put_members(tenant, "s", "job", part, ["c"])
        with pytest.raises(StillBusyError):
            store.remove_members(tenant, "s", "job")

    def test_a_segment_that_went_and_came_back_meanwhile_stays(self, table: JobsTable, tenant: str) -> None:
        usual = DynamoSegmentStore(client=table.client, table=table.name)
        segment = make_segment(tenant, made_by_job="job-1")
        usual.ensure(segment)

        def go_and_come_back() -> None:
            assert usual.remove_if_empty(tenant, segment.id, "job-1")
            usual.ensure(segment)

        client = MeetsOthers(table.client, "delete_item", go_and_come_back)
        assert not DynamoSegmentStore(client=client, table=table.name).remove_if_empty(tenant, segment.id, "job-1")
        assert usual.find(tenant, segment.id) == segment

    @pytest.mark.parametrize("method", ["query", "delete_item"])
    def test_a_segment_that_somebody_ensures_while_it_is_looked_at_stays(
        self, table: JobsTable, tenant: str, method: str
    ) -> None:
        usual = DynamoSegmentStore(client=table.client, table=table.name)
        segment = make_segment(tenant, made_by_job="job-1")
        usual.ensure(segment)
        client = MeetsOthers(table.client, method, lambda: usual.ensure(replace(segment, made_by_job="job-2")))
        store = DynamoSegmentStore(client=client, table=table.name)
        assert not store.remove_if_empty(tenant, segment.id, "job-1")
        assert usual.find(tenant, segment.id) == segment
        assert store.remove_if_empty(tenant, segment.id, "job-1"), "nobody is in the way the next time"

    @pytest.mark.parametrize("position", ["", "x" * 2_000, "\ud800"])
    def test_a_position_that_no_list_gave_is_refused(self, table: JobsTable, tenant: str, position: str) -> None:
        store = DynamoSegmentStore(client=table.client, table=table.name)
        with pytest.raises(InvalidRequest, match="position"):
            store.list_segments(tenant, limit=1, position=position)
        with pytest.raises(InvalidRequest, match="position"):
            store.members(tenant, "seg-1", position=position)

    def test_a_thousand_ids_take_less_room_than_their_text(self, table: JobsTable, tenant: str) -> None:
        client = FailsFirst(table.client, "put_item")
        ids = [f"{secrets.token_hex(16)}" for _ in range(1_000)]  # the worst there is: nothing repeats
        DynamoSegmentStore(client=client, table=table.name).put_members(tenant, "seg-1", "job", 0, ids)
        (request,) = client.requests
        assert len(request["Item"]["contactIds"]["B"]) < 0.65 * len("\n".join(ids))
