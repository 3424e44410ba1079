"""Which contacts a filter means."""

from __future__ import annotations

from typing import Any
from unicodedata import normalize

import pytest
from hypothesis import given
from hypothesis import strategies as st

from contacts.domain.contact import Contact, Mark
from contacts.domain.contact_filter import AllOf, AnyOf, Condition, FilterOp, Not
from contacts.domain.contact_filter_conditions import FILTER_FIELDS, OPS, FieldKind
from contacts.domain.contact_filter_matching import contact_matcher

ID = "AbC".ljust(36, "x")
CREATED = "2026-01-31T09:30:00.000Z"


def contact(**values: Any) -> Contact:
    source = values.pop("externalSource", None)
    return Contact(
        id=ID,
        values=values,
        version=1,
        created_at=values.pop("createdAt", CREATED),
        updated_at=CREATED,
        created_by=Mark("job", 1),
        external_source=source,
    )


def holds(field: str, op: str, value: Any, **values: Any) -> bool:
    return contact_matcher(Condition(field, FilterOp(op), value))(contact(**values))


@pytest.mark.parametrize(
    ("op", "value", "company", "expected"),
    [
        ("equals", "acme", "Acme", True),
        ("equals", " ACME\t", "\u00a0Acme ", True),
        ("equals", "Acme", "Acme Ltd", False),
        ("equals", "a  b", "a b", False),
        ("equals", "STRASSE", "straße", True),
        ("equals", "zo\u00eb", "ZOE\u0308", True),
        ("equals", "Zoe", "Zoë", False),
        ("equals", "\u212a", "k", True),
        ("in", ("x", "ACME"), "acme", True),
        ("in", ("x", "acm"), "acme", False),
        ("contains", "CM", "acme", True),
        ("contains", " cm ", "acme", True),
        ("contains", "É", "caféhaus", True),
        ("contains", "x", "acme", False),
        ("startsWith", "AC", " acme", True),
        ("startsWith", "cm", "acme", False),
        # The accent belongs to the letter: it is no letter of its own that follows it.
        ("startsWith", "caf\u0065", "cafe\u0301", False),
        ("exists", True, "acme", True),
        ("exists", False, "acme", False),
    ],
)
@pytest.mark.parametrize("field", ["company", "customFields.company"])
def test_text(field, op, value, company, expected):
    values = {"company": company} if field == "company" else {"customFields": {"company": company}}
    assert holds(field, op, value, **values) is expected


@pytest.mark.parametrize(
    ("field", "value", "values", "expected"),
    [
        ("email", " ADA@Example.com", {"email": "Ada@example.COM"}, True),
        # As where contacts are matched by e-mail: these are two contacts.
        ("email", "strasse@x.io", {"email": "straße@x.io"}, False),
        ("id", ID, {}, True),
        ("id", ID.lower(), {}, False),
        ("externalSource", "bcc:j:1", {"externalSource": "bcc:j:1"}, True),
        ("externalSource", "bcc:J:1", {"externalSource": "bcc:j:1"}, False),
        ("engagement.opens", 3, {"engagement": {"opens": 3}}, True),
        ("engagement.opens", 3, {"engagement": {"opens": 4}}, False),
        ("engagement.opens", 0, {"engagement": {"opens": 0}}, True),
        ("engagement.opens", 3, {"engagement": {"clicks": 3}}, False),
    ],
)
@pytest.mark.parametrize("op", ["equals", "in"])
def test_e_mails_ids_and_numbers(op, field, value, values, expected):
    assert holds(field, op, (value,) if op == "in" else value, **values) is expected


@pytest.mark.parametrize(
    ("op", "value", "expected"),
    [
        ("greaterThan", 2, True),
        ("greaterThan", 3, False),
        ("lessThan", 4, True),
        ("lessThan", 3, False),
    ],
)
def test_numbers_are_compared_strictly(op, value, expected):
    assert holds("engagement.clicks", op, value, engagement={"clicks": 3}) is expected


@pytest.mark.parametrize(
    ("op", "value", "expected"),
    [
        ("hasAny", ("x", "fair"), True),
        ("hasAny", ("x", "fai"), False),
        ("hasAll", ("FAIR", " vip "), True),
        ("hasAll", ("fair", "x"), False),
        ("exists", True, True),
        ("exists", False, False),
    ],
)
def test_lists(op, value, expected):
    assert holds("tags", op, value, tags=["Fair", "VIP", "other"]) is expected
    assert holds("phones", op, value, phones=["Fair", "VIP", "other"]) is expected


def test_further_e_mails_compare_as_e_mails_do():
    assert holds("emails", "hasAny", ("A@x.io",), emails=["a@X.io"])
    assert not holds("emails", "hasAny", ("strasse@x.io",), emails=["straße@x.io"])


@pytest.mark.parametrize(
    ("bound", "before", "after"),
    [
        ("2026-01-31T09:30:00Z", False, False),
        ("2026-01-31T09:30:00.001Z", True, False),
        ("2026-01-31T09:29:59.999Z", False, True),
        ("2026-01-31T10:30+01:00", False, False),
        ("2026-01-31T10:31+01:00", True, False),
        # 31 January is all of it; what is on it is neither before nor after it.
        ("2026-01-31", False, False),
        ("2026-02-01", True, False),
        ("2026-01-30", False, True),
        ("9999-12-31", True, False),
        ("0001-01-01", False, True),
    ],
)
def test_timestamps(bound, before, after):
    engaged = {"engagement": {"lastEngagedAt": "2026-01-31T10:30+01:00"}}
    for field in ("createdAt", "updatedAt", "engagement.lastEngagedAt"):
        assert (holds(field, "before", bound, **engaged), holds(field, "after", bound, **engaged)) == (before, after)


@pytest.mark.parametrize(
    ("engaged", "before", "after"),
    [
        # The last instant of the 30th, the first of the 31st and of the 1st, told from elsewhere.
        ("2026-01-31T00:59:59.999999+01:00", True, False),
        ("2026-01-31T01:00:00+01:00", False, False),
        ("2026-02-01T00:59:59.999999+01:00", False, False),
        ("2026-02-01T01:00:00+01:00", False, True),
        # PATCH takes these, too: without an offset they are in UTC.
        ("2026-01-30T23:59", True, False),
        ("2026-01-31", False, False),
        ("20260201T00", False, True),
        ("0001-01-01T00:00:00+05:00", True, False),
        ("9999-12-31T23:59:59-05:00", False, True),
        ("not a timestamp", False, False),
    ],
)
def test_a_date_stands_for_the_whole_day_in_utc(engaged, before, after):
    held = {"engagement": {"lastEngagedAt": engaged}}
    found = [holds("engagement.lastEngagedAt", op, "2026-01-31", **held) for op in ("before", "after")]
    assert found == [before, after]


_VALUE = {FieldKind.TEXT: "x", FieldKind.TEXT_LIST: "x", FieldKind.NUMBER: 0, FieldKind.TIMESTAMP: "2026-01-31"}
_OF_A_BARE_CONTACT = {"id", "createdAt", "updatedAt"}


@pytest.mark.parametrize("field", [*sorted(set(FILTER_FIELDS) - _OF_A_BARE_CONTACT), "customFields.colour"])
@pytest.mark.parametrize("others", [{}, {"customFields": {"x": "1"}, "engagement": {"x": 1}}], ids=["bare", "others"])
def test_a_field_without_a_value_fulfils_nothing_but_that_it_is_absent(field, others):
    kind = FILTER_FIELDS.get(field, FieldKind.TEXT)
    bare = contact(**others)
    for op in OPS[kind]:
        if op is not FilterOp.EXISTS:
            given_value = (_VALUE[kind],) if op in {FilterOp.IN, FilterOp.HAS_ANY, FilterOp.HAS_ALL} else _VALUE[kind]
            condition = Condition(field, op, given_value)
            assert not contact_matcher(condition)(bare), op
            assert contact_matcher(Not(condition))(bare), op
    assert not holds(field, "exists", True, **others)
    assert holds(field, "exists", False, **others)


TRUE, FALSE = Condition("id", FilterOp.EXISTS, True), Condition("id", FilterOp.EXISTS, False)


@pytest.mark.parametrize(
    ("filter_", "expected"),
    [
        (None, True),
        (TRUE, True),
        (Not(TRUE), False),
        (AllOf((TRUE, TRUE)), True),
        (AllOf((FALSE, TRUE)), False),
        (AllOf((TRUE, FALSE)), False),
        (AnyOf((FALSE, TRUE)), True),
        (AnyOf((TRUE, FALSE)), True),
        (AnyOf((FALSE, FALSE)), False),
        (AllOf((TRUE, AnyOf((FALSE, Not(FALSE))))), True),
    ],
)
def test_and_or_not(filter_, expected):
    assert contact_matcher(filter_)(contact()) is expected


visible = st.text(min_size=1).filter(lambda text: text.strip() != "")


@given(visible)
def test_the_same_text_is_found_however_it_is_encoded(text):
    for form in ("NFC", "NFD"):
        for op in ("equals", "contains", "startsWith"):
            assert holds("notes", op, f" {normalize(form, text)}\n", notes=text)


@given(visible, visible)
def test_text_within_a_text_is_found(text, other):
    # Between blanks, so that no accent joins what stands beside it.
    assert holds("notes", "contains", text, notes=f"{other} {text} {other}")
    assert holds("notes", "startsWith", text, notes=f"{text} {other}")


@given(st.lists(visible, min_size=1, max_size=5), st.lists(visible, min_size=1, max_size=5))
def test_any_and_all_are_made_of_single_ones(wanted, tags):
    single = [holds("tags", "hasAny", (each,), tags=tags) for each in wanted]
    assert holds("tags", "hasAny", tuple(wanted), tags=tags) is any(single)
    assert holds("tags", "hasAll", tuple(wanted), tags=tags) is all(single)
