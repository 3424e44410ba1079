"""A local stack whose functions reach AWS through the fault proxy, and whose long waits are a tenth as long."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import httpx

from local.ephemeral import free_port
from local.settings import ROOT, STACK_NAME, Settings
from local.stack import down, up
from tests.e2e.http_client import ANSWER_SECONDS
from tests.soak.wire_faults.fault_proxy import CONTROL_PATH, HOST

#: How many times as fast as on AWS time goes by: for what state machines wait between tries, what queues hide a
#: message for, how long functions may run, and how old the sweeper takes jobs to be. The SDK's own time-outs stay.
TEMPO = 10
#: Functions and queues of which a time-out or a visibility is divided; API functions have 29 seconds as ever.
_WORKERS = {
    "StageImportFunction": 900,
    "ApplyImportPartFunction": 300,
    "FinishImportFunction": 900,
    "PrepareRollbackFunction": 900,
    "RollBackPartFunction": 300,
    "FinishRollbackFunction": 900,
    "WriteExportFunction": 900,
    "FailExportFunction": 300,
}
#: Slices have 60 seconds, their messages six times that. A tenth would be less than a client's time-out.
_SLICE_SECONDS, _SLICE_VISIBILITY_SECONDS = 30, 36
_ERROR = '"level":"ERROR"'
_SLICE_WORKERS = ("CreateBulkSliceFunction", "DeleteBulkSliceFunction", "CloseBulkSlicesFunction")


@dataclass(frozen=True)
class SoakStack:
    """The stack, as clients and operators see it: not through the proxy."""

    stack: dict[str, Any]
    directory: Path
    proxy: str

    def client(self, service: str) -> Any:
        session = boto3.Session(
            self.stack["accessKeyId"], self.stack["secretAccessKey"], region_name=self.stack["region"]
        )
        return session.client(service, endpoint_url=self.stack["awsEndpoint"])

    def resource(self, name: str) -> str:
        return str(self.stack["resources"][name])

    def set_fault_rate(self, rate: float, storm_rate: float, doom_one_in: int = 0) -> None:
        """One in so many jobs, from now on, is a `doomed_jobs` one; those that are stay so."""
        wanted = {"rate": rate, "stormRate": storm_rate, "doomOneIn": doom_one_in}
        httpx.put(self.proxy + CONTROL_PATH, json=wanted, timeout=ANSWER_SECONDS, trust_env=False).raise_for_status()

    def failures(self) -> Counter[str]:
        """How often functions have failed, by name: what they have logged as an error."""
        logs, found = self.client("logs"), Counter[str]()
        for page in logs.get_paginator("describe_log_groups").paginate(logGroupNamePrefix="/aws/lambda/"):
            for group in page["logGroups"]:
                name = group["logGroupName"]
                for events in logs.get_paginator("filter_log_events").paginate(logGroupName=name):
                    errors = sum(_ERROR in event["message"] for event in events["events"])
                    found[name.rpartition("/")[2].removeprefix(f"{STACK_NAME}-")] += errors
        return +found

    def faults(self) -> tuple[dict[str, int], Counter[tuple[str, str, str]]]:
        """Calls by service, and faults by service, operation and kind."""
        told = self._told()
        return told["calls"], Counter({tuple(what): number for *what, number in told["fired"]})

    def doomed_jobs(self) -> dict[str, int]:
        """How many jobs no worker could end, by the reason."""
        return dict(self._told()["doomed"])

    def _told(self) -> dict[str, Any]:
        return dict(httpx.get(self.proxy + CONTROL_PATH, timeout=ANSWER_SECONDS, trust_env=False).json())


@contextmanager
def soak_stack(directory: Path, *, seed: int, port: int | None = None, hold_weight: float = 0.0) -> Iterator[SoakStack]:
    """A fresh stack behind a fresh proxy that lets everything pass yet; both end with the block."""
    engine_port = port or free_port()
    proxy_port = port + 1 if port else free_port()
    upstream, proxy = f"http://{HOST}:{engine_port}", f"http://{HOST}:{proxy_port}"
    command = [sys.executable, "-m", "tests.soak.wire_faults.fault_proxy", "--port", str(proxy_port)]
    command += ["--upstream", upstream, "--seed", str(seed), "--hold-weight", str(hold_weight)]
    settings = Settings(
        port=engine_port,
        directory=directory,
        template=ROOT / "template.yaml",
        keeps_state=False,
        functions_endpoint=proxy,
    )
    with subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        assert process.stdout.readline(), "the proxy did not start"
        try:
            running = SoakStack(up(settings).stack, directory, proxy)
            _hurry(running)
            yield running
        finally:
            down(settings)
            assert process.stdin is not None
            process.stdin.close()


def _hurry(stack: SoakStack) -> None:
    configuration = {"stepfunctions._SFN_WAIT_SCALE": 1 / TEMPO}
    address = f"{stack.stack['awsEndpoint']}/_ministack/config"
    applied = httpx.post(address, json=configuration, timeout=ANSWER_SECONDS, trust_env=False).json()["applied"]
    assert applied == configuration, applied
    functions, queues = stack.client("lambda"), stack.client("sqs")
    seconds = {name: whole // TEMPO for name, whole in _WORKERS.items()}
    for name, timeout in {**seconds, **dict.fromkeys(_SLICE_WORKERS, _SLICE_SECONDS)}.items():
        functions.update_function_configuration(FunctionName=stack.resource(name), Timeout=timeout)
    for address in queues.list_queues()["QueueUrls"]:
        attributes = {"VisibilityTimeout": str(_SLICE_VISIBILITY_SECONDS)}
        queues.set_queue_attributes(QueueUrl=address, Attributes=attributes)
