"""Where contacts live, and how they are named."""

from __future__ import annotations

import tracemalloc
from base64 import b32decode
from collections import Counter
from hashlib import blake2b

from hypothesis import given
from hypothesis import strategies as st

from contacts.adapters.dynamodb.contact_keys import TenantKeys, settings_key
from contacts.domain.contact import Mark
from contacts.domain.contact_ids import is_contact_id

names = st.text(st.characters(codec="utf-8"), max_size=40)
emails = st.text(min_size=1, max_size=60)
marks = st.builds(Mark, st.text(), st.integers(0))
keys = st.builds(TenantKeys, names, st.binary(min_size=1, max_size=64), st.integers(1, 100))

EMAILS = [f"person{number}@example.com" for number in range(4_000)]


@given(keys, st.none() | emails, marks)
def test_an_id_is_well_formed_and_lies_in_the_partition_of_its_slot(
    of: TenantKeys, email: str | None, mark: Mark
) -> None:
    contact_id = of.contact_id(email, mark)
    assert is_contact_id(contact_id)
    assert of.own(contact_id).pk == of.home(contact_id).pk
    assert of.own(contact_id).sk == contact_id
    assert contact_id.startswith(of.home(contact_id).sk)
    assert of.own(contact_id).pk in of.partitions
    if email is not None:
        assert of.home(contact_id) == of.holder(email)


@given(keys, emails, marks)
def test_names_are_digests_in_base_32(of: TenantKeys, email: str, mark: Mark) -> None:
    """Contacts that are there are found under these names: they never change."""

    def base32(text: str) -> str:
        digest = blake2b(text.encode("utf-8", "surrogatepass"), digest_size=20, key=of.salt).digest()
        return "".join("abcdefghijklmnopqrstuvwxyz234567"[byte & 31] for byte in digest)

    slot = base32(f"e:{email}")[:20]
    assert of.contact_id(email, mark) == slot + base32(f"t:{mark.job}:{mark.row}")[:16]
    assert of.contact_id(None, mark)[:20] == base32(f"r:{mark.job}:{mark.row}")[:20]
    shard = int.from_bytes(b32decode(f"aaaa{slot[-4:]}".upper())) % of.shards
    assert of.holder(email) == (of.partitions[shard], slot)


@given(names, names)
def test_no_tenant_has_a_key_of_another(one: str, other: str) -> None:
    first, second = TenantKeys(one, b"s", 100), TenantKeys(other, b"s", 100)
    of_first = {*first.partitions, settings_key(one).pk}
    assert len(of_first) == 101
    assert one == other or of_first.isdisjoint({*second.partitions, settings_key(other).pk})
    assert one == other or first.external_source("x") != second.external_source("x")


def test_the_index_key_of_a_source_tells_tenant_and_source_apart() -> None:
    assert TenantKeys("a", b"s", 1).external_source("b#c") != TenantKeys("a#b", b"s", 1).external_source("c")


def test_ids_tell_nothing_without_the_salt() -> None:
    mark = Mark("job", 1)
    assert TenantKeys("a", b"one", 8).contact_id("a@x.yz", mark) != TenantKeys("a", b"two", 8).contact_id(
        "a@x.yz", mark
    )


def test_an_email_and_a_row_never_share_a_slot() -> None:
    of = TenantKeys("a", b"salt", 8)
    assert of.contact_id("job:1", Mark("job", 1))[:20] != of.contact_id(None, Mark("job", 1))[:20]


def test_contacts_are_spread_evenly_over_the_partitions() -> None:
    of = TenantKeys("a", b"salt", 8)
    counts = Counter(of.holder(email).pk for email in EMAILS)
    assert len(counts) == 8
    # 500 expected, standard deviation 21.
    assert all(400 < count < 600 for count in counts.values())


def test_the_emails_of_one_import_part_are_spread_too() -> None:
    """A part holds the e-mails of some routes: were routes and shards tied, one partition would take all of it."""
    of = TenantKeys("a", b"salt", 8)
    for parts in (2, 8, 16):
        of_one_part = [email for email in EMAILS if of.route(email) % parts == 0]
        assert len({of.holder(email).pk for email in of_one_part}) == 8
        in_range = [email for email in EMAILS if of.route(email) < 2**32 // parts]
        assert len({of.holder(email).pk for email in in_range}) == 8


def test_routes_are_spread_over_32_bits() -> None:
    routes = [TenantKeys("a", b"salt", 8).route(email) for email in EMAILS]
    counts = Counter(route * 8 // 2**32 for route in routes)
    assert set(counts) == set(range(8))
    assert all(400 < count < 600 for count in counts.values())


def test_the_places_of_many_tenants_take_no_more_memory_than_those_of_some() -> None:
    """A process lives for hours and keeps every tenant's keys."""

    def kilobytes(tenants: list[TenantKeys]) -> float:
        tracemalloc.start()
        try:
            for of in tenants:
                for email in EMAILS[:200]:
                    of.holder(email)
            return tracemalloc.get_traced_memory()[0] / 1_024
        finally:
            tracemalloc.stop()

    some, many = ([TenantKeys(f"tenant {number}", b"s", 8) for number in range(count)] for count in (40, 200))
    assert kilobytes(many) < 1.5 * kilobytes(some)
