from __future__ import annotations

import pytest

from contacts.domain.export_job import ExportFormat, ExportJob, ExportOptions, ExportStatus, ExportType

CSV = ExportFormat.CSV


@pytest.mark.parametrize(
    ("options", "type_"),
    [
        ({}, ExportType.FULL),
        ({"selected_fields": ("id",), "include_custom_fields": True}, ExportType.FULL),
        ({"filters": {"field": "email", "op": "exists", "value": True}}, ExportType.FILTERED),
        ({"collection_id": "c"}, ExportType.FILTERED),
        ({"segment_id": "s"}, ExportType.SEGMENT),
        ({"segment_id": "s", "collection_id": "c", "filters": {"not": {}}}, ExportType.SEGMENT),
    ],
)
def test_the_type_follows_from_what_is_asked_for(options, type_):
    assert ExportOptions(format=CSV, **options).type is type_


@pytest.mark.parametrize("format_", ExportFormat)
def test_csv_and_xlsx_have_columns(format_):
    assert ExportOptions(format=format_).is_table is (format_ in {"csv", "xlsx"})


def job(**fields):
    at = "2026-01-01T00:00:00.000Z"
    return ExportJob(
        **{
            "id": "job",
            "tenant": "acme",
            "created_by": "ann",
            "created_at": at,
            "changed_at": at,
            "expires_at": "2026-01-08T00:00:00.000Z",
            "options": ExportOptions(format=CSV),
            **fields,
        }
    )


@pytest.mark.parametrize("status", ExportStatus)
def test_a_job_is_open_until_it_has_completed_or_failed(status):
    assert job(status=status).is_open is (status in {"pending", "processing"})


@pytest.mark.parametrize(
    ("now", "expired"),
    [
        ("2026-01-07T23:59:59.999Z", False),
        ("2026-01-08T00:00:00.000Z", True),
        # The moment counts, however it is written.
        ("2026-01-08T00:30:00.000+01:00", False),
        ("2026-01-08T00:00:00Z", True),
    ],
)
def test_a_job_has_expired_from_its_expiry_on(now, expired):
    assert job().is_expired(now) is expired
