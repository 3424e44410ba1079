"""Settings are read where they are needed; every part of the wiring can be built, and replaced."""

from __future__ import annotations

from functools import cached_property

import pytest
from moto import mock_aws

from contacts.runtime import clients
from contacts.runtime.settings import SettingError, Settings
from contacts.runtime.wiring import Wiring

ENVIRONMENT = {
    "CONTACTS_TABLE": "contacts",
    "JOBS_TABLE": "jobs",
    "FILES_BUCKET": "files",
    "IMPORT_STATE_MACHINE_ARN": "arn:aws:states:eu-central-1:123456789012:stateMachine:import",
    "ROLLBACK_STATE_MACHINE_ARN": "arn:aws:states:eu-central-1:123456789012:stateMachine:rollback",
    "EXPORT_STATE_MACHINE_ARN": "arn:aws:states:eu-central-1:123456789012:stateMachine:export",
    "CREATE_SLICES_QUEUE_URL": "https://sqs.eu-central-1.amazonaws.com/123456789012/create",
    "DELETE_SLICES_QUEUE_URL": "https://sqs.eu-central-1.amazonaws.com/123456789012/delete",
    "EVENT_BUS_NAME": "bus",
    "JOB_RETENTION_DAYS": "90",
}
PARTS = [name for name, value in vars(Wiring).items() if isinstance(value, cached_property)]


def with_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    """What Lambda puts into every function's environment."""
    monkeypatch.setenv("AWS_DEFAULT_REGION", "eu-central-1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "x")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "x")


def test_settings_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("MAX_ROWS", "12")
    assert Settings().max_rows == 12


def test_missing_setting_is_named_on_first_use() -> None:
    settings = Settings({})
    with pytest.raises(SettingError, match="JOBS_TABLE"):
        _ = settings.jobs_table


@pytest.mark.parametrize("value", ["", "0", "-1", "1.5", "many", "\u0661"])
def test_number_that_is_none(value: str) -> None:
    with pytest.raises(SettingError, match="MAX_ROWS"):
        _ = Settings({"MAX_ROWS": value}).max_rows


def test_claims_have_defaults() -> None:
    assert (Settings({}).tenant_claim, Settings({}).scope_claim) == ("custom:tenant_id", "scope")


@pytest.mark.parametrize("part", PARTS)
def test_every_part_can_be_built(part: str, monkeypatch: pytest.MonkeyPatch) -> None:
    with_credentials(monkeypatch)
    wiring = Wiring(Settings(ENVIRONMENT))
    assert getattr(wiring, part) is getattr(wiring, part)


@mock_aws
def test_files_take_streams(monkeypatch: pytest.MonkeyPatch) -> None:
    with_credentials(monkeypatch)
    clients.s3.cache_clear()
    clients.s3().create_bucket(Bucket="files", CreateBucketConfiguration={"LocationConstraint": "eu-central-1"})
    files = Wiring(Settings(ENVIRONMENT)).files
    files.put_stream("key", [b"one", b"two"])
    assert files.get("key") == b"onetwo"
    clients.s3.cache_clear()


def test_links_go_to_the_buckets_own_region(monkeypatch: pytest.MonkeyPatch) -> None:
    with_credentials(monkeypatch)
    clients.s3.cache_clear()
    links = Wiring(Settings(ENVIRONMENT)).links
    host = "https://files.s3.eu-central-1.amazonaws.com/"
    assert links.sign_download("key", file_name="x.csv", seconds=300).startswith(host)
    assert links.sign_upload("key", max_bytes=1, seconds=300).url.startswith(host)
    clients.s3.cache_clear()


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
