"""Key conditions are judged as the engine judges them, without its work for each item."""

from typing import Any

import pytest
from ministack.services import dynamodb

from local.engine.key_conditions import comparing_texts

PLAIN, BOTH = "pk = :p", "pk = :p AND begins_with(sk, :s)"
ITEMS: list[dict[str, Any]] = [
    {"pk": {"S": "a"}, "sk": {"S": "slot-1"}},
    {"pk": {"S": "a"}, "sk": {"S": "other"}},
    {"pk": {"S": "ab"}, "sk": {"S": "slot-1"}},
    {"pk": {"S": "a"}},
    {"sk": {"S": "slot-1"}},
    {"pk": {"N": "1.0"}, "sk": {"S": "slot-1"}},
]


@pytest.mark.parametrize(
    ("expression", "values", "quick"),
    [
        (PLAIN, {":p": {"S": "a"}}, True),
        (BOTH, {":p": {"S": "a"}, ":s": {"S": "slot"}}, True),
        (BOTH, {":p": {"S": "a"}, ":s": {"S": "slot-12"}}, True),
        (PLAIN, {":p": {"N": "1"}}, False),
        ("pk = :p AND sk < :s", {":p": {"S": "a"}, ":s": {"S": "q"}}, False),
        ("pk = :p AND #s = :s", {":p": {"S": "a"}, ":s": {"S": "other"}}, False),
    ],
)
def test_a_plain_condition_holds_where_the_engine_says_so(
    expression: str, values: dict[str, Any], *, quick: bool
) -> None:
    asked: list[object] = []

    def engine(*arguments: Any, slot: str) -> bool:
        asked.append(arguments)
        return bool(dynamodb._evaluate_condition(*arguments, slot=slot))

    evaluate, names = comparing_texts(engine), {"#s": "sk"}
    for item in ITEMS:
        expected = dynamodb._evaluate_condition(expression, item, values, names, slot="KeyConditionExpression")
        assert evaluate(expression, item, values, names, slot="KeyConditionExpression") is expected
    assert len(asked) == (1 if quick else len(ITEMS))


def test_what_the_engine_refuses_is_refused_each_time() -> None:
    evaluate = comparing_texts(dynamodb._evaluate_condition)
    for _ in range(2):
        with pytest.raises(ValueError, match="reserved keyword"):
            evaluate("status = :p", ITEMS[0], {":p": {"S": "a"}}, {}, slot="KeyConditionExpression")


def test_other_conditions_stay_the_engines() -> None:
    evaluate = comparing_texts(dynamodb._evaluate_condition)
    for _ in range(2):  # numbers are equal in whatever way they are written
        assert evaluate("pk = :p", {"pk": {"N": "1.0"}}, {":p": {"N": "1"}}, {})
