"""What a clean-up finds, and what becomes of it."""

from __future__ import annotations

import pytest

from contacts.domain.bulk_job import BulkCounts, BulkStatus
from contacts.domain.rows import Outcome
from contacts.usecases.own_bulk_job import Caller
from tests.support.bulk_scenarios import crashing_at
from tests.support.bulk_world import TENANT, USER, BulkWorld, small_slices
from tests.support.port_faults import When

FOUR = ["a@x.io", "b@x.io", None, "c@x.io"]
UNKNOWN_JOB = "0f8fad5b-d9cb-469f-a165-70867728950e"


@pytest.fixture(autouse=True, scope="module")
def _small_slices():
    with small_slices():
        yield


def world_with_a_job():
    world = BulkWorld()
    return world, world.created(*FOUR, client_source="ios", client_reference_id="run 7")


class TestCandidates:
    def broken(self):
        """A worker wrote all contacts of a slice and died before it could say so; the slice was closed without them,
        because its plan had got lost too."""
        world = BulkWorld()
        job = world.create("a@x.io", "b@x.io")
        message = world.queue.messages.pop(0)
        # First it stores its plan, then its list.
        crashing_at(world, "files.put_if_absent", When.BEFORE, lambda: world.deliver(message), nth=1)
        for key in [key for key in world.files.versions if "/plans/" in key]:
            del world.files.versions[key]
        world.close(message)
        return world, world.job(job)

    def test_a_contact_that_nobody_reported_is_found_by_its_mark(self):
        world, job = self.broken()
        assert (job.status, job.counts) == (BulkStatus.FAILED, BulkCounts(failed=2))
        assert len(world.contacts_of(job)) == 2
        assert world.deleted(job).counts == BulkCounts(succeeded=2)
        assert world.all_contacts() == []

    def test_a_contact_that_the_index_does_not_show_yet_is_found_by_the_jobs_own_record(self):
        world, job = world_with_a_job()
        world.contacts.find_ids_by_external_source = lambda _tenant, _source: iter(())
        assert world.deleted(job).counts == BulkCounts(succeeded=4)

    def test_one_that_the_index_still_shows_but_is_gone_is_not_found(self):
        world, job = world_with_a_job()
        victim = world.contacts_of(job)[0]
        shown = list(world.contacts.find_ids_by_external_source(TENANT, job.tracking_key))
        world.remove(victim)
        world.contacts.find_ids_by_external_source = lambda _tenant, _source: iter(shown)
        clean_up = world.deleted(job)
        assert clean_up.counts == BulkCounts(succeeded=3, not_found=1)

    def test_each_counts_once(self):
        world, job = world_with_a_job()
        ids = [item.contact_id for item in world.create_items(job)]
        clean_up = world.deleted(job)
        assert clean_up.total == 4
        assert [item.contact_id for item in world.delete_items(clean_up)] == ids

    def test_one_of_another_job_is_never_touched(self):
        world, job = world_with_a_job()
        other = world.created(*FOUR)
        world.contacts.find_ids_by_external_source = lambda _tenant, _source: iter(
            [contact.id for contact in world.contacts_of(other)]
        )
        clean_up = world.deleted(job)
        assert clean_up.counts == BulkCounts(succeeded=4, forbidden=4)
        assert len(world.contacts_of(other)) == 4

    @pytest.mark.parametrize("dry_run", [False, True])
    def test_of_the_given_ones_each_is_judged_once(self, dry_run):
        world, job = world_with_a_job()
        own = [contact.id for contact in world.contacts_of(job)]
        other = world.created("z@x.io")
        by_hand = world.add_contact("by-hand@x.io")
        elsewhere = world.add_contact("elsewhere@x.io", tenant="other")
        ids = [own[0], "nobody", by_hand.id, own[0], elsewhere.id, own[2], world.contacts_of(other)[0].id]
        clean_up = world.deleted(job, contact_ids=ids, dry_run=dry_run)
        assert clean_up.counts == BulkCounts(succeeded=2, not_found=2, forbidden=2)
        assert clean_up.counts.processed == clean_up.total == 6
        found = Outcome.CANDIDATE if dry_run else Outcome.DELETED
        outcomes = [found, Outcome.NOT_FOUND, Outcome.FORBIDDEN, Outcome.NOT_FOUND, found, Outcome.FORBIDDEN]
        assert [item.outcome for item in world.delete_items(clean_up)] == outcomes
        left = [contact.id for contact in world.contacts_of(job)]
        assert left == (own if dry_run else [own[1], own[3]])

    def test_none_given_is_none_deleted(self):
        world, job = world_with_a_job()
        assert world.deleted(job, contact_ids=[]).counts == BulkCounts()
        assert len(world.contacts_of(job)) == 4


class TestEditedContacts:
    def edited(self):
        """One edited, one moved to another e-mail, two as they were made."""
        world, job = world_with_a_job()
        first, second, *_ = world.contacts_of(job)
        world.edit(first, title="Dr")
        world.edit(second, email="moved@x.io")
        return world, job, {first.id, second.id}

    @pytest.mark.parametrize("dry_run", [False, True])
    def test_are_marked_and_deleted_all_the_same(self, dry_run):
        world, job, edited = self.edited()
        clean_up = world.deleted(job, dry_run=dry_run)
        assert {item.contact_id for item in world.delete_items(clean_up) if item.edited} == edited
        assert clean_up.counts == BulkCounts(succeeded=4)
        assert len(world.all_contacts()) == (4 if dry_run else 0)
        assert {item["contactId"] for item in world.deletions(clean_up)["items"] if item["edited"]} == edited

    def test_can_be_left_out(self):
        world, job, edited = self.edited()
        dry = world.deleted(job, dry_run=True)
        detail = world.get_job.delete_job(Caller(tenant=TENANT, user=USER, is_admin=False), dry.id)
        assert detail.candidate_contact_ids == [item.contact_id for item in detail.outcomes]
        assert detail.deleted_contact_ids == detail.failures == []
        chosen = [item.contact_id for item in detail.outcomes if not item.edited]
        assert world.deleted(job, contact_ids=chosen).counts == BulkCounts(succeeded=2)
        assert {contact.id for contact in world.all_contacts()} == edited


def test_what_operators_find_later():
    world, job = world_with_a_job()
    by_hand = world.add_contact("by-hand@x.io")
    ids = [world.contacts_of(job)[0].id, by_hand.id, "nobody"]
    clean_up = world.deleted(job, contact_ids=ids)
    found = world.deletions(clean_up)
    assert found == {
        "jobId": clean_up.id,
        "bulkCreateJobId": job.id,
        "trackingKey": job.tracking_key,
        "dryRun": False,
        "createdBy": USER,
        "createdAt": clean_up.created_at,
        "totalCount": 3,
        "items": [
            {"contactId": ids[0], "outcome": "deleted", "edited": False, "code": None},
            {"contactId": ids[1], "outcome": "forbidden", "edited": False, "code": None},
            {"contactId": ids[2], "outcome": "notFound", "edited": False, "code": None},
        ],
    }


def test_cleaned_up_twice():
    world, job = world_with_a_job()
    assert world.deleted(job).counts == BulkCounts(succeeded=4)
    # The job's own record still names them.
    assert world.deleted(job).counts == BulkCounts(not_found=4)


def test_an_email_that_was_cleaned_up_is_free_again_and_twins_come_into_their_own():
    world = BulkWorld()
    first = world.created("a@x.io")
    second = world.created("A@x.io")
    assert len(world.all_contacts()) == 2
    world.deleted(first)
    assert world.contacts.find_by_emails(TENANT, ["a@x.io"])["a@x.io"] == world.contacts_of(second)[0]
    world.deleted(second)
    third = world.created("a@x.io")
    assert world.contacts.find_by_emails(TENANT, ["a@x.io"])["a@x.io"] == world.contacts_of(third)[0]
