"""Kinds of damage to a workbook's archive: within a part, with a right checksum, or to what the archive says of it."""

from __future__ import annotations

import io
import random
import struct
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain, repeat
from typing import Final

from tests.soak.input_byte_kinds import Mutate

#: A bomb's part grows to at most this, four times what is suspicious.
_BOMB_BYTES: Final = 64 << 20
_SHEET = "sheet"
#: Where the reader looks most; other parts are damaged too, less often.
_WEIGHTS: Final = {_SHEET: 6, "sharedstrings": 3, "styles": 2, "workbook": 2, ".rels": 2}

#: Structure -> its signature; then a number's name, offset in the structure and `struct` format. [APPNOTE 4.3]
_STRUCTURES: Final[dict[bytes, tuple[tuple[str, int, str], ...]]] = {
    b"PK\x03\x04": (
        ("flags", 6, "<H"),
        ("method", 8, "<H"),
        ("checksum", 14, "<I"),
        ("packed size", 18, "<I"),
        ("size", 22, "<I"),
        ("length of name", 26, "<H"),
        ("length of extra", 28, "<H"),
    ),
    b"PK\x01\x02": (
        ("version", 6, "<H"),
        ("flags", 8, "<H"),
        ("method", 10, "<H"),
        ("checksum", 16, "<I"),
        ("packed size", 20, "<I"),
        ("size", 24, "<I"),
        ("length of name", 28, "<H"),
        ("length of extra", 30, "<H"),
        ("length of comment", 32, "<H"),
        ("disk", 34, "<H"),
        ("place", 42, "<I"),
    ),
    b"PK\x05\x06": (
        ("disk", 4, "<H"),
        ("entries", 10, "<H"),
        ("size of directory", 12, "<I"),
        ("place of directory", 16, "<I"),
        ("length of comment", 20, "<H"),
    ),
}
_LENGTHS: Final = {
    signature: max(offset + struct.calcsize(form) for _, offset, form in numbers)
    for signature, numbers in _STRUCTURES.items()
}


def parts_of(workbook: bytes) -> dict[str, bytes]:
    with zipfile.ZipFile(io.BytesIO(workbook)) as archive:
        return {info.filename: archive.read(info) for info in archive.infolist()}


def packed(
    parts: Mapping[str, bytes | Iterator[bytes]], *, method: int = zipfile.ZIP_DEFLATED, level: int = 6
) -> bytes:
    """An archive of these parts; a large one comes block by block, because the memory of this process is measured."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", method, compresslevel=level) as archive:
        for name, content in parts.items():
            with archive.open(name, "w") as member:
                for block in [content] if isinstance(content, bytes) else content:
                    member.write(block)
    return out.getvalue()


def within_a_part(mutate: Mutate) -> Mutate:
    """One part damaged in this way, in an archive that is sound, since a checksum keeps other damage from the XML."""

    def mutate_part(workbook: bytes, chance: random.Random) -> bytes:
        parts = parts_of(workbook)
        name = _a_part(parts, chance)
        if parts[name]:
            parts[name] = mutate(parts[name], chance)
        return packed(parts)

    return mutate_part


def lie_about_sizes(workbook: bytes, chance: random.Random) -> bytes:
    """A number in the archive's headers changed."""
    mutant = bytearray(workbook)
    for _ in range(chance.choice((1, 1, 2, 4))):
        signature = chance.choice(tuple(_STRUCTURES))
        _, offset, form = chance.choice(_STRUCTURES[signature])
        at = chance.choice(_places(workbook, signature)) + offset
        most = (1 << 8 * struct.calcsize(form)) - 1
        (true,) = struct.unpack_from(form, mutant, at)
        lie = chance.choice((0, 1, most, most >> 1, true ^ 1, true + 1, true - 1, true * 2, len(workbook)))
        struct.pack_into(form, mutant, at, lie & most)
    return bytes(mutant)


def grow_a_part(workbook: bytes, chance: random.Random) -> bytes:
    """A bomb: a part of little more than one thing again and again. Also a small one, that is let through."""
    parts = parts_of(workbook)
    name = _a_part(parts, chance)
    content = parts[name]
    filler = chance.choice(
        (
            b" ",
            b"<a/>",
            b"<row/>",
            b"<row><c><v>1</v></c></row>",
            b"<si><t>x</t></si>",
            b"<!-- -->",
            b"\0",
            b"<a>",
            b"x",
        )
    )
    size = chance.choice((1 << 16, 1 << 18, 1 << 20, 4 << 20, _BOMB_BYTES))
    at = chance.choice(
        (0, len(content), content.find(b">") + 1, content.rfind(b"</"), chance.randrange(len(content) + 1))
    )
    block = filler * ((1 << 16) // len(filler))
    grown = chain((content[:at],), repeat(block, size // len(block)), (content[at:],))
    return packed({**parts, name: grown}, level=chance.choice((1, 9)))


def lose_a_part(workbook: bytes, chance: random.Random) -> bytes:
    parts = parts_of(workbook)
    for _ in range(chance.choice((1, 1, 2))):
        parts.pop(_a_part(parts, chance))
    return packed(parts)


def mix_parts_up(workbook: bytes, chance: random.Random) -> bytes:
    """Two parts under each other's name, one under another name, or one twice."""
    parts = parts_of(workbook)
    one, other = _a_part(parts, chance), _a_part(parts, chance)
    match chance.randrange(4):
        case 0:
            parts[one], parts[other] = parts[other], parts[one]
        case 1:
            parts[chance.choice((one.upper(), f"/{one}", one.replace("/", "\\"), f"../{one}", f"{one}x", "x"))] = (
                parts.pop(one)
            )
        case 2:
            parts[one.swapcase()] = parts[other]
        case _:
            parts[chance.choice(("xl/vbaProject.bin", "xl/workbook.bin", "word/document.xml", "a/" * 2_000))] = b"x"
    return packed(parts)


def pack_otherwise(workbook: bytes, chance: random.Random) -> bytes:
    """An archive that means the same, or should, packed in another way."""
    parts = parts_of(workbook)
    match chance.randrange(5):
        case 0:
            return packed(parts, method=chance.choice((zipfile.ZIP_STORED, zipfile.ZIP_BZIP2, zipfile.ZIP_LZMA)))
        case 1:
            return chance.randbytes(chance.choice((1, 100, 70_000))) + workbook
        case 2:
            return workbook + chance.randbytes(chance.choice((1, 100, 70_000)))
        case 3:
            # Each name takes some bytes of the archive's directory, which is read at once.
            names = {f"{'x' * chance.choice((1, 200))}{number}": b"" for number in range(chance.choice((300, 3_000)))}
            return packed({**parts, **names}, method=zipfile.ZIP_STORED)
        case _:
            return packed(dict(chance.sample(list(parts.items()), len(parts))))


def splice_parts(others: Sequence[bytes]) -> Mutate:
    """A part of another workbook in the place of one's own."""

    def splice(workbook: bytes, chance: random.Random) -> bytes:
        parts, strange = parts_of(workbook), parts_of(chance.choice(others))
        for _ in range(chance.choice((1, 1, 2, 3))):
            name = _a_part(strange, chance)
            parts[name if chance.random() < 0.5 else _a_part(parts, chance)] = strange[name]
        return packed(parts)

    return splice


ARCHIVE_KINDS: Final[dict[str, Mutate]] = {
    "archive's numbers": lie_about_sizes,
    "part grown": grow_a_part,
    "part missing": lose_a_part,
    "parts mixed up": mix_parts_up,
    "packed otherwise": pack_otherwise,
}


def _a_part(parts: Mapping[str, bytes], chance: random.Random) -> str:
    names = sorted(parts)
    weights = [max((w for word, w in _WEIGHTS.items() if word in name.lower()), default=1) for name in names]
    return chance.choices(names, weights)[0]


def _places(data: bytes, signature: bytes) -> list[int]:
    places, at = [], data.find(signature)
    while at >= 0:
        places.append(at)
        at = data.find(signature, at + 1)
    return [place for place in places if place + _LENGTHS[signature] <= len(data)]
