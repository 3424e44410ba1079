"""The use case behind the first step of an import, with the readers of files."""

from __future__ import annotations

from contacts.adapters.phone_numbers import possible_phone_number
from contacts.domain.table import TableLimits
from contacts.runtime.wiring import Wiring
from contacts.tabular.open_table import open_table
from contacts.usecases.stage_import import StageImport


def stage_import(wiring: Wiring) -> StageImport:
    settings = wiring.settings
    return StageImport(
        jobs=wiring.jobs,
        contacts=wiring.contacts,
        segments=wiring.segments,
        files=wiring.files,
        open_table=open_table,
        is_phone=possible_phone_number(settings.default_phone_region),
        limits=TableLimits(max_rows=settings.max_rows, max_bytes=settings.max_file_bytes),
        clock=wiring.clock,
    )
