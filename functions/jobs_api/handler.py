"""HTTP: lists a tenant's jobs."""

from __future__ import annotations

from typing import Annotated

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.event_handler.openapi.params import Query

from contacts.contracts import http_job_list as bodies
from contacts.contracts.http_base import ItemPage
from contacts.runtime import import_use_cases as use_cases
from contacts.runtime.http_api import HttpApi
from contacts.runtime.http_docs import answers
from contacts.runtime.http_parameters import Cursor, Limit

api = HttpApi()
app, handler = api.app, api.handler

JobType = Annotated[bodies.JobType | None, Query(alias="type", description="Jobs of this kind alone.")]
JobStatus = Annotated[bodies.JobStatus | None, Query(description="Jobs of this status alone, as their kind spells it.")]


@app.get("/api/jobs", summary="List the tenant's jobs, newest first", responses=answers(200))
def list_jobs(
    type_: JobType = None, status: JobStatus = None, cursor: Cursor = None, limit: Limit = 50
) -> Response[ItemPage[bodies.JobSummary]]:
    position = api.position(cursor, "jobs", type_, status)
    page = use_cases.list_jobs(api.wiring)(api.caller.tenant, limit=limit, position=position, kind=type_, status=status)
    now, days = api.wiring.clock(), api.wiring.settings.rollback_days
    return api.page(page, lambda job: bodies.job_summary(job, now=now, rollback_days=days), "jobs", type_, status)
