"""Which call meets which fault: by chance, from a seed, and counted."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum
from random import Random

from tests.soak.wire_faults.aws_calls import AwsCall
from tests.soak.wire_faults.fault_answers import THROTTLES


class Fault(StrEnum):
    """What happens to a request; *done* tells those where AWS has done what was asked."""

    THROTTLED = "throttled"
    SERVER_ERROR = "5xx, not done"
    SERVER_ERROR_DONE = "5xx, done"
    CONFLICT = "conflict"
    PARTIAL = "part of a batch"
    RESET = "reset, not done"
    RESET_DONE = "reset, done"
    TRUNCATED = "truncated, done"
    HELD = "time-out, not done"
    HELD_DONE = "time-out, done"


#: AWS has done what was asked.
DONE = frozenset({Fault.SERVER_ERROR_DONE, Fault.RESET_DONE, Fault.TRUNCATED, Fault.HELD_DONE})
#: How often each is drawn, beside the others that can happen to a call.
_WEIGHTS = {
    Fault.THROTTLED: 20,
    Fault.SERVER_ERROR: 14,
    Fault.SERVER_ERROR_DONE: 14,
    Fault.CONFLICT: 12,
    Fault.PARTIAL: 30,
    Fault.RESET: 10,
    Fault.RESET_DONE: 14,
    Fault.TRUNCATED: 8,
}
_CONFLICTING = {"TransactWriteItems", "PutItem", "UpdateItem", "DeleteItem"}
_READS = {"GetItem", "TransactGetItems", "BatchGetItem", "Query", "GetObject", "HeadObject", "ListObjectsV2"}
#: Writes are fewer, and what may be lost or doubled.
_WRITES_MEET_TIMES_AS_MANY = 2
#: Out of so many calls, so many come in a storm.
_STORM_EVERY_CALLS, _STORM_CALLS = 400, 60
_BATCHES = {"BatchExecuteStatement", "BatchGetItem", "BatchWriteItem", "SendMessageBatch", "PutEvents"}


@dataclass
class FaultChoice:
    """Draws faults.

    Attributes:
        rate: the share of reads that meet a fault, of writes twice as many; 0 for none.
        storm_rate: the share of all calls while a storm lasts, in which clients run out of retries and functions fail.
        hold_weight: how often time-outs are drawn, beside the others' weights of 120 in all; each costs a function
            as many seconds as its client waits.
    """

    seed: int
    rate: float = 0.0
    storm_rate: float = 0.0
    hold_weight: float = 0.0
    calls: Counter[str] = field(default_factory=Counter)
    fired: Counter[tuple[str, str, str]] = field(default_factory=Counter)
    random: Random = field(init=False)

    def __post_init__(self) -> None:
        self.random = Random(self.seed)

    def draw(self, call: AwsCall) -> Fault | None:
        """The fault that this call meets; it counts once it is `fire`d."""
        self.calls[call.service] += 1
        if call.service not in THROTTLES or self.random.random() >= self._rate_of(call):
            return None
        weights = {fault: weight for fault, weight in self._weights().items() if _can_happen(fault, call)}
        return self.random.choices(list(weights), list(weights.values()))[0]

    def fire(self, call: AwsCall, fault: Fault) -> None:
        """Count a fault that has happened."""
        self.fired[call.service, call.operation, fault.value] += 1

    def _rate_of(self, call: AwsCall) -> float:
        if self.calls.total() % _STORM_EVERY_CALLS < _STORM_CALLS:
            return self.storm_rate
        return self.rate if call.operation in _READS else self.rate * _WRITES_MEET_TIMES_AS_MANY

    def _weights(self) -> dict[Fault, float]:
        return {**_WEIGHTS, Fault.HELD: self.hold_weight / 2, Fault.HELD_DONE: self.hold_weight / 2}


def _can_happen(fault: Fault, call: AwsCall) -> bool:
    if fault is Fault.CONFLICT:
        return call.operation in _CONFLICTING or (call.operation == "PutObject" and call.conditional)
    return fault is not Fault.PARTIAL or call.operation in _BATCHES
