"""Units packed into transactions, against a table that refuses and conflicts as it is told to."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from contacts.adapters.backoff import Backoff
from contacts.adapters.dynamodb.contact_keys import Key
from contacts.adapters.dynamodb.contact_retries import Patience
from contacts.adapters.dynamodb.contact_transactions import Put, Remove, Unit, run_units
from contacts.domain.contact_write import WriteResult
from tests.support.client_wrappers import client_error

WRITTEN, REFUSED, UNKNOWN = WriteResult.WRITTEN, WriteResult.REFUSED, WriteResult.UNKNOWN


class Table:
    """`reason` says why an action on a sort key is refused, at its nth sending; all or nothing, as DynamoDB does."""

    def __init__(self, reason: Callable[[str, int], str] = lambda *_: "None") -> None:
        self._reason = reason
        self.requests: list[list[dict[str, Any]]] = []
        self.sent: list[list[str]] = []

    def transact_write_items(self, TransactItems: list[dict[str, Any]]) -> dict[str, Any]:  # noqa: N803
        self.requests.append(TransactItems)
        self.sent.append([_sort_key(action) for action in TransactItems])
        assert len(self.sent[-1]) == len(set(self.sent[-1])) <= 100
        flat = [key for keys in self.sent for key in keys]
        reasons = tuple(self._reason(key, flat.count(key)) for key in self.sent[-1])
        if set(reasons) != {"None"}:
            raise client_error("TransactionCanceledException", reasons=reasons)
        return {}


def _sort_key(action: dict[str, Any]) -> str:
    ((kind, parameters),) = action.items()
    attributes = parameters["Item"] if kind == "Put" else parameters["Key"]
    return str(attributes["sk"]["S"])


def run(table: Any, units: list[Unit]) -> tuple[list[WriteResult], int]:
    pauses: list[float] = []
    return run_units(table, "t", units, Patience(Backoff(sleep=pauses.append))), len(pauses)


def key(name: str) -> Key:
    return Key("p", name)


def put(name: str) -> Put:
    return Put({"pk": {"S": "p"}, "sk": {"S": name}})


def unit(*names: str, size: int = 1, holder: str | None = None) -> Unit:
    actions = {key(name): put(name) if number % 2 == 0 else Remove() for number, name in enumerate(names)}
    return Unit(actions, size, holder=key(holder) if holder else None, twin_id=names[0])


def refuse(*names: str) -> Callable[[str, int], str]:
    return lambda name, _: "ConditionalCheckFailed" if name in names else "None"


def test_units_travel_together_up_to_a_hundred_actions() -> None:
    table = Table()
    assert run(table, [unit(f"{n}", f"{n}'") for n in range(120)]) == ([WRITTEN] * 120, 0)
    assert [len(sent) for sent in table.sent] == [100, 100, 40]


def test_units_stay_below_four_megabytes() -> None:
    table = Table()
    assert run(table, [unit(f"{n}", size=1_000_000) for n in range(7)]) == ([WRITTEN] * 7, 0)
    assert [len(sent) for sent in table.sent] == [3, 3, 1]


def test_a_unit_above_the_limit_goes_alone() -> None:
    assert run(Table(), [unit("a", size=9_000_000), unit("b")]) == ([WRITTEN] * 2, 0)


def test_units_about_the_same_item_go_one_after_the_other() -> None:
    table = Table()
    assert run(table, [unit("a", "x"), unit("b", "x"), unit("c", holder="x")]) == ([WRITTEN] * 3, 0)
    assert table.sent == [["a", "x"], ["b", "x"], ["c", "x"]]


def test_twins_of_one_holder_share_its_update() -> None:
    table = Table()
    assert run(table, [unit(f"{n}", holder=f"h{n % 2}") for n in range(5)]) == ([WRITTEN] * 5, 0)
    assert table.sent == [["0", "1", "2", "3", "4", "h0", "h1"]]
    update = table.requests[0][5]["Update"]
    ids = {name: value["S"] for name, value in update["ExpressionAttributeValues"].items() if name.startswith(":id")}
    assert sorted(ids.values()) == ["0", "2", "4"]
    assert all(name in update["ConditionExpression"] for name in ids)


def test_a_hundred_actions_count_the_holders() -> None:
    table = Table()
    assert run(table, [unit(f"{n}", holder=f"h{n}") for n in range(60)]) == ([WRITTEN] * 60, 0)
    assert [len(sent) for sent in table.sent] == [100, 20]


def test_one_that_is_refused_takes_no_other_with_it() -> None:
    table = Table(refuse("3", "7"))
    results, pauses = run(table, [unit(f"{n}") for n in range(10)])
    assert results == [REFUSED if n in {3, 7} else WRITTEN for n in range(10)]
    assert pauses == 0
    assert sorted(map(len, table.sent)) == [1, 1, 8, 10]


def test_a_twin_is_refused_for_its_own_reason_alone() -> None:
    table = Table(refuse("0"))
    assert run(table, [unit("0", holder="h"), unit("1", holder="h")])[0] == [REFUSED, WRITTEN]


def test_a_holder_that_is_gone_refuses_all_its_twins() -> None:
    table = Table(refuse("h"))
    units = [unit("0", holder="h"), unit("1", holder="h"), unit("2", holder="g")]
    assert run(table, units)[0] == [REFUSED, REFUSED, WRITTEN]


@pytest.mark.parametrize("code", ["TransactionConflict", "ThrottlingError", "ProvisionedThroughputExceeded"])
def test_who_is_only_in_the_way_is_waited_for(code: str) -> None:
    table = Table(lambda name, times: code if name == "1" and times < 4 else "None")
    assert run(table, [unit("0"), unit("1")]) == ([WRITTEN] * 2, 3)


def test_a_conflict_beside_a_refusal_is_not_taken_for_one() -> None:
    def reason(name: str, times: int) -> str:
        if name == "0":
            return "ConditionalCheckFailed"
        return "TransactionConflict" if times == 1 else "None"

    assert run(Table(reason), [unit("0"), unit("1")])[0] == [REFUSED, WRITTEN]


def test_a_lost_answer_leaves_the_whole_group_unknown_and_is_not_sent_again() -> None:
    class Silent:
        calls = 0

        def transact_write_items(self, **_: Any) -> Any:
            self.calls += 1
            raise client_error("InternalServerError", status=500)

    silent = Silent()
    assert run(silent, [unit("a"), unit("b")]) == ([UNKNOWN] * 2, 0)
    assert silent.calls == 1


def test_a_request_that_can_never_work_is_raised() -> None:
    with pytest.raises(ClientError):
        run(Table(lambda *_: "ValidationError"), [unit("a")])
