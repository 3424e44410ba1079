"""Taking contacts out: follow an export to its end, and save its file."""

from __future__ import annotations

import shlex
from pathlib import Path

from contacts_cli.api_client import ContactsApi, Json
from contacts_cli.file_transfer import Fingerprint, download_file
from contacts_cli.job_watch import follow_job
from contacts_cli.session import Session
from contacts_cli.watching import job_goes_on


def finish_export(api: ContactsApi, job_id: str, target: Path | None, *, overwrite: bool, session: Session) -> Json:
    """Follow the export and return its last state; a file that came of it is in `target`, where one is given.

    Raises CommandFailed: what came is not the file of the export by size and checksum, or couldn't be fetched or saved;
    then nothing is left of it.
    """
    again = api.again(f"contacts download {job_id} --out {shlex.quote(str(target)) if target else 'FILE'}")
    with job_goes_on(f"get the file of the export with: {again}"):
        job = follow_job(api, job_id, session, get=api.get_export)
        if target is not None and job["status"] == "completed":
            expected = Fingerprint(job["fileSize"], job["sha256"])
            download_file(api.export_link(job_id), target, overwrite=overwrite, session=session, expected=expected)
    return job
