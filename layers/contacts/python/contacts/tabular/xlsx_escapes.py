"""How a workbook writes what XML can't hold: `_xHHHH_`, ST_Xstring of [ECMA-376] 22.9.2.19."""

from __future__ import annotations

import re
from typing import Final

# XML 1.0 has no other control characters, and its parsers turn CR into LF.
_UNWRITABLE: Final = "\x00-\x08\x0b-\x1f\ufffe\uffff"
# The second part is text that only looks like an escape, or would with the escape that comes to stand behind it.
_TO_ESCAPE: Final = re.compile(f"[{_UNWRITABLE}]|_(?=x[0-9A-Fa-f]{{4}}[_{_UNWRITABLE}])")
_ESCAPE: Final = re.compile("_x([0-9A-Fa-f]{4})_")


def escape(text: str) -> str:
    """The text with `_xHHHH_` for each character that XML can't hold, and for each underscore that would be misread."""
    if text.isprintable() and "_x" not in text:
        return text
    return _TO_ESCAPE.sub(lambda found: f"_x{ord(found[0]):04X}_", text)


def unescape(text: str) -> str:
    """The text with its escapes resolved; halves of surrogate pairs, which are no characters, stay escaped."""
    return _ESCAPE.sub(_character, text) if "_x" in text else text


def _character(found: re.Match[str]) -> str:
    code = int(found[1], 16)
    return found[0] if 0xD800 <= code <= 0xDFFF else chr(code)
