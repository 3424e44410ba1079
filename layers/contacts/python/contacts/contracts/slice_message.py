"""The message that sends a worker to a slice of a bulk job. It names the slice and holds nothing of it."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel


class SliceMessage(BaseModel):
    """Body of a message, as `SliceQueue` sends it: `{"jobId": ..., "slice": ...}`."""

    model_config = ConfigDict(alias_generator=to_camel, frozen=True, extra="forbid")

    job_id: str = Field(min_length=1)
    slice: int = Field(ge=0)
