"""What a caller asks for who wants a file imported."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from contacts.domain.import_job import ImportOptions


@dataclass(frozen=True, slots=True, kw_only=True)
class ImportRequest:
    """An import that is asked for: by whom, of which file, and how."""

    tenant: str
    user: str
    workspace: str | None
    file_name: str
    file_url: str
    field_mapping: Mapping[str, str]
    options: ImportOptions
