"""`make demo`: the whole way of a file, on a local stack of its own, checked against what the sample holds."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import sys
import uuid
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any, NoReturn

import httpx

from contacts_cli.api_client import ContactsApi
from contacts_cli.connection import Connection
from contacts_cli.failures import CommandFailed, ExitCode, refused_by_api
from contacts_cli.import_run import run_import
from contacts_cli.job_kinds import Job
from contacts_cli.job_views import job_summary
from contacts_cli.job_watch import follow_job
from contacts_cli.kept_contacts import show_kept
from contacts_cli.session import Session
from local.sample_file import FIELD_MAPPING, SampleCounts, write_sample_file
from local.settings import HOST, Settings, from_environment
from local.stack import StackError, clean, down, read_stack, up
from local.stack_directory import DEMO_SAMPLE

_PORTS_TRIED = 50
_STEPS = 6
_USER = "a-user"
_SEGMENT = "Demo"
_TAG = "demo"
_EDIT = {"notes": "called back, wants a quote"}


def main() -> None:
    """Run the demo. Exits with 1 where a count is not the one that the sample promises, or anything fails."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(128 + signal.SIGTERM))
    session = Session()
    try:
        differences = _run(_settings(), session)
    except KeyboardInterrupt:
        _say_interrupted(session)
    except CommandFailed as failure:
        # What to do next, as commands say then, is of no use: the stack has stopped.
        if failure.exit_code is ExitCode.INTERRUPTED:
            _say_interrupted(session)
        session.say(f"demo: {failure}", style="red")
        raise SystemExit(1) from None
    if differences:
        session.say("demo: not what the sample promises: " + "; ".join(differences), style="red")
        raise SystemExit(1)


def _say_interrupted(session: Session) -> NoReturn:
    session.say("interrupted")
    raise SystemExit(ExitCode.INTERRUPTED) from None


def unexpected_counts(job: Job, sample: SampleCounts) -> list[str]:
    """Where an import of the sample into an empty tenant differs from what the sample promises; empty if nowhere."""
    expected = {
        "status": "completed",
        "totalRows": sample.rows,
        "processedRows": sample.rows,
        "importedCount": sample.created,
        "createdCount": sample.created,
        "updatedCount": 0,
        "skippedCount": sample.skipped,
        "errorCount": sample.errors,
    }
    return _differences(job, expected)


def unexpected_rollback(job: Job, sample: SampleCounts) -> list[str]:
    """Where the rollback of that import, after one of its contacts was edited, differs from what it should be."""
    expected = {
        "status": "completed",
        "processed": sample.created,
        "deleted": sample.created - 1,
        "restored": 0,
        "kept": 1,
        "unchanged": 0,
        "errors": 0,
    }
    return _differences(job, {"status": "rolled_back"}) + [
        f"rollback.{difference}" for difference in _differences(job.get("rollback") or {}, expected)
    ]


def unexpected_leftovers(contacts: list[dict[str, Any]], edited: dict[str, Any]) -> list[str]:
    """Where the contacts that are left differ from the one that was edited, as the edit left it."""
    if [contact["id"] for contact in contacts] != [edited["id"]]:
        return [f"{len(contacts)} contacts are left, not just the edited one"]
    # It leaves the import's segment; nothing else of it may change.
    own = [name for name in edited if name not in {"segments", "version", "updatedAt"}]
    return [f"{name} of the edited contact has changed" for name in own if contacts[0].get(name) != edited[name]]


def _differences(found: dict[str, Any], expected: dict[str, Any]) -> list[str]:
    return [f"{name} is {found.get(name)}, not {value}" for name, value in expected.items() if found.get(name) != value]


def next_free_port(first: int) -> int:
    """`first`, or the next port above it that nobody listens on."""
    for port in range(first, min(first + _PORTS_TRIED, 65_536)):
        with socket.socket() as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            with contextlib.suppress(OSError):
                probe.bind((HOST, port))
                return port
    raise StackError(f"no free port from {first} on; choose another with PORT=")


def _settings() -> Settings:
    asked = from_environment()
    settings = replace(asked, directory=asked.demo_directory, owner_pid=os.getpid())
    try:
        running = read_stack(settings)
    except StackError:
        return replace(settings, port=next_free_port(asked.port))
    raise StackError(f"the demo's stack is running already, at {running['apiUrl']}; `make down` stops it")


def _run(settings: Settings, session: Session) -> list[str]:
    clean(settings)
    _step(session, 1, "Starting the local stack from template.yaml")
    with _running_stack(settings) as stack:
        _detail(session, stack["apiUrl"])
        path = settings.directory / DEMO_SAMPLE
        sample = write_sample_file(path)
        _step(session, 2, f"Made {_shown(path)}: {sample.rows:,} rows")
        _detail(session, _describe(sample))
        with _api(stack, session) as api:
            _step(session, 3, "Importing it through the HTTP API")
            job = _import(path, api, session)
            _step(session, 4, "What came of it")
            session.out.print(job_summary(job))
            _step(session, 5, "Editing one contact, then rolling the import back")
            edited = _edit_a_contact(stack)
            _detail(session, f"PATCH /api/contacts/{edited['id']}\n{_EDIT}")
            rolled_back = _roll_back(job["jobId"], api, session)
            _step(session, 6, "What came of that: the edit is still there")
            session.out.print(job_summary(rolled_back))
            show_kept(api, rolled_back, session)
        left = _contacts(stack, limit=2)
        for contact in left:
            session.out.print(f"\n{contact['email']}: {contact['notes']}", markup=False, soft_wrap=True)
        _say_where(job, stack, settings, session)
    session.say("\nThe stack is stopped.")
    return [
        *unexpected_counts(job, sample),
        *unexpected_rollback(rolled_back, sample),
        *unexpected_leftovers(left, edited),
    ]


@contextlib.contextmanager
def _running_stack(settings: Settings) -> Iterator[dict[str, Any]]:
    """A stack that stops again, whatever happens."""
    try:
        yield up(settings).stack
    finally:
        down(settings)


def _api(stack: dict[str, Any], session: Session) -> ContactsApi:
    return ContactsApi(Connection(stack["apiUrl"], stack["tokens"][_USER], is_local_stack=True), session)


def _import(path: Path, api: ContactsApi, session: Session) -> Job:
    options = {"tags": [_TAG], "segmentName": _SEGMENT}
    started = run_import(api, path, field_mapping=FIELD_MAPPING, options=options, session=session)
    return follow_job(api, started["jobId"], session)


def _roll_back(job_id: str, api: ContactsApi, session: Session) -> Job:
    api.start_rollback(job_id, {}, idempotency_key=str(uuid.uuid4()))
    return follow_job(api, job_id, session)


def _edit_a_contact(stack: dict[str, Any]) -> dict[str, Any]:
    """Change any one of the contacts, as a colleague would; returns it as it is then."""
    (contact,) = _contacts(stack, limit=1)
    return _request(stack, "PATCH", f"/api/contacts/{contact['id']}", json=_EDIT)


def _contacts(stack: dict[str, Any], *, limit: int) -> list[dict[str, Any]]:
    """The first contacts of the list, over as many pages as it takes: a page can be empty and still have a next one."""
    found: list[dict[str, Any]] = []
    params: dict[str, str | int] = {"limit": limit}
    while True:
        page = _request(stack, "GET", "/api/contacts", params=params)
        found += page["items"]
        if len(found) >= limit or page["nextCursor"] is None:
            return found[:limit]
        params["cursor"] = page["nextCursor"]


def _request(stack: dict[str, Any], method: str, path: str, **more: Any) -> dict[str, Any]:
    headers = {"Authorization": f"Bearer {stack['tokens'][_USER]}"}
    try:
        response = httpx.request(method, stack["apiUrl"] + path, headers=headers, timeout=35, trust_env=False, **more)
    except httpx.TransportError as error:
        raise CommandFailed(f"{path} can't be reached: {error}", ExitCode.UNREACHABLE) from error
    if not response.is_success:
        raise refused_by_api(response)
    body: dict[str, Any] = response.json()
    return body


def _describe(sample: SampleCounts) -> str:
    return (
        f"{sample.duplicates:,} duplicates, {sample.bad_emails:,} bad and {sample.blank_emails:,} blank e-mails,\n"
        f"{sample.quoted_line_breaks:,} quoted line breaks, {sample.accents:,} rows with accents,\n"
        f"{sample.plus_phones:,} phones with +, {sample.leading_zeros:,} zip codes with a leading zero"
    )


def _say_where(job: Job, stack: dict[str, Any], settings: Settings, session: Session) -> None:
    """Where the data lies, and how to look at it once the stack has stopped."""
    resources, here = stack["resources"], f"CONTACTS_LOCAL_DIR={_shown(settings.directory)}"
    session.out.print("\nWhere the data is", style="bold")
    for what, where in (
        ("table", resources["ContactsTable"]),
        ("bucket", resources["FilesBucket"]),
        ("job", job["jobId"]),
        ("on disk", _shown(settings.directory)),
    ):
        session.out.print(f"  {what:<8} {where}", markup=False, soft_wrap=True)
    session.out.print("\nTo look around", style="bold")
    for command in (f"{here} make up", f"{here} .venv/bin/contacts jobs"):
        session.out.print(f"  {command}", markup=False, soft_wrap=True)


def _step(session: Session, number: int, text: str) -> None:
    session.out.print(f"[{number}/{_STEPS}] {text}", markup=False, soft_wrap=True, style="bold")


def _detail(session: Session, text: str) -> None:
    for line in text.splitlines():
        session.out.print(f"      {line}", markup=False, soft_wrap=True, style="dim")


def _shown(path: Path) -> str:
    """A path as the user would type it: relative where it lies below the current directory."""
    return str(path.relative_to(Path.cwd())) if path.is_relative_to(Path.cwd()) else str(path)


if __name__ == "__main__":
    main()
