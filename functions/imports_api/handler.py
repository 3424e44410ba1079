"""HTTP: uploads files, starts imports, shows them and what came of them."""

from __future__ import annotations

from aws_lambda_powertools.event_handler import Response

from contacts.contracts import http_imports as bodies
from contacts.contracts.http_base import ItemPage
from contacts.runtime import import_use_cases as use_cases
from contacts.runtime.http_api import HttpApi, reply
from contacts.runtime.http_docs import answers, making, when_ended
from contacts.runtime.http_errors import RETRY_AFTER
from contacts.runtime.http_parameters import Cursor, IdempotencyKey, Limit
from contacts.usecases.do_once import Answer
from contacts.usecases.link_import_results import ResultFile
from contacts.usecases.start_import import StartImport

api = HttpApi()
app, handler = api.app, api.handler
IMPORTS = "/api/contacts/import"
JOB = IMPORTS + "/<job_id>"
ERROR_LIST = answers(200, 404, 409, 410)


@app.post(IMPORTS + "/upload", summary="Get a place to upload a file to", responses=making(201))
def create_upload(
    body: bodies.CreateUploadBody, idempotency_key: IdempotencyKey = None
) -> Response[bodies.UploadAnswer]:
    def create(seed: str) -> Answer:
        made = use_cases.create_upload(api.wiring)(api.caller.tenant, seed)
        form = bodies.UploadForm(url=made.form.url, fields=dict(made.form.fields))
        return Answer(201, bodies.UploadAnswer.of(made.file_url, form, made.max_bytes, made.form.expires_at).to_json())

    return api.once(idempotency_key, create)


@app.post(IMPORTS, summary="Start to import an uploaded file", responses=making(202, headers=("Location",)))
def start_import(
    body: bodies.StartImportBody, idempotency_key: IdempotencyKey = None
) -> Response[bodies.ImportAccepted]:
    def start(seed: str) -> Answer:
        who = api.caller
        request = body.to_request(tenant=who.tenant, user=who.user, workspace=who.workspace)
        job = use_cases.start_import(api.wiring)(request, seed)
        return Answer(202, bodies.ImportAccepted.of(job).to_json(), {"Location": f"{IMPORTS}/{job.id}"})

    return api.once(idempotency_key, start, job_id=StartImport.job_id)


@app.get(JOB, summary="Show an import and its first errors", responses=answers(200, 404, headers=("Retry-After",)))
def get_import(job_id: str) -> Response[bodies.ImportDetail]:
    found = use_cases.get_import(api.wiring)(api.caller.tenant, job_id)
    days, now = api.wiring.settings.rollback_days, api.wiring.clock()
    detail = bodies.ImportDetail.of(found.job, found.errors, now=now, rollback_days=days)
    return reply(detail, {"Retry-After": RETRY_AFTER} if found.job.is_busy else None)


@app.get(JOB + "/errors", summary="List all errors of an import, in the file's order", responses=ERROR_LIST)
def list_errors(job_id: str, cursor: Cursor = None, limit: Limit = 100) -> Response[ItemPage[bodies.RowErrorBody]]:
    position = api.position(cursor, "errors", job_id)
    page = use_cases.list_import_errors(api.wiring)(api.caller.tenant, job_id, limit=limit, position=position)
    return api.page(page, bodies.RowErrorBody.of, "errors", job_id)


@app.get(JOB + "/errors/download", summary="Get a link to the failed rows as CSV", responses=when_ended())
def download_errors(job_id: str) -> Response[bodies.DownloadAnswer]:
    link = use_cases.link_import_results(api.wiring)(api.caller.tenant, job_id, ResultFile.ERRORS)
    return reply(bodies.DownloadAnswer(download_url=link.url, expires_at=link.expires_at))


@app.get(JOB + "/results/download", summary="Get a link to every row's outcome as CSV", responses=when_ended())
def download_results(job_id: str) -> Response[bodies.DownloadAnswer]:
    link = use_cases.link_import_results(api.wiring)(api.caller.tenant, job_id, ResultFile.RESULTS)
    return reply(bodies.DownloadAnswer(download_url=link.url, expires_at=link.expires_at))
