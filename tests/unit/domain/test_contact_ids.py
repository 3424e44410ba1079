from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contacts.adapters.dynamodb.contact_keys import TenantKeys
from contacts.domain.contact import Mark
from contacts.domain.contact_ids import is_contact_id, route_of_id

tenants = st.builds(TenantKeys, st.just("acme"), st.binary(min_size=1, max_size=64), st.just(8))
marks = st.builds(Mark, st.text(max_size=8), st.integers(1, 10**6))


@given(tenant=tenants, email=st.text(min_size=1, max_size=20), mark=marks)
def test_an_id_has_the_route_of_the_email_it_was_made_with(tenant, email, mark):
    assert route_of_id(tenant.contact_id(email, mark)) == tenant.route(email)


@given(tenant=tenants, mark=marks)
def test_every_id_can_be_one(tenant, mark):
    for email in ("a@x.io", None):
        assert is_contact_id(tenant.contact_id(email, mark))
        assert 0 <= route_of_id(tenant.contact_id(email, mark)) < 2**32


@pytest.mark.parametrize("text", ["", "a" * 35, "a" * 37, "A" * 36, "1" * 36, "a" * 35 + "\n", "ä" * 36])
def test_what_can_be_none(text):
    assert not is_contact_id(text)
