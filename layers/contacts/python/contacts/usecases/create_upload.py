"""Let a client upload a file."""

from __future__ import annotations

from dataclasses import dataclass

from contacts.domain.object_keys import upload_key
from contacts.domain.seeded_ids import seeded_uuid
from contacts.ports import FileLinks, SignedUpload

#: How long the form can be used: a large file on a slow line has to begin, and to end, within it.
UPLOAD_SECONDS = 3_600


@dataclass(frozen=True, slots=True)
class Upload:
    """A place for a file, and the form that puts it there."""

    file_url: str
    form: SignedUpload
    max_bytes: int


class CreateUpload:
    def __init__(self, *, links: FileLinks, max_file_bytes: int) -> None:
        self._links = links
        self._max_file_bytes = max_file_bytes

    def __call__(self, tenant: str, seed: str) -> Upload:
        """Sign a form for one new key of this tenant; the key comes from the seed, never from the client."""
        key = upload_key(tenant, seeded_uuid("upload", seed))
        form = self._links.sign_upload(key, max_bytes=self._max_file_bytes, seconds=UPLOAD_SECONDS)
        return Upload(self._links.url_of(key), form, self._max_file_bytes)
