"""Jobs that are out of luck: their workers fail at every try, until others have closed their parts and slices.

Faults by chance hardly ever meet every try of a worker. What others then find out from plans and contacts would go
untried.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum
from random import Random
from zlib import crc32

from tests.soak.wire_faults.aws_calls import AwsCall
from tests.soak.wire_faults.fault_choice import Fault


class Doom(StrEnum):
    """What no worker of a job gets done."""

    OUTCOMES = "outcomes can't be stored"
    CONTACTS = "contacts can't be written"


_PLAN = re.compile(r"/(?:undo/[^/]+/(?P<imported>[^/]+)/part-|bulk/[^/]+/(?P<bulk>[^/]+)/plans/slice-)")
_OUTCOMES = re.compile(r"/(?:results/[^/]+/(?P<imported>[^/]+)/parts/part-|bulk/[^/]+/(?P<bulk>[^/]+)/outcomes/slice-)")
#: How often workers come to store the outcomes of a part (import.asl.yaml) or a slice (maxReceiveCount of its queue),
#: times the tries of the SDK.
_REQUESTS_TO_STORE = {"imported": 7 * 4, "bulk": 5 * 4}
_NOT_DONE = (Fault.THROTTLED, Fault.SERVER_ERROR, Fault.RESET)
_UNCLEAR = (*_NOT_DONE, Fault.SERVER_ERROR_DONE, Fault.RESET_DONE)


@dataclass
class DoomedJobs:
    """Says which calls must fail. A job is known by the first plan of it that is stored.

    Attributes:
        one_in: how many jobs there are to one that is doomed; 0 for none.
        dooms: of the jobs that are.
    """

    seed: int
    one_in: int = 0
    dooms: dict[str, Doom] = field(default_factory=dict)
    _failed: Counter[str] = field(default_factory=Counter)
    _begun: set[str] = field(default_factory=set)
    _closed: set[str] = field(default_factory=set)

    def fault(self, call: AwsCall, random: Random) -> Fault | None:
        """What has to happen to the call; None where it is not for a doomed job, or the doom is over."""
        if call.operation == "PutObject":
            return self._of_object(call.path, random)
        if call.operation == "BatchExecuteStatement":
            return self._of_contacts(call.body, random)
        return None

    def numbers(self) -> Counter[str]:
        """How many jobs are doomed, by their doom."""
        return Counter(doom.value for doom in self.dooms.values())

    def _of_object(self, path: str, random: Random) -> Fault | None:
        plan, outcomes = _PLAN.search(path), _OUTCOMES.search(path)
        if plan is not None:
            self._meet(_job(plan))
        if outcomes is None:
            return None
        job, kind = _job(outcomes), str(outcomes.lastgroup)
        # Whoever comes as far is no worker, or one whose contacts went into a single batch.
        self._closed.add(job)
        if self.dooms.get(job) is not Doom.OUTCOMES or self._failed[path] == _REQUESTS_TO_STORE[kind]:
            return None
        self._failed[path] += 1
        return random.choice(_NOT_DONE)

    def _of_contacts(self, body: bytes, random: Random) -> Fault | None:
        """A job's first batch passes: some contacts are there, some may be, others are not."""
        for job, doom in self.dooms.items():
            if doom is not Doom.CONTACTS or job in self._closed or job.encode() not in body:
                continue
            if job not in self._begun:
                self._begun.add(job)
                return None
            return random.choice(_UNCLEAR)
        return None

    def _meet(self, job: str) -> None:
        chance = crc32(f"{self.seed} {job}".encode())
        if self.one_in and chance % self.one_in == 0:
            self.dooms[job] = list(Doom)[chance // self.one_in % len(Doom)]


def _job(found: re.Match[str]) -> str:
    return found["imported"] or found["bulk"]
