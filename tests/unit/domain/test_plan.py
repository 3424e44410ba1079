from __future__ import annotations

import orjson
import pytest

from contacts.domain.contact import Contact, Mark
from contacts.domain.contact_write import Delete, Insert, InsertTwin, Update
from contacts.domain.plan import Plan, PlannedWrite, Settled, plan_from_record, plan_to_record, settle_rounds
from contacts.domain.rows import Outcome, RowError, RowOutcome

MARK = Mark("job", 3)


def contact(**changes):
    return Contact(
        **{
            "id": "i" * 36,
            "values": {"email": "a@x.io", "tags": ["t"], "customFields": {"a": "1"}, "engagement": {"opens": 2}},
            "version": 4,
            "created_at": "2026-01-01T00:00:00.000Z",
            "updated_at": "2026-01-02T00:00:00.000Z",
            "created_by": Mark("other", 9),
            "written_by": (Mark("other", 9), MARK),
            "external_source": "bulk",
            "segments": ("s1", "s2"),
            **changes,
        }
    )


def write(row, kind=Insert):
    return PlannedWrite(kind(contact()), (RowOutcome(row, Outcome.CREATED, "i" * 36),))


@pytest.mark.parametrize(
    "planned",
    [
        Insert(contact(external_source=None, written_by=(), segments=())),
        InsertTwin(contact()),
        Update(contact(), contact(version=5), MARK),
        Update(contact(), contact(version=5)),
        Delete(contact(), MARK),
        Delete(contact()),
    ],
    ids=lambda planned: f"{type(planned).__name__} {getattr(planned, 'mark', '')}",
)
def test_a_plan_comes_back_from_json_as_it_was(planned):
    plan = Plan(
        [PlannedWrite(planned, (RowOutcome(3, Outcome.UPDATED, "i" * 36), RowOutcome(5, Outcome.UPDATED, "i" * 36)))],
        [RowOutcome(6, Outcome.SKIPPED, "i" * 36, "DUPLICATE")],
        [RowError(7, "E-mail", "bad", "EMAIL_INVALID", "no", ["bad", ""])],
    )
    assert plan_from_record(orjson.loads(orjson.dumps(plan_to_record(plan)))) == plan


def test_a_plan_with_an_unknown_operation_is_refused():
    with pytest.raises(ValueError, match="unknown operation 'merge'"):
        plan_from_record({"writes": [{"op": "merge", "outcomes": []}], "outcomes": [], "errors": []})


def test_the_latest_mention_of_a_row_holds():
    skipped = RowOutcome(1, Outcome.SKIPPED, "h" * 36, "DUPLICATE")
    error = RowError(3, None, None, "CONTACT_TOO_LARGE", "no")
    again = write(2, InsertTwin)
    settled = settle_rounds([Plan([write(1), write(2), write(3), write(4)], [], []), Plan([again], [skipped], [error])])
    assert settled.writes == [write(4), again]
    assert settled.errors == [error]
    assert [(each.row, each.outcome, each.reason) for each in settled.outcomes] == [
        (1, "skipped", "DUPLICATE"),
        (2, "created", ""),
        (3, "error", "CONTACT_TOO_LARGE"),
        (4, "created", ""),
    ]


def test_an_outcome_or_error_of_an_early_round_that_was_overtaken_is_forgotten():
    early = Plan([], [RowOutcome(1, Outcome.UPDATED, "x")], [RowError(2, None, None, "E", "e")])
    late = Plan([write(1), write(2)], [], [])
    settled = settle_rounds([early, late])
    assert (settled.errors, len(settled.outcomes), {o.outcome for o in settled.outcomes}) == ([], 2, {"created"})


def test_no_rounds_come_to_nothing():
    assert settle_rounds([]) == Settled([], [], [])
