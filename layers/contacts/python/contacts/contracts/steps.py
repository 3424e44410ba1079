"""What the state machines hand to their steps and get back. Ids and decisions only: payloads are limited to 256 KB and
are kept in the execution history, where no personal data may be."""

from __future__ import annotations

from typing import Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel


class Step(BaseModel):
    """Base of all step models: camelCase outside, immutable, nothing unexpected."""

    model_config = ConfigDict(alias_generator=to_camel, populate_by_name=True, frozen=True, extra="forbid")

    def to_event(self) -> dict[str, object]:
        """The model as the state machine sees it."""
        return self.model_dump(mode="json", by_alias=True)


class StageImportInput(Step):
    """Input of `stage_import`."""

    job_id: str = Field(min_length=1)


class Manifest(Step):
    """Where the list of parts lies."""

    bucket: str
    key: str


class StageImportOutput(Step):
    """Output of `stage_import`: `apply` the parts of the manifest, or go on to `finish`."""

    job_id: str
    decision: Literal["apply", "finish"]
    manifest: Manifest


class ApplyImportPartInput(Step):
    """Input of `apply_import_part`."""

    job_id: str = Field(min_length=1)
    part: int = Field(ge=0)


class ApplyImportPartOutput(Step):
    """Output of `apply_import_part`; the state machine's Catch answers `true` in its place."""

    failed: Literal[False] = False


class FinishImportInput(Step):
    """Input of `finish_import`; `cause` names the step's reason where the execution came off its way."""

    job_id: str = Field(min_length=1)
    cause: str | None = None


RollbackModeName = Literal["look", "write"]


class PrepareRollbackInput(Step):
    """Input of `prepare_rollback`."""

    job_id: str = Field(min_length=1)
    run: int = Field(ge=1)


class PrepareRollbackOutput(Step):
    """Output of `prepare_rollback`: which pass comes first (`none`: nothing to do), and how long to wait before."""

    job_id: str
    run: int
    mode: Literal["look", "write", "none"]
    wait_seconds: int = Field(ge=0)
    manifest: Manifest


class RollBackPartInput(Step):
    """Input of `roll_back_part`."""

    job_id: str = Field(min_length=1)
    run: int = Field(ge=1)
    mode: RollbackModeName
    part: int = Field(ge=0)


class RollBackPartOutput(Step):
    """Output of `roll_back_part`; the state machine's Catch answers `true` in its place."""

    failed: Literal[False] = False


class FinishRollbackInput(Step):
    """Input of `finish_rollback`; `cause` names the step's reason where the execution came off its way."""

    job_id: str = Field(min_length=1)
    run: int = Field(ge=1)
    mode: RollbackModeName | None = None
    cause: str | None = None


class FinishRollbackOutput(Step):
    """Output of `finish_rollback`: what comes after this pass."""

    next: Literal["write", "end"]


class WriteExportInput(Step):
    """Input of `write_export`. It answers nothing: what came of the job is in the job."""

    job_id: str = Field(min_length=1)


class FailExportInput(Step):
    """Input of `fail_export`, which answers nothing either."""

    job_id: str = Field(min_length=1)


class CleanUpExportsInput(Step):
    """Input of `clean_up_exports`, from the clock or an operator; `dry_run` only reports."""

    dry_run: bool = Field(default=False, strict=True)


class CleanUpExportsOutput(Step):
    """Output of `clean_up_exports`: how much was removed, or would be where it was a dry run.

    Attributes:
        exports: expired jobs that are removed.
        files: objects that are removed with them.
        running: expired jobs that have not ended, and stay.
        failures: expired jobs that could not be removed.
    """

    dry_run: bool
    exports: int = Field(ge=0)
    files: int = Field(ge=0)
    running: int = Field(ge=0)
    failures: int = Field(ge=0)
