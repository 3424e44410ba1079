"""Random sequences of bulk creates, edits, clean-ups, crashes, redeliveries and sweeps against a plain model."""

from __future__ import annotations

import itertools
from functools import partial

import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from contacts.domain.bulk_job import BulkKind
from contacts.domain.errors import Conflict, Forbidden, InvalidRequest, NotFound
from contacts.usecases.finish_bulk_job import COLLECTION_NOT_FILLED
from contacts.usecases.own_bulk_job import Caller
from tests.support.bulk_checks import check_clean_up, check_create
from tests.support.bulk_model import BulkModel
from tests.support.bulk_world import BulkWorld, small_slices
from tests.support.port_faults import Crash, PortFaults, When

SEQUENCES = 150
TENANTS = ["acme", "other"]
USERS = ["ann", "bob"]
EMAILS = ["a@x.io", "A@x.io ", "b@x.io", "c@x.io", "bad!", None, None]

numbers = st.integers(0, 1_000)
happenings = st.tuples(
    st.sampled_from(
        [
            *["create"] * 3,
            *["clean up"] * 3,
            *["deliver"] * 6,
            *["work"] * 3,
            "again",
            "dead",
            "crash",
            "crash",
            "sweep",
            "edit",
            "move",
            "remove",
        ]
    ),
    numbers,
    numbers,
    st.lists(numbers, max_size=8),
)


@pytest.fixture(autouse=True, scope="module")
def _small_slices():
    with small_slices():
        yield


class Side:
    """The world and the model, side by side."""

    def __init__(self):
        self.world = BulkWorld()
        self.model = BulkModel()
        self.emails = {}  # create job -> its request
        self.delivered = []
        self.told = set()  # jobs that the model knows to have ended
        self.moves = itertools.count()
        for tenant in TENANTS:
            self.world.add_collection(*USERS, tenant=tenant)
            for name in ("first", "second"):
                contact = self.world.add_contact("a@x.io", tenant=tenant, name=name)
                self.model.made(tenant, contact.id, None)

    def do(self, what, one, two, more):
        getattr(self, f"_{what.replace(' ', '_')}")(one, two, more)
        self.tell_the_model()

    def _create(self, one, two, more):
        tenant, user = TENANTS[one % 2], USERS[one // 2 % 2]
        emails = [EMAILS[number % len(EMAILS)] for number in [two, *more]]
        collection_id = "friends" if two % 2 else None
        seed = self.world.next_seed()
        start = partial(self.world.create, *emails, tenant=tenant, user=user, seed=seed, collection_id=collection_id)
        job = self._insist(start, one, two)
        self.emails[job.id] = emails

    def _clean_up(self, one, two, more):
        jobs = [job for job in self.world.all_jobs() if job.kind is BulkKind.CREATE]
        if not jobs:
            return
        job = jobs[one % len(jobs)]
        is_stranger = two % 5 == 0
        tenant = TENANTS[two % 2] if is_stranger else job.tenant
        user = USERS[two // 2 % 2] if is_stranger else job.created_by
        is_admin = is_stranger and two // 4 % 2 == 0
        by_id, by_key = [(True, False), (False, True), (True, True)][two % 3]
        dry_run = one % 3 == 0
        ids = self._some_ids(job, more) if more else None
        start = partial(
            self.world.delete,
            job if by_id else None,
            job.tracking_key if by_key else None,
            tenant=tenant,
            user=user,
            is_admin=is_admin,
            contact_ids=ids,
            dry_run=dry_run,
            seed=self.world.next_seed(),
        )
        refusal = self._refusal(job, tenant, user, is_admin=is_admin, by_id=by_id)
        event(f"clean up: {refusal.__name__ if refusal else 'dry' if dry_run else 'real'}")
        if refusal is not None:
            with pytest.raises(refusal):
                start()
            return
        clean_up = self._insist(start, one // 3, two)
        own = job if tenant == job.tenant else None
        candidates = [item.contact_id for item in self.world.create_items(job) if item.contact_id] if own else []
        expected = candidates if ids is None else ids
        assert clean_up.total == len(set(expected))
        self.model.start_clean_up(clean_up.id, tenant, job.tracking_key, expected, dry_run=dry_run)

    def _some_ids(self, job, more):
        """Of this job, of others, of other tenants, of nobody, some twice."""
        ids = [item.contact_id for item in self.world.create_items(job) if item.contact_id]
        for tenant in TENANTS:
            ids += sorted(self.model.sources[tenant])
        return [*[ids[number % len(ids)] for number in more], "nobody"]

    def _refusal(self, job, tenant, user, *, is_admin, by_id):
        if by_id and not job.is_shown(self.world.clock_at_rest()):
            return NotFound
        if by_id and job.tenant != tenant:
            return Forbidden
        if job.tenant == tenant and not is_admin and job.created_by != user:
            return Forbidden
        return Conflict if job.tenant == tenant and job.is_open else None

    def _insist(self, start, one, two):
        """A client with an idempotency key tries until it gets an answer."""
        if one % 4 == 0:
            faults = PortFaults({two % 12: When.AFTER if two % 2 else When.BEFORE})
            self.world.wire(faults.wrap)
            try:
                start()
            except Crash:
                event("a start crashed")
            self.world.wire()
        return start()

    def _deliver(self, one, two, more):
        self._with_message(one, self.world.deliver)

    def _dead(self, one, two, more):
        self._with_message(one, self.world.close)

    def _crash(self, one, two, more):
        """The worker, or the one that closes, dies at some call; the message comes again."""

        def dying(message):
            self.world.wire(PortFaults({two % 30: When.AFTER if two % 2 else When.BEFORE}).wrap)
            try:
                (self.world.close if one % 7 == 0 else self.world.deliver)(message)
            except Crash:
                self.world.queue.messages.append(message)
                event("a worker crashed")
            self.world.wire()

        self._with_message(one, dying)

    def _with_message(self, number, act):
        messages = self.world.queue.messages
        if messages:
            message = messages.pop(number % len(messages))
            self.delivered.append(message)
            act(message)

    def _work(self, one, two, more):
        self.delivered += self.world.work()

    def _again(self, one, two, more):
        if self.delivered:
            self.world.deliver(self.delivered[one % len(self.delivered)])

    def _sweep(self, one, two, more):
        assert not self.world.sweep_later().failed

    def _edit(self, one, two, more):
        tenant, contact = self._somebody(one)
        if contact is not None:
            self.world.edit(contact, tenant=tenant, title=f"Dr {two}")
            self.model.edit(contact.id)

    def _move(self, one, two, more):
        tenant, contact = self._somebody(one)
        email = ["a@x.io", "b@x.io", f"moved{next(self.moves)}@x.io"][two % 3]
        if contact is not None and not self.world.contacts.find_by_emails(tenant, [email]):
            self.world.edit(contact, tenant=tenant, email=email)
            self.model.edit(contact.id)

    def _remove(self, one, two, more):
        tenant, contact = self._somebody(one)
        if contact is not None:
            self.world.remove(contact, tenant=tenant)
            self.model.delete(contact.id)

    def _somebody(self, number):
        tenant = TENANTS[number % 2]
        contacts = sorted(self.world.all_contacts(tenant), key=lambda contact: (contact.created_at, contact.id))
        return tenant, contacts[number % len(contacts)] if contacts else None

    def tell_the_model(self):
        """What ended jobs say holds from now on."""
        for tenant in TENANTS:
            # Also those of slices that are still under way: people see and edit them.
            for contact in self.world.all_contacts(tenant):
                self.model.made(tenant, contact.id, contact.external_source)
        for job in self.world.all_jobs():
            if job.is_open or job.id in self.told:
                continue
            self.told.add(job.id)
            if job.kind is BulkKind.CREATE:
                filled = self._fill_after_all(job) if job.collection_problem else job
                check_create(self.world, self.model, filled, self.emails[job.id])
            else:
                check_clean_up(self.world, self.model, job)

    def _fill_after_all(self, job):
        """Who closed the job was cut off from its collection."""
        assert job.collection_problem.code == COLLECTION_NOT_FILLED
        assert self.world.errors
        event("a collection was filled after all")
        return self.world.retry_collection(Caller(tenant=job.tenant, user=job.created_by, is_admin=False), job.id)

    def end(self):
        """Deliver what is left, sweep what got lost: every job ends, and the contacts are the model's."""
        for _ in range(8):
            self.delivered += self.world.work()
            if not any(job.is_open for job in self.world.all_jobs()):
                break
            assert not self.world.sweep_later().failed
        assert not any(job.is_open for job in self.world.all_jobs())
        for message in self.delivered:
            self.world.deliver(message)
        self.tell_the_model()
        assert len(self.told) == len(self.world.all_jobs())
        for tenant in TENANTS:
            self._check_contacts(tenant)
            assert self.world.line(tenant) == []
        self._check_events()

    def _check_contacts(self, tenant):
        contacts = {contact.id: contact for contact in self.world.all_contacts(tenant)}
        assert set(contacts) == self.model.there(tenant)
        makers = [contact.created_by for contact in contacts.values()]
        assert len(set(makers)) == len(makers)
        for contact in contacts.values():
            assert contact.external_source == self.model.sources[tenant][contact.id]
        emails = {contact.email.strip().lower() for contact in contacts.values() if contact.email}
        holders = self.world.contacts.find_by_emails(tenant, emails)
        assert set(holders) == emails
        collected = self.world.collected(tenant=tenant)
        jobs = [job for job in self.world.all_jobs() if job.tenant == tenant and job.collection_id]
        made = [item.contact_id for job in jobs for item in self.world.create_items(job)]
        assert collected == sorted(contact_id for contact_id in made if contact_id)

    def _check_events(self):
        by_event = {}
        for _, detail in self.world.events.published:
            ids = by_event.setdefault(detail["eventId"], detail["contactIds"])
            assert ids == detail["contactIds"]
        created = [
            item.contact_id
            for job in self.world.all_jobs()
            if job.kind is BulkKind.CREATE
            for item in self.world.create_items(job)
            if item.contact_id
        ]
        assert sorted(contact_id for ids in by_event.values() for contact_id in ids) == sorted(created)


@settings(
    max_examples=SEQUENCES,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.filter_too_much],
)
@given(st.lists(happenings, min_size=25, max_size=60))
def test_every_sequence_ends_as_the_model_says(sequence):
    side = Side()
    for happening in sequence:
        side.do(*happening)
    side.end()


def test_a_key_of_another_job_is_refused():
    world = BulkWorld()
    one, other = world.created("a@x.io"), world.created("b@x.io")
    with pytest.raises(InvalidRequest):
        world.delete(one, other.tracking_key)
