"""How fast files are read, and in how much memory: `python -m tests.benchmarks.read_files --rows 100000 1000000`.

Each file is read in a process of its own, which prints data rows a CPU-second and its peak resident memory. The XLSX
file has its texts as shared strings, as Excel writes them, with an e-mail and a phone of its own in each row.
"""

from __future__ import annotations

import argparse
import csv
import json
import resource
import subprocess
import sys
import tempfile
import time
import zipfile
from collections.abc import Callable, Iterator
from pathlib import Path

from contacts.domain.table import TableLimits
from contacts.tabular.open_table import open_table

HEADER = ["E-mail", "First name", "Last name", "Company", "Phone", "Zip"]
_MAIN = "http://schemas.openxmlformats.org/spreadsheetml/2006/main"
_OFFICE = "http://schemas.openxmlformats.org/officeDocument/2006/relationships"
_PACKAGE = "http://schemas.openxmlformats.org/package/2006/relationships"


def contact_rows(count: int) -> Iterator[list[str]]:
    for n in range(count):
        yield [
            f"person{n}@example.com",
            f"Zoë{n % 1000}",
            f"Müller{n % 3000}",
            f"Company {n % 50}, Inc.",
            f"+4479{n:08}",
            f"{n % 99999:05}",
        ]


def write_csv(path: Path, count: int) -> None:
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(HEADER)
        writer.writerows(contact_rows(count))


def write_json(path: Path, count: int) -> None:
    with path.open("w", encoding="utf-8") as file:
        for n, row in enumerate(contact_rows(count)):
            file.write("[\n" if n == 0 else ",\n")
            json.dump(dict(zip(HEADER, row, strict=True)), file, ensure_ascii=False)
        file.write("\n]\n")


def write_xlsx(path: Path, count: int) -> None:
    """By hand, since it is quicker than any library and writes shared strings at constant memory."""
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED, compresslevel=6) as archive:
        archive.writestr(
            "_rels/.rels",
            f'<Relationships xmlns="{_PACKAGE}">'
            f'<Relationship Id="r1" Type="{_OFFICE}/officeDocument" Target="xl/workbook.xml"/></Relationships>',
        )
        archive.writestr(
            "xl/_rels/workbook.xml.rels",
            f'<Relationships xmlns="{_PACKAGE}">'
            f'<Relationship Id="r1" Type="{_OFFICE}/worksheet" Target="worksheets/sheet1.xml"/>'
            f'<Relationship Id="r2" Type="{_OFFICE}/sharedStrings" Target="sharedStrings.xml"/></Relationships>',
        )
        archive.writestr(
            "xl/workbook.xml",
            f'<workbook xmlns="{_MAIN}" xmlns:r="{_OFFICE}"><sheets>'
            '<sheet name="Contacts" sheetId="1" r:id="r1"/></sheets></workbook>',
        )
        index: dict[str, int] = {}
        with tempfile.TemporaryFile("w+", encoding="utf-8") as strings:
            with archive.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as sheet:
                _write_sheet(sheet.write, strings.write, index, count)
            strings.seek(0)
            with archive.open("xl/sharedStrings.xml", "w", force_zip64=True) as part:
                part.write(f'<sst xmlns="{_MAIN}">'.encode())
                while text := strings.read(1 << 16):
                    part.write(text.encode())
                part.write(b"</sst>")


def _write_sheet(
    write: Callable[[bytes], int], add_string: Callable[[str], int], index: dict[str, int], count: int
) -> None:
    strings = 0

    def shared(text: str, *, repeats: bool) -> int:
        nonlocal strings
        if repeats and text in index:
            return index[text]
        add_string(f"<si><t>{text}</t></si>")
        if repeats:
            index[text] = strings
        strings += 1
        return strings - 1

    write(f'<worksheet xmlns="{_MAIN}"><dimension ref="A1:F{count + 1}"/><sheetData>'.encode())
    for number, row in enumerate(_with_header(count), start=1):
        cells = "".join(
            f'<c r="{letter}{number}" t="s"><v>{shared(text, repeats=letter in "BCD")}</v></c>'
            for letter, text in zip("ABCDE", row, strict=False)
        )
        zip_code = f'<c r="F{number}"><v>{number % 99999}</v></c>'
        write(f'<row r="{number}" spans="1:6">{cells}{zip_code}</row>'.encode())
    write(b"</sheetData></worksheet>")


def _with_header(count: int) -> Iterator[list[str]]:
    yield HEADER
    yield from contact_rows(count)


WRITERS: dict[str, Callable[[Path, int], None]] = {"csv": write_csv, "json": write_json, "xlsx": write_xlsx}


def peak_resident_bytes() -> int:
    """Of this process alone: on Linux getrusage() counts the parent's peak, too."""
    status = Path("/proc/self/status")
    if status.exists():
        line = next(line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) * 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


def read(path: Path) -> None:
    limits = TableLimits(max_rows=2_000_000)
    started = time.process_time()
    with path.open("rb") as file:
        table = open_table(
            file, size=path.stat().st_size, file_name=path.name, file_type=None, columns=HEADER, limits=limits
        )
        count = sum(1 for _ in table.rows())
    seconds = time.process_time() - started
    print(
        f"{path.suffix[1:]:5} {count:>9,} rows {path.stat().st_size / 1e6:>7.1f} MB  "
        f"{count / seconds:>9,.0f} rows/CPU-s  "
        f"peak {peak_resident_bytes() / 2**20:>6.1f} MiB  (estimated {table.estimated_rows:,} rows)",
        flush=True,
    )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, nargs="+", default=[100_000])
    parser.add_argument("--formats", nargs="+", choices=sorted(WRITERS), default=sorted(WRITERS))
    parser.add_argument("--read", type=Path, help="read this one file, and nothing else")
    arguments = parser.parse_args()
    if arguments.read:
        read(arguments.read)
        return
    with tempfile.TemporaryDirectory() as folder:
        for file_format in arguments.formats:
            for count in arguments.rows:
                path = Path(folder) / f"contacts-{count}.{file_format}"
                WRITERS[file_format](path, count)
                subprocess.run([sys.executable, "-m", "tests.benchmarks.read_files", "--read", str(path)], check=True)
                path.unlink()


if __name__ == "__main__":
    main()
