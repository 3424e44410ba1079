"""Collections, and what happens to a bulk job's when rights change."""

from __future__ import annotations

import pytest

from contacts.domain.bulk_job import BulkCounts, BulkStatus
from contacts.domain.errors import Conflict, Forbidden, NotFound
from contacts.runtime import collection_use_cases
from contacts.runtime.settings import Settings
from contacts.runtime.wiring import Wiring
from contacts.usecases.own_bulk_job import Caller
from tests.support.bulk_world import TENANT, USER, BulkWorld, small_slices
from tests.support.fake_clock import FakeClock
from tests.support.memory_collection_store import MemoryCollectionStore

FOUR = ["a@x.io", "b@x.io", None, "c@x.io"]
ME = Caller(tenant=TENANT, user=USER, is_admin=False)


@pytest.fixture(autouse=True, scope="module")
def _small_slices():
    with small_slices():
        yield


def caller(user, *, is_admin=False, tenant=TENANT):
    return Caller(tenant=tenant, user=user, is_admin=is_admin)


class TestWhoMayStart:
    @pytest.mark.parametrize(
        ("user", "is_admin"), [("owner", False), (USER, False), ("eve", True)], ids=["creator", "editor", "admin"]
    )
    def test_who_may_edit_its_items(self, user, is_admin):
        world = BulkWorld()
        world.add_collection(USER)
        job = world.created(*FOUR, user=user, is_admin=is_admin, collection_id="friends")
        assert (job.status, job.collection_problem) == (BulkStatus.COMPLETED, None)
        assert world.collected() == sorted(contact.id for contact in world.contacts_of(job))

    @pytest.mark.parametrize(
        ("options", "refusal", "code"),
        [
            ({"user": "eve"}, Forbidden, "COLLECTION_FORBIDDEN"),
            ({"collection_id": "none"}, NotFound, "COLLECTION_NOT_FOUND"),
            ({"collection_id": ""}, NotFound, "COLLECTION_NOT_FOUND"),
            ({"collection_id": "../friends"}, NotFound, "COLLECTION_NOT_FOUND"),
            ({"tenant": "other"}, NotFound, "COLLECTION_NOT_FOUND"),
            ({"tenant": "other", "is_admin": True}, NotFound, "COLLECTION_NOT_FOUND"),
        ],
    )
    def test_nothing_is_stored_where_it_is_refused(self, options, refusal, code):
        world = BulkWorld()
        world.add_collection(USER)
        with pytest.raises(refusal) as refused:
            world.create(*FOUR, **{"collection_id": "friends", **options})
        assert (refused.value.code, refused.value.field) == (code, "collectionId")
        assert (world.all_jobs(), world.files.versions, world.queue.messages) == ([], {}, [])


class TestRightsTakenAway:
    def partial(self, *emails, **options):
        """A job whose user lost the right between its start and its end."""
        world = BulkWorld()
        world.add_collection(USER)
        job = world.create(*(emails or FOUR), collection_id="friends", **options)
        world.collections.set_editors(TENANT, "friends", [])
        world.work()
        return world, world.job(job)

    def test_leave_a_problem_and_the_contacts(self):
        world, job = self.partial()
        assert (job.status, job.counts) == (BulkStatus.PARTIAL, BulkCounts(succeeded=4))
        assert (job.collection_problem.code, job.collection_problem.field) == ("COLLECTION_FORBIDDEN", "collectionId")
        assert len(world.contacts_of(job)) == 4
        assert world.collected() == []
        assert world.errors == []

    def test_an_administrators_job_fills_any_collection_to_its_end(self):
        world, job = self.partial(user="root", is_admin=True)
        assert job.status is BulkStatus.COMPLETED
        assert len(world.collected()) == 4

    def test_a_collection_that_is_gone(self):
        world = BulkWorld()
        world.add_collection(USER)
        job = world.create(*FOUR, collection_id="friends")
        world.collections.collections.clear()
        world.work()
        assert world.job(job).status is BulkStatus.PARTIAL
        assert world.job(job).collection_problem.code == "COLLECTION_NOT_FOUND"
        with pytest.raises(NotFound):
            world.retry_collection(ME, job.id)
        assert world.job(job).status is BulkStatus.PARTIAL

    def test_another_try_without_the_right_changes_nothing(self):
        world, job = self.partial()
        with pytest.raises(Forbidden) as refused:
            world.retry_collection(ME, job.id)
        assert refused.value.code == "COLLECTION_FORBIDDEN"
        assert world.job(job) == job
        assert world.collected() == []

    @pytest.mark.parametrize("who", [ME, caller("root", is_admin=True)], ids=["its user", "an administrator"])
    def test_another_try_with_the_right_lifts_the_job(self, who):
        world, job = self.partial()
        if not who.is_admin:
            world.collections.set_editors(TENANT, "friends", [USER])
        lifted = world.retry_collection(who, job.id)
        assert lifted == world.job(job)
        assert (lifted.status, lifted.collection_problem) == (BulkStatus.COMPLETED, None)
        assert (lifted.counts, lifted.completed_at) == (job.counts, job.completed_at)
        assert world.collected() == sorted(contact.id for contact in world.contacts_of(job))

    @pytest.mark.parametrize(
        ("emails", "before", "after"),
        [
            (["a@x.io", "bad!"], BulkStatus.PARTIAL, BulkStatus.PARTIAL),
            (["worse!", "bad!"], BulkStatus.FAILED, BulkStatus.FAILED),
            (["a@x.io", "a@x.io"], BulkStatus.PARTIAL, BulkStatus.COMPLETED),
        ],
    )
    def test_entries_that_failed_have_failed(self, emails, before, after):
        world, job = self.partial(*emails)
        assert job.status is before
        world.collections.set_editors(TENANT, "friends", [USER])
        lifted = world.retry_collection(ME, job.id)
        assert (lifted.status, lifted.collection_problem) == (after, None)

    def test_twice_is_once(self):
        world, job = self.partial()
        world.collections.set_editors(TENANT, "friends", [USER])
        lifted = world.retry_collection(ME, job.id)
        # Also where the right is gone again: there is nothing left to do.
        world.collections.set_editors(TENANT, "friends", [])
        assert world.retry_collection(ME, job.id) == lifted
        assert len(world.collected()) == 4

    def test_contacts_that_were_cleaned_up_meanwhile_do_not_show(self):
        world, job = self.partial()
        world.deleted(job, contact_ids=[world.contacts_of(job)[0].id])
        world.collections.set_editors(TENANT, "friends", [USER])
        world.retry_collection(ME, job.id)
        listed = items_of(world, limit=10)
        assert sorted(contact.id for contact in listed) == sorted(contact.id for contact in world.contacts_of(job))
        assert len(listed) == 3

    @pytest.mark.parametrize(
        ("who", "refusal"),
        [
            (caller("eve"), Forbidden),
            (caller(USER, tenant="other"), Forbidden),
            (caller(USER, tenant="other", is_admin=True), Forbidden),
        ],
    )
    def test_whose_job_it_is_not_may_not_try(self, who, refusal):
        world, job = self.partial()
        world.collections.set_editors(TENANT, "friends", ["eve", USER])
        with pytest.raises(refusal) as refused:
            world.retry_collection(who, job.id)
        assert refused.value.code == "JOB_FORBIDDEN"
        assert world.job(job) == job

    def test_an_expired_job_is_gone(self):
        world, job = self.partial()
        world.clock.advance(hours=24)
        with pytest.raises(NotFound):
            world.retry_collection(caller("root", is_admin=True), job.id)

    def test_a_job_that_runs_is_not_tried_again(self):
        world = BulkWorld()
        world.add_collection(USER)
        job = world.create(*FOUR, collection_id="friends")
        with pytest.raises(Conflict) as refused:
            world.retry_collection(ME, job.id)
        assert refused.value.code == "JOB_NOT_ENDED"
        world.work()
        assert world.retry_collection(ME, job.id).status is BulkStatus.COMPLETED

    def test_a_job_without_a_collection(self):
        world = BulkWorld()
        with pytest.raises(Conflict) as refused:
            world.retry_collection(ME, world.created(*FOUR).id)
        assert refused.value.code == "NO_COLLECTION"


def items_of(world, *, limit, tenant=TENANT, id_="friends"):
    """All contacts of a collection, a page at a time."""
    wiring = Wiring(Settings({}), collections=world.collections, contacts=world.contacts)
    list_items = collection_use_cases.list_collection_items(wiring)
    items = []
    position = None
    while True:
        page = list_items(tenant, id_, limit=limit, position=position)
        assert len(page.items) <= limit
        items += page.items
        if page.next_position is None:
            return items
        position = page.next_position


@pytest.mark.parametrize("limit", [1, 2, 3, 100])
def test_the_items_of_two_jobs_are_listed_page_by_page(limit):
    world = BulkWorld()
    world.add_collection(USER)
    jobs = [world.created(*FOUR, collection_id="friends") for _ in range(2)]
    expected = [contact.id for job in jobs for contact in world.contacts_of(job)]
    assert sorted(contact.id for contact in items_of(world, limit=limit)) == sorted(expected)
    world.deleted(jobs[0])
    left = sorted(contact.id for contact in world.contacts_of(jobs[1]))
    assert sorted(contact.id for contact in items_of(world, limit=limit)) == left


def test_another_tenants_collection_is_not_listed():
    world = BulkWorld()
    world.add_collection(USER)
    with pytest.raises(NotFound):
        items_of(world, limit=10, tenant="other")


class TestMaking:
    def collections(self):
        wiring = Wiring(Settings({}), collections=MemoryCollectionStore(), clock=FakeClock())
        return (
            wiring.collections,
            collection_use_cases.create_collection(wiring),
            collection_use_cases.set_collection_editors(wiring),
        )

    def test_a_collection_is_its_creators(self):
        store, create, _ = self.collections()
        made = create(TENANT, USER, "Friends", ["bob", "eve", "bob"], "seed")
        assert (made.name, made.created_by, made.editors) == ("Friends", USER, ("bob", "eve"))
        assert store.find_collection(TENANT, made.id) == made
        assert store.find_collection("other", made.id) is None

    def test_the_same_request_makes_one(self):
        store, create, set_editors = self.collections()
        made = create(TENANT, USER, "Friends", [], "seed")
        set_editors(ME, made.id, ["bob"])
        assert create(TENANT, USER, "Friends", [], "seed").editors == ("bob",)
        assert create(TENANT, USER, "Friends", [], "another seed").id != made.id
        assert len(store.list_collections(TENANT, limit=10).items) == 2

    @pytest.mark.parametrize("who", [ME, caller("root", is_admin=True)])
    def test_its_creator_and_administrators_set_its_editors(self, who):
        store, create, set_editors = self.collections()
        made = create(TENANT, USER, "Friends", ["bob"], "seed")
        assert set_editors(who, made.id, ["eve", "eve"]).editors == ("eve",)
        assert store.find_collection(TENANT, made.id).editors == ("eve",)

    @pytest.mark.parametrize(
        ("who", "refusal"),
        [
            (caller("bob"), Forbidden),
            (caller("eve"), Forbidden),
            (caller(USER, tenant="other"), NotFound),
            (caller("root", is_admin=True, tenant="other"), NotFound),
        ],
    )
    def test_nobody_else_does(self, who, refusal):
        store, create, set_editors = self.collections()
        made = create(TENANT, USER, "Friends", ["bob"], "seed")
        with pytest.raises(refusal):
            set_editors(who, made.id, ["eve"])
        assert store.find_collection(TENANT, made.id) == made
