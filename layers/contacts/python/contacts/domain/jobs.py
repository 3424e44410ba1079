"""All kinds of jobs, as one list shows them."""

from __future__ import annotations

from typing import TypeAlias

from contacts.domain.bulk_job import BulkJob
from contacts.domain.export_job import ExportJob
from contacts.domain.import_job import ImportJob

#: Tells imports from the other kinds; theirs stand in `BulkKind` and in `EXPORT_KIND`.
IMPORT_KIND = "import"

Job: TypeAlias = ImportJob | BulkJob | ExportJob
