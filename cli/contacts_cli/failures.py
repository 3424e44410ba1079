"""How a command ends: exit codes that a script can rely on, and the one exception that carries them."""

from __future__ import annotations

from enum import IntEnum
from typing import Any

import httpx


class ExitCode(IntEnum):
    """Stable: a script may branch on these."""

    DONE = 0
    JOB_FAILED = 1
    USAGE = 2
    ROW_ERRORS = 3
    REFUSED = 4
    NOT_FOUND = 5
    UNREACHABLE = 6
    CONFLICT = 7
    INTERRUPTED = 130


#: Shown under --help; click leaves a paragraph that begins with \\b as it is.
EXIT_CODES_HELP = """\b
Exit codes:
  0    done: the job was started, shown or, with --watch, completed
  1    the job failed, as --watch, --out or `contacts download` saw it
  2    wrong usage, a file that can't be read or written, or input that
       the API finds invalid (400, 413, 422)
  3    with --watch --strict: it ended, but some rows or contacts failed
  4    refused: no valid token, or it may not do this (401, 403)
  5    no such job or collection (404), or its time is over (410)
  6    the API can't be reached or is in trouble, also after retries, or
       a download broke off or is not the file that it should be
  7    conflict: the job's state forbids it now (409, 412), or a watched
       rollback with --abort-on-conflict would have kept something
  130  interrupted by Ctrl-C; a job that was started goes on"""

_EXIT_CODE_OF_STATUS = {
    400: ExitCode.USAGE,
    401: ExitCode.REFUSED,
    403: ExitCode.REFUSED,
    404: ExitCode.NOT_FOUND,
    409: ExitCode.CONFLICT,
    410: ExitCode.NOT_FOUND,
    412: ExitCode.CONFLICT,
    413: ExitCode.USAGE,
    422: ExitCode.USAGE,
}


class CommandFailed(Exception):
    """Ends a command with one message on stderr and an exit code. `hint` is what the user can do next, `code` the
    API's own name for what is wrong."""

    def __init__(self, message: str, exit_code: ExitCode, *, hint: str | None = None, code: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.exit_code = exit_code
        self.hint = hint
        self.code = code

    def __str__(self) -> str:
        return f"{self.message}; {self.hint}" if self.hint else self.message


def refused_by_api(response: httpx.Response) -> CommandFailed:
    """The failure that an answer outside of 2xx means: its code, message and field, in the API's own words."""
    exit_code = _EXIT_CODE_OF_STATUS.get(response.status_code, ExitCode.UNREACHABLE)
    body = _body_of(response)
    error = body.get("error")
    code = error.get("code") if isinstance(error, dict) else None
    return CommandFailed(_message_of(response, body), exit_code, code=code)


def _body_of(response: httpx.Response) -> dict[str, Any]:
    try:
        body = response.json()
    except ValueError:
        return {}
    return body if isinstance(body, dict) else {}


def _message_of(response: httpx.Response, body: dict[str, Any]) -> str:
    error = body.get("error")
    if not isinstance(error, dict):
        # The gateway itself answers {"message": "Unauthorized"} before any of our code runs.
        said = body.get("message")
        return f"the API answered {response.status_code} {said or response.reason_phrase}".rstrip()
    problems = error.get("problems")
    if not isinstance(problems, list) or not problems:
        problems = [error]
    return "\n".join(_problem_line(problem, error) for problem in problems if isinstance(problem, dict))


def _problem_line(problem: dict[str, object], error: dict[str, object]) -> str:
    code = problem.get("code") or error.get("code") or "ERROR"
    field = problem.get("field")
    return f"{code}: {problem.get('message', '')}" + (f" (field: {field})" if field else "")
