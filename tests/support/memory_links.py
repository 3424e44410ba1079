"""`FileLinks` that sign nothing."""

from __future__ import annotations

from datetime import datetime, timedelta
from urllib.parse import quote, unquote

from contacts.ports import Clock, SignedUpload

ORIGIN = "https://files.example.test"


class MemoryLinks:
    def __init__(self, *, clock: Clock = lambda: "2026-01-01T00:00:00.000Z") -> None:
        self._clock = clock

    def sign_upload(self, key: str, *, max_bytes: int, seconds: int) -> SignedUpload:
        expires = datetime.fromisoformat(self._clock()) + timedelta(seconds=seconds)
        fields = {"key": key, "maxBytes": str(max_bytes)}
        return SignedUpload(ORIGIN, fields, expires.isoformat(timespec="milliseconds").replace("+00:00", "Z"))

    def sign_download(self, key: str, *, file_name: str, seconds: int) -> str:
        return f"{self.url_of(key)}?fileName={quote(file_name, safe='')}&seconds={seconds}"

    def url_of(self, key: str) -> str:
        return f"{ORIGIN}/{quote(key, safe='/')}"

    def key_of(self, url: str) -> str | None:
        if not url.startswith(f"{ORIGIN}/"):
            return None
        key = unquote(url.removeprefix(f"{ORIGIN}/"))
        return key if key and self.url_of(key) == url else None
