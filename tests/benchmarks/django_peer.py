"""django-import-export on SQLite: one step in this process, checked; see `peers`.

    python -m tests.benchmarks.django_peer create|update|export default|bulk DATABASE FILE

Creates and updates read the CSV in FILE, which is `import_sample`'s; an export writes FILE. Prints JSON: seconds on the
clock, CPU seconds, peak resident memory in MB of 2 ** 20 bytes, rows of the file, rows refused, contacts in the table.

A contact is found by its e-mail, as ours are. The bulk mode takes no file with an e-mail twice: it looks into the table
alone, where the rows of its batch are not yet.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import django
from django.conf import settings

settings.configure(
    DATABASES={"default": {"ENGINE": "django.db.backends.sqlite3", "NAME": sys.argv[3]}},
    INSTALLED_APPS=["import_export"],
    DEFAULT_AUTO_FIELD="django.db.models.BigAutoField",
    USE_I18N=False,
)
django.setup()

import tablib  # noqa: E402 - Django's parts can only be loaded once there are settings
from django.core.validators import validate_email  # noqa: E402
from django.db import connection, models  # noqa: E402
from import_export.fields import Field  # noqa: E402
from import_export.resources import ModelResource  # noqa: E402

from tests.benchmarks.own_process import peak_megabytes  # noqa: E402

_IS_BULK = sys.argv[2] == "bulk"


class Contact(models.Model):
    email = models.EmailField(unique=True)
    first_name = models.CharField(max_length=100)
    last_name = models.CharField(max_length=100)
    company = models.CharField(max_length=200)
    phone = models.CharField(max_length=50)
    title = models.CharField(max_length=100)
    zip = models.CharField(max_length=20)

    class Meta:
        app_label = "import_export"  # the one app that is installed


class ContactResource(ModelResource):
    """The columns of the sample; `use_bulk` as its documentation advises, and everything else as it comes."""

    email = Field("email", "E-mail")
    first_name = Field("first_name", "First name")
    last_name = Field("last_name", "Last name")
    company = Field("company", "Company")
    phone = Field("phone", "Phone")
    title = Field("title", "Title")
    zip = Field("zip", "Zip")

    class Meta:
        model = Contact
        import_id_fields = ("email",)
        exclude = ("id",)
        use_bulk = _IS_BULK
        batch_size = 1_000
        skip_diff = _IS_BULK

    def before_import_row(self, row: Any, **_: Any) -> None:
        validate_email(row["E-mail"])


def write_contacts(file: Path) -> dict[str, int]:
    """Create or update: which of both, the table decides."""
    result = ContactResource().import_data(tablib.Dataset().load(file.read_text("utf-8"), format="csv"))
    if result.has_errors():
        raise RuntimeError(f"rows failed: {result.row_errors()[0]}")
    return {"rows": result.total_rows, "refused": len(result.invalid_rows)}


def write_file(file: Path) -> dict[str, int]:
    exported = ContactResource().export()
    file.write_text(exported.csv, "utf-8", newline="")
    return {"rows": len(exported), "refused": 0}


def main(step: str, file: Path) -> None:
    if Contact._meta.db_table not in connection.introspection.table_names():
        with connection.schema_editor() as editor:
            editor.create_model(Contact)
    action: Callable[[Path], dict[str, int]] = write_file if step == "export" else write_contacts
    wall, cpu = time.perf_counter(), time.process_time()
    found = action(file)
    wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
    measured = {"wallSeconds": wall, "cpuSeconds": cpu, "megabytes": peak_megabytes()}
    print(json.dumps({**measured, **found, "contacts": Contact.objects.count()}))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[4]))
