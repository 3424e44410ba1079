"""Bringing a file in: upload it, start the job."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import Any

from contacts_cli.api_client import ContactsApi, Json
from contacts_cli.file_transfer import upload_file
from contacts_cli.session import Session


def run_import(
    api: ContactsApi, path: Path, *, field_mapping: dict[str, str], options: dict[str, Any], session: Session
) -> Json:
    """Upload `path` and start its import; the answer has the `jobId`. Options that are None are left to the API.

    One key a run makes both requests safe to repeat: a lost answer never starts a second job.
    """
    key = str(uuid.uuid4())
    upload = api.create_upload(path.name, idempotency_key=key)
    upload_file(path, upload["upload"], max_bytes=upload["maxBytes"], session=session)
    body = {
        "fileName": path.name,
        "fileUrl": upload["fileUrl"],
        "fieldMapping": field_mapping,
        "options": {name: value for name, value in options.items() if value is not None},
    }
    return api.start_import(body, idempotency_key=key)
