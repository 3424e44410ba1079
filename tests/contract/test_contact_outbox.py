"""What every `ContactOutbox` does: the in-memory one and DynamoDB's, on whatever stands in for AWS here."""

from __future__ import annotations

import pytest

from contacts.adapters.dynamodb.contact_outbox import DynamoContactOutbox
from contacts.ports import ContactOutbox
from tests.support.fake_clock import FakeClock
from tests.support.jobs_table import JobsTable
from tests.support.memory_contact_outbox import MemoryContactOutbox

LATER = "9999"


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def outbox(memory_or_table: JobsTable | None, clock: FakeClock) -> ContactOutbox:
    if memory_or_table is None:
        return MemoryContactOutbox(clock=clock)
    table = memory_or_table.emptied()
    return DynamoContactOutbox(client=table.client, table=table.name, clock=clock)


def test_notes_come_back_oldest_first_and_only_those_before_the_moment(outbox: ContactOutbox, clock: FakeClock) -> None:
    added = [outbox.add("a", "c1")]
    clock.advance(milliseconds=1)
    added.append(outbox.add("b#2", "c0"))
    now = clock.advance(milliseconds=1)
    outbox.add("a", "c2")
    assert list(outbox.added_before(now)) == added
    assert [(note.tenant, note.contact_id) for note in added] == [("a", "c1"), ("b#2", "c0")]


def test_a_removed_note_is_gone_and_removing_it_again_is_nothing(outbox: ContactOutbox) -> None:
    first, second = outbox.add("a", "c1"), outbox.add("a", "c2")
    outbox.remove(first)
    outbox.remove(first)
    assert list(outbox.added_before(LATER)) == [second]


def test_two_notes_of_one_contact_at_one_moment_are_two(outbox: ContactOutbox) -> None:
    first, second = outbox.add("a", "c1"), outbox.add("a", "c1")
    outbox.remove(first)
    assert list(outbox.added_before(LATER)) == [second]


def test_notes_can_be_removed_while_they_are_read(outbox: ContactOutbox) -> None:
    # More than one page of DynamoDB's: 1 MB.
    added = {outbox.add("t" * 60_000, f"c{number:02d}").key for number in range(20)}
    read = []
    for note in outbox.added_before(LATER):
        read.append(note.key)
        outbox.remove(note)
    assert set(read) == added
    assert list(outbox.added_before(LATER)) == []
