"""Telling the user which commands come next."""

from __future__ import annotations

from collections.abc import Iterable

from contacts_cli.api_client import ContactsApi
from contacts_cli.job_kinds import Job, NextStep
from contacts_cli.job_views import what_next
from contacts_cli.session import Session


def say_what_next(job: Job, api: ContactsApi, session: Session) -> None:
    """What can be done about the job as it stands."""
    say_steps(what_next(job), api, session)


def say_steps(steps: Iterable[NextStep], api: ContactsApi, session: Session) -> None:
    """A line for each, whose command can be copied whole: it goes to the same API as the same user."""
    session.say("")
    for step in steps:
        command = "the same command without --dry-run" if step.command is None else api.again(step.command)
        session.say(f"{step.what}: {command}", style="dim")
