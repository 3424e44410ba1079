"""What clients see of a bulk job: while it runs, when it has ended, page by page."""

from __future__ import annotations

import pytest

from contacts.domain.bulk_entries import DUPLICATE_IN_REQUEST
from contacts.domain.bulk_job import BulkStatus
from contacts.domain.errors import Forbidden, InvalidRequest, NotFound
from contacts.domain.rows import Outcome
from contacts.usecases.own_bulk_job import Caller
from tests.support.bulk_world import TENANT, USER, BulkWorld, small_slices

ME = Caller(tenant=TENANT, user=USER, is_admin=False)
#: Three slices; the last entry repeats the first.
EMAILS = ["a@x.io", "bad!", None, "b@x.io", "B@x.io", "c@x.io", "d@x.io", "A@x.io"]


@pytest.fixture(autouse=True, scope="module")
def _small_slices():
    with small_slices():
        yield


def pages(list_page, job_id, *, limit):
    """All items, a page at a time."""
    items = []
    position = None
    while True:
        _, page = list_page(ME, job_id, limit=limit, position=position)
        assert len(page.items) == limit or page.next_position is None
        items += page.items
        if page.next_position is None:
            return items
        position = page.next_position


def test_a_create_job_that_has_ended():
    world = BulkWorld()
    job = world.created(*EMAILS)
    detail = world.get_job.create_job(ME, job.id)
    assert detail.job == job
    assert (job.status, job.counts.processed, job.total) == (BulkStatus.PARTIAL, 8, 8)
    assert detail.contact_ids == [contact.id for contact in world.contacts_of(job)]
    (failure,) = detail.failures
    assert (failure.index, failure.code, failure.message) == (1, "EMAIL_INVALID", "email: this is no e-mail")


def test_one_that_runs_shows_what_is_done():
    world = BulkWorld()
    job = world.create(*EMAILS)
    assert (world.job(job).status, world.get_job.create_job(ME, job.id).outcomes) == (BulkStatus.QUEUED, [])
    # The second slice is done first.
    world.deliver(world.queue.messages[1])
    detail = world.get_job.create_job(ME, job.id)
    assert detail.job.status is BulkStatus.PROCESSING
    assert detail.job.counts.processed == 3
    assert [item.index for item in detail.outcomes] == [3, 4, 5]
    assert [item.index for item in pages(world.get_job.create_items, job.id, limit=2)] == [3, 4, 5]


@pytest.mark.parametrize("limit", [1, 2, 3, 7, 8, 100])
def test_every_entry_has_its_line(limit):
    world = BulkWorld()
    job = world.created(*EMAILS)
    items = pages(world.get_job.create_items, job.id, limit=limit)
    assert [(item.index, item.client_contact_id) for item in items] == [(n, f"phone-{n}") for n in range(8)]
    by_row = {contact.created_by.row: contact.id for contact in world.contacts_of(job)}
    assert sorted(by_row) == [0, 2, 3, 5, 6]
    for item in items:
        if item.index in by_row:
            assert (item.outcome, item.contact_id, item.code) == (Outcome.CREATED, by_row[item.index], None)
    # A duplicate leads to the contact that the first entry made, also where that stands in another slice.
    for index, first in ((4, 3), (7, 0)):
        item = items[index]
        assert (item.outcome, item.duplicate_of, item.code) == (Outcome.SKIPPED, first, DUPLICATE_IN_REQUEST)
        assert item.contact_id == by_row[first]
    assert (items[1].outcome, items[1].contact_id) == (Outcome.ERROR, None)


def test_a_duplicate_of_one_that_is_not_done_leads_nowhere_yet():
    world = BulkWorld()
    job = world.create("a@x.io", None, None, "a@x.io")
    world.deliver(world.queue.messages[1])
    (item,) = pages(world.get_job.create_items, job.id, limit=10)
    assert (item.index, item.duplicate_of, item.contact_id) == (3, 0, None)
    world.work()
    assert pages(world.get_job.create_items, job.id, limit=10)[3].contact_id == world.contacts_of(job)[0].id


@pytest.mark.parametrize("limit", [1, 2, 100])
def test_the_contacts_of_a_clean_up(limit):
    world = BulkWorld()
    job = world.created(*EMAILS)
    ids = [contact.id for contact in world.contacts_of(job)]
    world.edit(world.contacts_of(job)[1], title="Dr")
    clean_up = world.deleted(job, contact_ids=["nobody", *ids])
    detail = world.get_job.delete_job(ME, clean_up.id)
    assert detail.candidate_contact_ids == detail.deleted_contact_ids == ids
    assert detail.failures == []
    items = pages(world.get_job.delete_items, clean_up.id, limit=limit)
    assert [(item.contact_id, item.edited) for item in items] == [
        ("nobody", False),
        *[(each, each == ids[1]) for each in ids],
    ]


def test_a_contact_that_could_not_be_deleted_was_a_candidate():
    world = BulkWorld()
    job = world.created("a@x.io")
    clean_up = world.delete(job)
    world.close(world.queue.messages.pop())
    detail = world.get_job.delete_job(ME, clean_up.id)
    assert detail.job.status is BulkStatus.FAILED
    assert len(detail.candidate_contact_ids) == len(detail.failures) == 1
    assert detail.deleted_contact_ids == []


@pytest.mark.parametrize("position", ["", "i:", "i:9", "i:-1", "i:x", "x", "i:1:2", "i:9999999999999"])
def test_a_position_that_no_page_gave(position):
    world = BulkWorld()
    job = world.created(*EMAILS)
    with pytest.raises(InvalidRequest) as refused:
        world.get_job.create_items(ME, job.id, limit=3, position=position)
    assert refused.value.code == "CURSOR_INVALID"


@pytest.mark.parametrize(
    ("caller", "refusal"),
    [
        (Caller(tenant=TENANT, user="eve", is_admin=False), Forbidden),
        (Caller(tenant="other", user=USER, is_admin=True), Forbidden),
        (Caller(tenant=TENANT, user="root", is_admin=True), None),
    ],
)
def test_whose_jobs_one_sees(caller, refusal):
    world = BulkWorld()
    job = world.created("a@x.io")
    clean_up = world.deleted(job)
    for show in (
        lambda: world.get_job.create_job(caller, job.id),
        lambda: world.get_job.create_items(caller, job.id, limit=1, position=None),
        lambda: world.get_job.delete_job(caller, clean_up.id),
        lambda: world.get_job.delete_items(caller, clean_up.id, limit=1, position=None),
    ):
        if refusal is None:
            show()
        else:
            with pytest.raises(refusal):
                show()


def test_one_kind_is_not_shown_as_the_other():
    world = BulkWorld()
    job = world.created("a@x.io")
    clean_up = world.deleted(job)
    for show, job_id in ((world.get_job.create_job, clean_up.id), (world.get_job.delete_job, job.id)):
        with pytest.raises(NotFound):
            show(ME, job_id)
