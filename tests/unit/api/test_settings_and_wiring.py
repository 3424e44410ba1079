"""Settings are read where they are needed; every part of the wiring can be built, and replaced."""

from __future__ import annotations

from functools import cached_property

import pytest

from contacts.runtime.settings import SettingError, Settings
from contacts.runtime.wiring import Wiring

ENVIRONMENT = {
    "CONTACTS_TABLE": "contacts",
    "JOBS_TABLE": "jobs",
    "FILES_BUCKET": "files",
    "IMPORT_STATE_MACHINE_ARN": "arn:aws:states:eu-central-1:123456789012:stateMachine:import",
    "EVENT_BUS_NAME": "bus",
    "JOB_RETENTION_DAYS": "90",
}
PARTS = [name for name, value in vars(Wiring).items() if isinstance(value, cached_property)]


def test_settings_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAX_ROWS", "12")
    assert Settings().max_rows == 12


def test_missing_setting_is_named_on_first_use() -> None:
    settings = Settings({})
    with pytest.raises(SettingError, match="JOBS_TABLE"):
        _ = settings.jobs_table


@pytest.mark.parametrize("value", ["", "0", "-1", "1.5", "many", "١"])
def test_number_that_is_none(value: str) -> None:
    with pytest.raises(SettingError, match="MAX_ROWS"):
        _ = Settings({"MAX_ROWS": value}).max_rows


def test_claims_have_defaults() -> None:
    assert (Settings({}).tenant_claim, Settings({}).scope_claim) == ("custom:tenant_id", "scope")


@pytest.mark.parametrize("part", PARTS)
def test_every_part_can_be_built(part: str, monkeypatch: pytest.MonkeyPatch) -> None:
    for name, value in {
        "AWS_DEFAULT_REGION": "eu-central-1",
        "AWS_ACCESS_KEY_ID": "x",
        "AWS_SECRET_ACCESS_KEY": "x",
    }.items():
        monkeypatch.setenv(name, value)
    wiring = Wiring(Settings(ENVIRONMENT))
    assert getattr(wiring, part) is getattr(wiring, part)


def test_parts_are_built_on_first_use_alone() -> None:
    wiring = Wiring(Settings({}))
    with pytest.raises(SettingError, match="FILES_BUCKET"):
        _ = wiring.files


@pytest.mark.parametrize("part", PARTS)
def test_every_part_can_be_replaced(part: str) -> None:
    own = object()
    assert getattr(Wiring(Settings({}), **{part: own}), part) is own


def test_part_that_does_not_exist() -> None:
    with pytest.raises(TypeError, match="job_store"):
        Wiring(Settings({}), job_store=object())
