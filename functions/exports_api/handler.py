"""HTTP: starts exports, shows them, hands out links to their files, and tells who took contacts out."""

from __future__ import annotations

from aws_lambda_powertools.event_handler import Response

from contacts.contracts import http_exports as bodies
from contacts.contracts.http_base import ItemPage
from contacts.contracts.http_imports import DownloadAnswer
from contacts.runtime import export_use_cases as use_cases
from contacts.runtime.http_api import HttpApi, reply
from contacts.runtime.http_docs import answers, making, when_exported
from contacts.runtime.http_errors import RETRY_AFTER
from contacts.runtime.http_parameters import Cursor, IdempotencyKey, Limit
from contacts.runtime.principal import ADMIN_SCOPE, EXPORT_SCOPE, READ_SCOPE
from contacts.usecases.do_once import Answer
from contacts.usecases.start_export import ExportRequest, StartExport

EXPORTS = "/api/contacts/export"
AUDIT = EXPORTS + "/audit"
JOB = EXPORTS + "/<job_id>"

# Exports and links to their files are how data leaves: neither reading nor writing gives the right to them.
api = HttpApi(
    scopes={
        f"POST {EXPORTS}": EXPORT_SCOPE,
        f"GET {EXPORTS}/{{jobId}}": READ_SCOPE,
        f"GET {EXPORTS}/{{jobId}}/download": EXPORT_SCOPE,
        f"GET {AUDIT}": ADMIN_SCOPE,
    }
)
app, handler = api.app, api.handler


@app.post(EXPORTS, summary="Start to export contacts to a file", responses=making(202, 404, headers=("Location",)))
def start_export(
    body: bodies.StartExportBody, idempotency_key: IdempotencyKey = None
) -> Response[bodies.ExportAccepted]:
    def start(seed: str) -> Answer:
        who = api.caller
        request = ExportRequest(tenant=who.tenant, user=who.user, workspace=who.workspace, options=body.to_domain())
        job = use_cases.start_export(api.wiring)(request, seed)
        return Answer(202, bodies.ExportAccepted.of(job).to_json(), {"Location": f"{EXPORTS}/{job.id}"})

    return api.once(idempotency_key, start, job_id=StartExport.job_id)


# Before the route of a job: the first one that fits is taken.
@app.get(AUDIT, summary="List who took contacts out, the newest first", responses=answers(200))
def list_audit_records(cursor: Cursor = None, limit: Limit = 50) -> Response[ItemPage[bodies.ExportAuditRecord]]:
    position = api.position(cursor, "exports_audit")
    page = use_cases.audit_exports(api.wiring).records(api.caller.tenant, limit=limit, position=position)
    return api.page(page, bodies.ExportAuditRecord.of, "exports_audit")


@app.get(JOB, summary="Show an export", responses=answers(200, 404, headers=("Retry-After",)))
def get_export(job_id: str) -> Response[bodies.ExportDetail]:
    found = use_cases.get_export(api.wiring)(api.caller.tenant, job_id)
    headers = {"Retry-After": RETRY_AFTER} if found.job.is_open else None
    return reply(bodies.ExportDetail.of(found.job, found.file_url), headers)


@app.get(JOB + "/download", summary="Get a link to an export's file, for five minutes", responses=when_exported())
def download_export(job_id: str) -> Response[DownloadAnswer]:
    who, request_id = api.caller, api.app.current_event.request_context.request_id
    link = use_cases.link_export(api.wiring)(who.tenant, who.user, job_id, request_id)
    return reply(DownloadAnswer(download_url=link.url, expires_at=link.expires_at))
