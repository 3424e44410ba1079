"""Imports of what people write and of what exports wrote, and the exports."""

from __future__ import annotations

import csv
import io
import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

from contacts.domain.contact import Contact
from contacts.domain.contact_fields import is_mapping_target
from contacts.domain.export_job import ExportFormat, ExportOptions
from contacts.domain.import_job import BlankValues, DuplicateStrategy, ImportOptions
from contacts.domain.import_request import ImportRequest
from contacts.domain.segment import segment_id
from contacts.usecases.start_export import ExportRequest
from tests.support.export_world import rows_in
from tests.support.whole_model import FileRow, ModelImport
from tests.support.whole_people import EMAILS, TEXTS, keyed_start
from tests.support.whole_surface import SEGMENT, TENANTS, USERS, Exported, Surface

HEADER = {"E-mail": "email", "First": "firstName", "Notes": "notes", "A": "customFields.a"}
CORRECTED = {"Id": "id", "E-mail": "email", "First": "firstName"}
EXPORTED = ("id", "email", "firstName", "notes", "title")


def _options(rng: random.Random, **more: Any) -> ImportOptions:
    return ImportOptions(
        duplicate_strategy=rng.choice((DuplicateStrategy.UPDATE, *DuplicateStrategy)),
        tags=rng.choice(((), (), ("t1",), ("t2", "t1"))),
        segment_name=rng.choice((None, SEGMENT)),
        blank_values=rng.choice(tuple(BlankValues)),
        **more,
    )


def import_people(surface: Surface, rng: random.Random) -> None:
    """A file that a person wrote: rows by e-mail."""
    rows = []
    for number in range(1, rng.randrange(2, 8)):
        email = rng.choice((*EMAILS, "n@x.io", "bad", ""))
        texts = [rng.choice(("", *TEXTS)) for _ in range(3)]
        # A line whose cells are all empty is no row.
        texts[0] = texts[0] or ("" if email else "v")
        rows.append(FileRow(number, "", dict(zip(HEADER.values(), [email, *texts], strict=True))))
    text = io.StringIO(newline="")
    csv.writer(text).writerows([HEADER, *([row.values[target] for target in HEADER.values()] for row in rows)])
    upload = _Upload(text.getvalue().encode(), "people.csv", HEADER)
    _import(surface, rng, rng.choice(TENANTS), upload, rows, options=_options(rng))


def import_corrections(surface: Surface, rng: random.Random) -> None:
    """A file that a person wrote: rows by id, with new e-mails, of which some are others'."""
    tenant = rng.choice(TENANTS)
    known = sorted(id_ for owner, id_ in surface.ledger.versions if owner == tenant)
    rows = [
        FileRow(number, id_, {"email": rng.choice((*EMAILS, "n@x.io", "o@x.io", "")), "firstName": rng.choice(TEXTS)})
        for number, id_ in enumerate(rng.sample(known, min(len(known), 4)), start=1)
    ]
    text = io.StringIO(newline="")
    lines = [[row.contact_id, row.values["email"], row.values["firstName"]] for row in rows]
    csv.writer(text).writerows([CORRECTED, *lines])
    upload = _Upload(text.getvalue().encode(), "corrections.csv", CORRECTED)
    _import(surface, rng, tenant, upload, rows, options=_options(rng))


def import_export(surface: Surface, rng: random.Random) -> None:
    """The file of an export, of now or of long ago, by the ids in it."""
    if surface.exported:
        import_file_of(surface, rng, rng.choice(surface.exported), _options(rng))


def import_file_of(surface: Surface, rng: random.Random, exported: Exported, options: ImportOptions) -> str | None:
    job = surface.world.export_job(exported.job_id)
    assert job.file is not None
    body = surface.world.files.get(job.file.key)
    assert body is not None
    columns = {column for row in rows_in(body, job.options.format) for column in _columns_in(row)}
    if not columns:
        return None
    targets = sorted(column for column in columns if is_mapping_target(column))
    rows = [
        FileRow(number, each.id, {target: _text_of(each, target) for target in targets if target != "id"})
        for number, each in enumerate(exported.contacts, start=1)
    ]
    mapping = {target: target for target in targets}
    upload = _Upload(body, f"contacts.{job.options.format}", mapping)
    return _import(surface, rng, job.tenant, upload, rows, options=options)


def _columns_in(row: Mapping[str, Any]) -> list[str]:
    custom = row.get("customFields")
    return [*row, *(f"customFields.{name}" for name in custom)] if isinstance(custom, dict) else list(row)


def _text_of(contact: Contact, target: str) -> str:
    name, _, item = target.partition(".")
    value: Any = contact.values.get(name, "")
    return str(value.get(item, "") if item and value else value)


@dataclass(frozen=True)
class _Upload:
    """A file, its name and how its columns are meant."""

    body: bytes
    name: str
    mapping: Mapping[str, str]


def _import(
    surface: Surface,
    rng: random.Random,
    tenant: str,
    upload: _Upload,
    rows: Sequence[FileRow],
    *,
    options: ImportOptions,
) -> str:
    key = f"uploads/{tenant}/upload{len(surface.requests)}"
    surface.world.files.put(key, upload.body)
    request = ImportRequest(
        tenant=tenant,
        user=USERS[0],
        workspace=None,
        file_name=upload.name,
        file_url=surface.world.links.url_of(key),
        field_mapping=upload.mapping,
        options=options,
    )
    with surface.watch():
        job_id = keyed_start(surface, rng, tenant, "POST /import", partial(surface.world.start_import, request))
    surface.ledger.imports[job_id] = ModelImport(job_id, tenant, options, rows)
    return job_id


def start_export(surface: Surface, rng: random.Random) -> str:
    tenant = rng.choice(TENANTS)
    segment = segment_id(tenant, SEGMENT)
    chosen = segment if rng.random() < 0.2 and surface.world.segments.find(tenant, segment) else None
    format_ = rng.choice((*ExportFormat, ExportFormat.CSV, ExportFormat.JSONL, ExportFormat.CSV))
    options = ExportOptions(format=format_, segment_id=chosen, selected_fields=EXPORTED, include_custom_fields=True)
    request = ExportRequest(tenant=tenant, user=USERS[0], workspace=None, options=options)
    with surface.watch():
        return keyed_start(surface, rng, tenant, "POST /export", partial(surface.world.start_export, request))
