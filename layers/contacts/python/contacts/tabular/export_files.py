"""Files of contacts, in every format of an export."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from contacts.domain.export_job import ExportFormat, ExportOptions
from contacts.tabular.write_csv import write_csv
from contacts.tabular.write_json import write_json, write_jsonl
from contacts.tabular.write_xlsx import write_xlsx


class TabularExportFiles:
    """`ExportFileWriter` on this package's writers."""

    def table(
        self, options: ExportOptions, columns: Sequence[str], rows: Iterable[Sequence[str | int | None]]
    ) -> Iterator[bytes]:
        if options.format is ExportFormat.XLSX:
            return write_xlsx(columns, rows)
        return write_csv(columns, rows, bom=options.byte_order_mark)

    def objects(self, options: ExportOptions, objects: Iterable[Mapping[str, Any]]) -> Iterator[bytes]:
        return write_json(objects) if options.format is ExportFormat.JSON else write_jsonl(objects)
