"""Parameters of routes."""

from __future__ import annotations

from typing import Annotated

from aws_lambda_powertools.event_handler.openapi.params import Header, Query

from contacts.contracts.http_fields import IDEMPOTENCY_KEY_PATTERN

Limit = Annotated[int, Query(ge=1, le=200, description="How many items at most.")]
Cursor = Annotated[str | None, Query(max_length=2_048, description="`nextCursor` of the page before.")]
IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        pattern=IDEMPOTENCY_KEY_PATTERN,
        description="1 to 255 visible ASCII characters of the caller's choice. For 24 hours, from the last change of "
        "the job where there is one, the same key with the same request makes nothing anew and gets the same answer. "
        "Keys belong to a tenant and user.",
    ),
]
IfMatch = Annotated[
    str | None,
    Header(alias="If-Match", description='The version that the caller read, such as "3": 412 if it is another now.'),
]

AllowDuplicate = Annotated[bool, Query(alias="allowDuplicate", description="Also where a contact has the e-mail.")]
WithEmail = Annotated[str | None, Query(max_length=1_024, description="Every contact that has this e-mail.")]
InSegment = Annotated[str | None, Query(alias="segmentId", max_length=128, description="The segment's contacts.")]
FromExternalSource = Annotated[
    str | None,
    Query(
        alias="externalSource",
        max_length=256,
        description="The contacts with exactly this `externalSource`: the `trackingKey` of a bulk create job. Found "
        "through an index that lags behind by moments.",
    ),
]
