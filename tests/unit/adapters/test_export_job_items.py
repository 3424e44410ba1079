"""Export jobs and audit records as items."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import given, settings
from hypothesis import strategies as st

from contacts.adapters.dynamodb.audit_log import audit_item, audit_record_from_item
from contacts.adapters.dynamodb.export_job_items import export_job_from_item, export_job_item
from contacts.domain.errors import Problem
from contacts.domain.export_job import (
    AuditAction,
    AuditRecord,
    ExportFile,
    ExportFormat,
    ExportJob,
    ExportOptions,
    ExportStatus,
)

# DynamoDB's numbers have 38 digits; ours are counts and sizes.
number = st.integers(0, 10**15)
text = st.text()
optional_text = st.none() | text
json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | text,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(text, inner, max_size=3),
    max_leaves=8,
)
options = st.builds(
    ExportOptions,
    format=st.sampled_from(ExportFormat),
    filters=st.none() | st.dictionaries(text, json_values, max_size=3),
    segment_id=optional_text,
    collection_id=optional_text,
    selected_fields=st.none() | st.lists(text).map(tuple),
    include_custom_fields=st.booleans(),
    include_engagement_metrics=st.booleans(),
    byte_order_mark=st.booleans(),
)
jobs = st.builds(
    ExportJob,
    options=options,
    workspace=optional_text,
    status=st.sampled_from(ExportStatus),
    attempt=number,
    processed=number,
    total=st.none() | number,
    file=st.none() | st.builds(ExportFile, text, number, text),
    problem=st.none() | st.builds(Problem, text, text, optional_text),
    started_at=optional_text,
    completed_at=optional_text,
    announced=st.booleans(),
)
records = st.builds(
    AuditRecord,
    at=st.datetimes().map(lambda at: f"{at.isoformat(timespec='milliseconds')}Z"),
    action=st.sampled_from(AuditAction),
    options=options,
    contacts=st.none() | number,
)


@settings(deadline=None)
@given(jobs)
def test_every_job_survives_the_way_through_its_item(job: ExportJob) -> None:
    assert export_job_from_item(export_job_item(job, expires_at=1)) == job


@settings(deadline=None)
@given(jobs)
def test_the_sweeper_sees_a_job_until_it_is_announced_and_the_clean_up_until_it_is_gone(job: ExportJob) -> None:
    assert export_job_item(replace(job, announced=False), 1)["openKey"] == {"S": "open"}
    assert "openKey" not in export_job_item(replace(job, announced=True), 1)
    assert export_job_item(job, 1)["fileExpiresAt"] == {"S": job.expires_at}
    assert export_job_item(job, 1)["exportKey"] == {"S": "export"}


@settings(deadline=None)
@given(records)
def test_every_audit_record_survives_the_way_through_its_item(record: AuditRecord) -> None:
    assert audit_record_from_item(record.tenant, audit_item(record)) == record
