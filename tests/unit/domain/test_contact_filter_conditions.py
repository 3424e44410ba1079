"""What a field can be asked, and what with."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from contacts.domain.contact_fields import TEXT_FIELDS
from contacts.domain.contact_filter import FilterOp
from contacts.domain.contact_filter_conditions import FieldKind, day_or_instant, field_kind, value_problems


@pytest.mark.parametrize(
    ("field", "kind"),
    [
        *((name, FieldKind.TEXT) for name in (*TEXT_FIELDS, "id", "externalSource")),
        *((f"customFields.{name}", FieldKind.TEXT) for name in ("a", "Größe 2_b-c", "x" * 64)),
        *((name, FieldKind.TEXT_LIST) for name in ("tags", "emails", "phones")),
        *((f"engagement.{name}", FieldKind.NUMBER) for name in ("emailsSent", "opens", "clicks")),
        *((name, FieldKind.TIMESTAMP) for name in ("createdAt", "updatedAt", "engagement.lastEngagedAt")),
        *(
            (name, None)
            for name in (
                "",
                "Email",
                "segmentId",
                "collectionId",
                "segments",
                "addresses",
                "customFields",
                "customFields.",
                "customFields.1st",
                "customFields.a.b",
                "customFields." + "x" * 65,
                "engagement",
                "engagement.x",
                "createdBy",
                "tenantId",
                "values",
            )
        ),
    ],
)
def test_fields(field, kind):
    assert field_kind(field) is kind


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("2026-01-31", date(2026, 1, 31)),
        ("2024-02-29", date(2024, 2, 29)),
        ("2026-01-31T09:30Z", datetime(2026, 1, 31, 9, 30, tzinfo=UTC)),
        ("2026-01-31T09:30:15.5+02:00", datetime(2026, 1, 31, 7, 30, 15, 500_000, UTC)),
        ("2026-01-31T00:00:00-23:59", datetime(2026, 1, 31, 23, 59, tzinfo=UTC)),
        ("2026-02-30", None),
        ("2026-02-30T00:00Z", None),
        ("2026-01-31T24:00:00Z", None),
        ("2026-01-31T09:60Z", None),
        ("2026-01-31T09:30:60Z", None),
        ("2026-01-31T09:30:00", None),
        ("2026-01-31 09:30:00Z", None),
        ("2026-01-31T09Z", None),
        ("2026-01-31T09:30+0100", None),
        ("2026-01-31T09:30+24:00", None),
        ("20260131", None),
        ("2026-W05", None),
        ("2026-1-31", None),
        ("\uff12026-01-31", None),
        ("2026-01-31\n", None),
        ("0001-01-01T00:00+01:00", None),
        ("9999-12-31T23:59-01:00", None),
        ("yesterday", None),
        ("", None),
    ],
)
def test_timestamps_of_a_condition(text, found):
    assert day_or_instant(text) == found


TEXT, TEXTS, NUMBER, TIME = FieldKind.TEXT, FieldKind.TEXT_LIST, FieldKind.NUMBER, FieldKind.TIMESTAMP


@pytest.mark.parametrize(
    ("kind", "op", "value", "places"),
    [
        (TEXT, "equals", "x", []),
        (TEXT, "equals", "x" * 1_024, []),
        (TEXT, "equals", "x" * 1_025, [()]),
        (TEXT, "equals", "", [()]),
        (TEXT, "contains", " \t\u00a0", [()]),
        (TEXT, "equals", 1, [()]),
        (TEXT, "equals", True, [()]),
        (TEXT, "equals", ["x"], [()]),
        (TEXT, "equals", {}, [()]),
        (TEXT, "in", ["x", "y"], []),
        (TEXT, "in", "x", [()]),
        (TEXT, "in", [], [()]),
        (TEXT, "in", {"x": 1}, [()]),
        (TEXT, "in", ["x", "", None, "y" * 1_025], [(1,), (2,), (3,)]),
        (TEXTS, "hasAny", ["x"], []),
        (TEXTS, "hasAny", "x", [()]),
        (TEXTS, "hasAll", [], [()]),
        (TEXTS, "hasAll", ["x", ["y"]], [(1,)]),
        (NUMBER, "equals", 0, []),
        (NUMBER, "lessThan", -1, []),
        (NUMBER, "equals", 2**53 - 1, []),
        (NUMBER, "equals", 2**53, [()]),
        (NUMBER, "equals", 1.5, [()]),
        (NUMBER, "equals", "1", [()]),
        (NUMBER, "equals", True, [()]),
        (NUMBER, "in", [1, "2"], [(1,)]),
        (TIME, "before", "2026-01-31", []),
        (TIME, "after", "yesterday", [()]),
        (TIME, "after", 1_769_000_000, [()]),
        *((kind, "exists", value, []) for kind in FieldKind for value in (True, False)),
        *((kind, "exists", value, [()]) for kind in FieldKind for value in (1, "true", [True])),
    ],
)
def test_values(kind, op, value, places):
    found = list(value_problems(kind, FilterOp(op), value))
    assert [place for place, _ in found] == places
    assert all(message for _, message in found)
