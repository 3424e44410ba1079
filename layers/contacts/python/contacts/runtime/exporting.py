"""The use case that writes the file of an export. Apart from the others, because it loads what writes files."""

from __future__ import annotations

from contacts.runtime.export_use_cases import audit_exports, wind_up_export
from contacts.runtime.wiring import Wiring
from contacts.tabular.export_files import TabularExportFiles
from contacts.usecases.contacts_to_export import ContactsToExport
from contacts.usecases.write_export import WriteExport


def write_export(wiring: Wiring) -> WriteExport:
    return WriteExport(
        exports=wiring.exports,
        contacts=ContactsToExport(contacts=wiring.contacts, segments=wiring.segments, collections=wiring.collections),
        files=wiring.files,
        writer=TabularExportFiles(),
        audit=audit_exports(wiring),
        wind_up=wind_up_export(wiring),
        clock=wiring.clock,
    )
