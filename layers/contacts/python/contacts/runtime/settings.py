"""What the template tells a function through its environment."""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field


class SettingError(Exception):
    """A function's environment lacks a setting that its code needs, or holds one that makes no sense."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Settings by name, read where they are needed: each function is given only those that it uses.

    Raises:
        SettingError: on the first use of a setting that is missing or no positive number where it must be one.
    """

    environment: Mapping[str, str] = field(default_factory=lambda: dict(os.environ))

    @property
    def contacts_table(self) -> str:
        return self._text("CONTACTS_TABLE")

    @property
    def jobs_table(self) -> str:
        return self._text("JOBS_TABLE")

    @property
    def files_bucket(self) -> str:
        return self._text("FILES_BUCKET")

    @property
    def import_state_machine_arn(self) -> str:
        return self._text("IMPORT_STATE_MACHINE_ARN")

    @property
    def rollback_state_machine_arn(self) -> str:
        return self._text("ROLLBACK_STATE_MACHINE_ARN")

    @property
    def export_state_machine_arn(self) -> str:
        return self._text("EXPORT_STATE_MACHINE_ARN")

    @property
    def create_slices_queue_url(self) -> str:
        return self._text("CREATE_SLICES_QUEUE_URL")

    @property
    def delete_slices_queue_url(self) -> str:
        return self._text("DELETE_SLICES_QUEUE_URL")

    @property
    def tenant_slices_in_flight(self) -> int:
        """How many slices of one tenant's bulk jobs are with the workers at a time."""
        return self._number("TENANT_SLICES_IN_FLIGHT")

    @property
    def event_bus_name(self) -> str:
        return self._text("EVENT_BUS_NAME")

    @property
    def tenant_claim(self) -> str:
        """Claim of the token that names the caller's tenant."""
        return self._text("TENANT_CLAIM", "custom:tenant_id")

    @property
    def scope_claim(self) -> str:
        """Claim of the token that lists the caller's scopes."""
        return self._text("SCOPE_CLAIM", "scope")

    @property
    def max_file_bytes(self) -> int:
        """Largest file that is imported."""
        return self._number("MAX_FILE_BYTES")

    @property
    def max_rows(self) -> int:
        """Most data rows of a file."""
        return self._number("MAX_ROWS")

    @property
    def default_phone_region(self) -> str:
        """Region (ISO 3166-1) that a phone number without a country code is read in."""
        return self._text("DEFAULT_PHONE_REGION")

    @property
    def rollback_days(self) -> int:
        """For how many days after its end an import can be rolled back."""
        return self._number("ROLLBACK_DAYS")

    @property
    def job_retention_days(self) -> int:
        """For how many days after their last change jobs are kept."""
        return self._number("JOB_RETENTION_DAYS")

    def _text(self, name: str, default: str | None = None) -> str:
        value = self.environment.get(name) or default
        if value is None:
            raise SettingError(f"environment variable {name} is not set")
        return value

    def _number(self, name: str) -> int:
        value = self._text(name)
        if not value.isascii() or not value.isdigit() or int(value) == 0:
            raise SettingError(f"environment variable {name} must be a positive whole number")
        return int(value)
