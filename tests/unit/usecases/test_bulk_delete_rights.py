"""Who may clean up what, and by which name."""

from __future__ import annotations

import pytest

from contacts.domain.bulk_job import BulkCounts, BulkKind, BulkStatus
from contacts.domain.errors import Conflict, Forbidden, InvalidRequest, NotFound
from contacts.domain.tracking_key import tracking_key
from tests.support.bulk_world import USER, BulkWorld, small_slices

FOUR = ["a@x.io", "b@x.io", None, "c@x.io"]
UNKNOWN_JOB = "0f8fad5b-d9cb-469f-a165-70867728950e"


@pytest.fixture(autouse=True, scope="module")
def _small_slices():
    with small_slices():
        yield


def world_with_a_job():
    world = BulkWorld()
    return world, world.created(*FOUR, client_source="ios", client_reference_id="run 7")


@pytest.mark.parametrize(
    ("job_id", "key", "options", "refusal", "code"),
    [
        (None, None, {}, InvalidRequest, "JOB_REQUIRED"),
        ("its", "other", {}, InvalidRequest, "TRACKING_KEY_MISMATCH"),
        ("its", "no key", {}, InvalidRequest, "TRACKING_KEY_MISMATCH"),
        (None, "no key", {}, InvalidRequest, "TRACKING_KEY_INVALID"),
        (None, "", {}, InvalidRequest, "TRACKING_KEY_INVALID"),
        (UNKNOWN_JOB, None, {}, NotFound, "JOB_NOT_FOUND"),
        ("../its", None, {}, NotFound, "JOB_NOT_FOUND"),
        ("", None, {}, NotFound, "JOB_NOT_FOUND"),
        ("its", None, {"user": "eve"}, Forbidden, "JOB_FORBIDDEN"),
        (None, "its", {"user": "eve"}, Forbidden, "JOB_FORBIDDEN"),
        ("its", "its", {"user": "eve"}, Forbidden, "JOB_FORBIDDEN"),
        ("its", None, {"tenant": "other"}, Forbidden, "JOB_FORBIDDEN"),
        ("its", None, {"tenant": "other", "is_admin": True}, Forbidden, "JOB_FORBIDDEN"),
        ("its", "its", {"tenant": "other", "is_admin": True}, Forbidden, "JOB_FORBIDDEN"),
    ],
)
def test_what_is_refused(job_id, key, options, refusal, code):
    world, job = world_with_a_job()
    names = {"its": job.tracking_key, "other": tracking_key(UNKNOWN_JOB, None, None)}
    before = world.all_contacts(), dict(world.files.versions)
    with pytest.raises(refusal) as refused:
        world.delete(job if job_id == "its" else job_id, names.get(key, key), **options)
    assert refused.value.code == code
    assert (world.all_contacts(), dict(world.files.versions), world.all_jobs()) == (*before, [job])
    assert world.queue.messages == []


@pytest.mark.parametrize("by_key", [False, True])
@pytest.mark.parametrize(
    "options", [{}, {"user": "root", "is_admin": True}, {"is_admin": True}], ids=["its user", "an admin", "both"]
)
def test_who_may(by_key, options):
    world, job = world_with_a_job()
    clean_up = world.deleted(None if by_key else job, job.tracking_key if by_key else None, **options)
    assert (clean_up.status, clean_up.counts) == (BulkStatus.COMPLETED, BulkCounts(succeeded=4))
    assert (clean_up.create_job_id, clean_up.tracking_key) == (job.id, job.tracking_key)
    assert clean_up.created_by == options.get("user", USER)
    assert world.all_contacts() == []


def test_the_id_of_a_clean_up_names_no_create_job():
    world, job = world_with_a_job()
    clean_up = world.deleted(job, dry_run=True)
    with pytest.raises(NotFound):
        world.delete(clean_up)


@pytest.mark.parametrize("by_key", [False, True])
@pytest.mark.parametrize("delivered", [0, 1])
def test_a_job_that_still_creates_is_not_cleaned_up(by_key, delivered):
    world = BulkWorld()
    job = world.create(*FOUR)
    for _ in range(delivered):
        world.deliver(world.queue.messages.pop(0))
    with pytest.raises(Conflict) as refused:
        world.delete(None if by_key else job, job.tracking_key if by_key else None)
    assert refused.value.code == "JOB_NOT_ENDED"
    world.work()
    assert world.deleted(job).counts == BulkCounts(succeeded=4)


class TestOfAnotherTenant:
    def test_a_key_finds_nothing(self):
        world, job = world_with_a_job()
        for is_admin in (False, True):
            clean_up = world.deleted(None, job.tracking_key, tenant="other", is_admin=is_admin)
            assert (clean_up.status, clean_up.total) == (BulkStatus.COMPLETED, 0)
        assert len(world.all_contacts()) == 4

    def test_not_while_it_creates_either(self):
        world = BulkWorld()
        job = world.create(*FOUR)
        assert world.delete(None, job.tracking_key, tenant="other").total == 0

    def test_the_ids_of_its_contacts_are_not_found(self):
        world, job = world_with_a_job()
        ids = [contact.id for contact in world.all_contacts()]
        clean_up = world.deleted(None, job.tracking_key, tenant="other", contact_ids=ids)
        assert clean_up.counts == BulkCounts(not_found=4)
        assert len(world.all_contacts()) == 4


class TestAfterTheJobExpired:
    def expired(self, **delta):
        world, job = world_with_a_job()
        world.clock.advance(**delta)
        return world, job

    def test_its_id_names_nothing_any_more(self):
        world, job = self.expired(hours=24)
        for key in (None, job.tracking_key):
            with pytest.raises(NotFound):
                world.delete(job, key)

    def test_its_key_still_works_for_its_user_and_for_admins_alone(self):
        world, job = self.expired(days=2)
        with pytest.raises(Forbidden):
            world.delete(None, job.tracking_key, user="eve")
        assert world.delete(None, job.tracking_key, user="root", is_admin=True, dry_run=True).total == 4
        assert world.deleted(None, job.tracking_key).counts == BulkCounts(succeeded=4)

    def test_when_nobody_knows_any_more_whose_it_was_only_an_admin_may(self):
        world, job = self.expired(days=91)
        assert world.bulk_jobs.find_job(BulkKind.CREATE, job.id) is None
        with pytest.raises(Forbidden) as refused:
            world.delete(None, job.tracking_key)
        assert refused.value.code == "JOB_FORBIDDEN"
        clean_up = world.deleted(None, job.tracking_key, is_admin=True)
        assert (clean_up.counts, clean_up.create_job_id) == (BulkCounts(succeeded=4), job.id)

    def test_and_where_nothing_is_found_it_is_nobodys_secret(self):
        world, job = self.expired(days=91)
        world.deleted(None, job.tracking_key, is_admin=True)
        assert world.deleted(None, job.tracking_key, user="eve").total == 0

    def test_nor_may_anybody_name_contacts_then(self):
        world, job = self.expired(days=91)
        with pytest.raises(Forbidden):
            world.delete(None, job.tracking_key, contact_ids=[world.all_contacts()[0].id])

    def test_another_key_of_the_same_job_finds_nothing(self):
        world, job = world_with_a_job()
        assert world.deleted(None, tracking_key(job.id, "android", None), user="eve").total == 0
