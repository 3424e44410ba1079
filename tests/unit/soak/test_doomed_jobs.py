"""Doomed jobs fail until others close them, and only they."""

from __future__ import annotations

from random import Random

import pytest

from tests.soak.wire_faults.aws_calls import AwsCall
from tests.soak.wire_faults.doomed_jobs import Doom, DoomedJobs
from tests.soak.wire_faults.fault_choice import DONE, Fault

_PLANS = {"import": "/bucket/undo/t%2F1/{}/part-00002/round-000.json", "bulk": "/bulk/t/{}/plans/slice-00001/round-000"}
_OUTCOMES = {"import": "/bucket/results/t%2F1/{}/parts/part-00002.json", "bulk": "/bulk/t/{}/outcomes/slice-00001.json"}
_TRIES = {"import": 28, "bulk": 20}
_NOBODYS = (
    "/bucket/undo/t/{}/rollback-0001/part-00002/round-000.json",
    "/bucket/results/t/{}/rollback-0001/keep/part-00002.json",
    "/bucket/results/t/{}/results.csv",
    "/bucket/bulk/t/{}/entries.jsonl",
)


def doomed_to(doom: Doom) -> str:
    """A job's id that is."""
    for number in range(1_000):
        job, jobs = f"job-{number}", DoomedJobs(seed=1, one_in=3)
        put(jobs, _PLANS["bulk"], job)
        if jobs.dooms == {job: doom}:
            return job
    raise AssertionError(doom)


def put(jobs: DoomedJobs, path: str, job: str) -> Fault | None:
    return jobs.fault(AwsCall("s3", "PutObject", b"", path=path.format(job)), Random(1))


def write(jobs: DoomedJobs, job: str) -> Fault | None:
    return jobs.fault(AwsCall("dynamodb", "BatchExecuteStatement", f'{{"S": "{job}:1"}}'.encode()), Random(1))


@pytest.mark.parametrize("kind", ["import", "bulk"])
def test_outcomes_are_not_stored_as_often_as_workers_try(kind: str) -> None:
    jobs, job = DoomedJobs(seed=1, one_in=3), doomed_to(Doom.OUTCOMES)
    assert put(jobs, _PLANS[kind], job) is None
    assert write(jobs, job) is None
    met = [put(jobs, _OUTCOMES[kind], job) for _ in range(_TRIES[kind])]
    assert not {None, *DONE} & set(met)
    assert put(jobs, _OUTCOMES[kind], job) is None
    assert jobs.numbers() == {Doom.OUTCOMES.value: 1}


def test_contacts_are_not_written_until_somebody_comes_to_the_outcomes() -> None:
    jobs, job = DoomedJobs(seed=1, one_in=3), doomed_to(Doom.CONTACTS)
    put(jobs, _PLANS["bulk"], job)
    assert write(jobs, job) is None
    assert None not in [write(jobs, job) for _ in range(50)]
    assert write(jobs, "another") is None
    assert put(jobs, _OUTCOMES["bulk"], job) is None
    assert write(jobs, job) is None


def test_a_job_whose_contacts_went_into_one_batch_was_lucky() -> None:
    jobs, job = DoomedJobs(seed=1, one_in=3), doomed_to(Doom.CONTACTS)
    put(jobs, _PLANS["import"], job)
    assert [write(jobs, job), put(jobs, _OUTCOMES["import"], job), write(jobs, job)] == [None] * 3


@pytest.mark.parametrize("path", _NOBODYS)
def test_other_objects_of_a_job_are_stored(path: str) -> None:
    jobs, job = DoomedJobs(seed=1, one_in=1), doomed_to(Doom.OUTCOMES)
    assert put(jobs, path, job) is None
    assert jobs.dooms == {}


def test_one_in_so_many_is_doomed_and_none_before_it_is_asked_for() -> None:
    none, some = DoomedJobs(seed=7), DoomedJobs(seed=7, one_in=10)
    for number in range(2_000):
        for jobs in (none, some):
            put(jobs, _PLANS["import"], f"job-{number}")
    assert not none.dooms
    assert 120 < len(some.dooms) < 280
    assert set(some.dooms.values()) == set(Doom)
