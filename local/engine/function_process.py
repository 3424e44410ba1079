"""Function processes: one Lambda execution environment each, in place of the engine's own.

What the engine's do not do: pass the type of an exception on (a Catch on it would never match), survive an exception,
keep the operator's environment out, hide libraries the function does not carry, share unpacked code between processes
(so that bytecode is compiled once), and know where an invocation's log ends without waiting.
"""

import contextlib
import hashlib
import io
import json
import logging
import os
import queue
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import uuid
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ministack.core import lambda_runtime
from ministack.services import lambda_svc

from local.engine.fair_places import FairPlaces
from local.engine.runtime_modules import hidden_modules

logger = logging.getLogger("local.functions")

_BOOTSTRAP = Path(__file__).with_name("function_bootstrap.py")
_LOG_END = "\x1eEND "
_LOG_WAIT_SECONDS = 0.5  # only a process that died mid-way makes anybody wait this long
_STOP_SECONDS = 2.0

MOST_PROCESSES = max(8, 4 * (os.cpu_count() or 1))
"""Of one function at once. Further invocations wait for one of them, where Lambda would start more machines: fifty that
start at once on a laptop would all come to their time-outs instead."""

_places: dict[str, FairPlaces] = {}


class FunctionProcess:
    """A process that has imported a function's handler and runs its invocations one after the other.

    Leased and released by the engine's pool, which reads ``in_use``, ``last_used``, ``config``, ``_proc`` and calls
    ``invoke``, ``kill`` and ``_discard_tmpdir``.
    """

    def __init__(self, func_name: str, config: Mapping[str, Any], code_zip: bytes) -> None:
        self.func_name = func_name
        self.config = config
        self.code_zip = code_zip
        self.in_use = False
        self.last_used = time.time()
        self._proc: subprocess.Popen[str] | None = None
        self._scratch: Path | None = None
        self._answers: queue.Queue[str | None] = queue.Queue()
        self._log: queue.Queue[str | None] = queue.Queue()
        self._lock = threading.Lock()

    def invoke(
        self,
        event: Any,
        request_id: str,
        *,
        trace_id: str | None = None,
        invoked_function_arn: str | None = None,
    ) -> dict[str, Any]:
        """One invocation: ``{"result"}`` or ``{"error"}`` (the runtime's error payload), and its ``log``."""
        with self._lock:
            process = self._running()
            timeout = int(self.config.get("Timeout") or 3)
            line = json.dumps(
                {
                    "event": event,
                    "requestId": request_id,
                    "functionArn": invoked_function_arn or self.config["FunctionArn"],
                    "timeoutSeconds": timeout,
                    "traceId": trace_id,
                }
            )
            try:
                assert process.stdin is not None  # noqa: S101 - opened as a pipe
                process.stdin.write(line + "\n")
                process.stdin.flush()
                answer = self._answers.get(timeout=timeout)
            except queue.Empty:
                self._stop()
                message = f"{request_id} Task timed out after {timeout}.00 seconds"
                return self._broken(request_id, "Sandbox.Timedout", message)
            except BrokenPipeError:
                answer = None
            if answer is None:
                self._stop()
                message = f"RequestId: {request_id} Error: Runtime exited without providing a reason"
                return self._broken(request_id, "Runtime.ExitError", message)
            return {**json.loads(answer), "log": self._log_of(request_id)}

    def kill(self) -> None:
        """End the process and remove its scratch space."""
        self._stop()
        self._discard_tmpdir()

    def _discard_tmpdir(self) -> None:
        if self._scratch is not None:
            shutil.rmtree(self._scratch, ignore_errors=True)
            self._scratch = None

    def _broken(self, request_id: str, error_type: str, message: str) -> dict[str, Any]:
        log = self._log_of(request_id)
        return {"error": {"errorType": error_type, "errorMessage": message}, "log": f"{log}\n{message}".strip()}

    def _running(self) -> "subprocess.Popen[str]":
        if self._proc is None or self._proc.poll() is not None:
            self._proc = self._start()
        return self._proc

    def _start(self) -> "subprocess.Popen[str]":
        code_dir = _unpacked(self.code_zip)
        layer_dirs = _layer_directories(self.config)
        self._discard_tmpdir()
        self._scratch = Path(tempfile.mkdtemp(prefix="function-"))
        process = subprocess.Popen(
            [sys.executable, "-P", str(_BOOTSTRAP)],
            cwd=code_dir,
            env=_environment(self.config, code_dir, self._scratch),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            encoding="utf-8",
            errors="replace",
        )
        self._answers, self._log = queue.Queue(), queue.Queue()
        for stream, lines in ((process.stdout, self._answers), (process.stderr, self._log)):
            threading.Thread(target=_pump, args=(stream, lines), daemon=True).start()
        setup = {
            "codeDir": str(code_dir),
            "layerDirs": [str(directory) for directory in layer_dirs],
            "handler": self.config["Handler"],
            "hidden": sorted(hidden_modules(code_dir, layer_dirs)),
            "logEnd": _LOG_END,
        }
        assert process.stdin is not None  # noqa: S101 - opened as a pipe
        process.stdin.write(json.dumps(setup) + "\n")
        process.stdin.flush()
        logger.info("started a process for %s", self.func_name)
        return process

    def _stop(self) -> None:
        process, self._proc = self._proc, None
        if process is None:
            return
        process.kill()
        with contextlib.suppress(subprocess.TimeoutExpired):
            process.wait(_STOP_SECONDS)

    def _log_of(self, request_id: str) -> str:
        """What the function printed up to the marker that ends this invocation's log."""
        lines: list[str] = []
        marker = f"{_LOG_END}{request_id}"
        with contextlib.suppress(queue.Empty):
            while (line := self._log.get(timeout=_LOG_WAIT_SECONDS)) is not None and line != marker:
                lines.append(line)
        return "\n".join(lines).strip("\n")


def execute(func: Mapping[str, Any], event: Any, request_id: str) -> dict[str, Any]:
    """Stands in for the engine's warm executor: the same answer, with the runtime's error payload as it is."""
    config = func["config"]
    lambda_svc._ensure_reaper_thread()
    # A step's event names its job: the many parts of one import leave room for the few of another.
    line = str(event["jobId"]) if isinstance(event, dict) and "jobId" in event else None
    with _places.setdefault(config["FunctionArn"], FairPlaces(MOST_PROCESSES)).place(line):
        process, _ = lambda_runtime.acquire_worker(
            config["FunctionName"], config, func["code_zip"], qualifier=config.get("Version", "$LATEST")
        )
        try:
            outcome = process.invoke(
                event,
                request_id,
                trace_id=lambda_svc._xray_trace_id_for_invocation(config),
                invoked_function_arn=config["FunctionArn"],
            )
        finally:
            lambda_runtime.release_worker(process)
    if "error" in outcome:
        return {"body": outcome["error"], "error": True, "log": outcome["log"]}
    return {"body": outcome["result"], "log": outcome["log"]}


def _pump(stream: io.TextIOBase, lines: "queue.Queue[str | None]") -> None:
    for line in stream:
        lines.put(line.rstrip("\n"))
    lines.put(None)


def _unpacked(archive: bytes) -> Path:
    """The folder with this archive's content, unpacked once and shared by every process that runs it."""
    root = Path(os.environ["LOCAL_UNPACKED_DIR"])
    target = root / hashlib.sha256(archive).hexdigest()
    if not target.is_dir():
        root.mkdir(parents=True, exist_ok=True)
        partial = Path(tempfile.mkdtemp(dir=root))
        with zipfile.ZipFile(io.BytesIO(archive)) as content:
            content.extractall(partial)
        with contextlib.suppress(OSError):  # another process was first: same content
            partial.rename(target)
        shutil.rmtree(partial, ignore_errors=True)
    return target


def _layer_directories(config: Mapping[str, Any]) -> list[Path]:
    directories = []
    for layer in config.get("Layers") or []:
        archive = lambda_svc._resolve_layer_zip(layer)
        if not archive:
            raise RuntimeError(f"layer without content: {layer}")
        directories.append(_unpacked(archive) / "python")
    return [directory for directory in directories if directory.is_dir()]


def _environment(config: Mapping[str, Any], code_dir: Path, scratch: Path) -> dict[str, str]:
    """What Lambda sets, what the template sets, and the endpoint of AWS: nothing of the operator's shell.

    https://docs.aws.amazon.com/lambda/latest/dg/configuration-envvars.html
    """
    name, region = config["FunctionName"], config["FunctionArn"].split(":")[3]
    log_group = (config.get("LoggingConfig") or {}).get("LogGroup") or f"/aws/lambda/{name}"
    return {
        **(config.get("Environment") or {}).get("Variables", {}),
        **lambda_runtime.execution_credentials(config),
        "AWS_ENDPOINT_URL": os.environ["LOCAL_FUNCTIONS_ENDPOINT"],
        "AWS_DEFAULT_REGION": region,
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{config['Runtime']}",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(config.get("MemorySize", 128)),
        "AWS_LAMBDA_FUNCTION_NAME": name,
        "AWS_LAMBDA_FUNCTION_VERSION": config.get("Version", "$LATEST"),
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_GROUP_NAME": log_group,
        "AWS_LAMBDA_LOG_STREAM_NAME": uuid.uuid4().hex,
        "AWS_REGION": region,
        "AWS_SAM_LOCAL": "true",  # Powertools then sends no traces: there is no X-Ray daemon here
        "LAMBDA_TASK_ROOT": str(code_dir),
        "LANG": "en_US.UTF-8",
        "PATH": os.environ["PATH"],
        "PYTHONUTF8": "1",
        "TMPDIR": str(scratch),
        "TZ": ":UTC",
        "_HANDLER": config["Handler"],
    }
