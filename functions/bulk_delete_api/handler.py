"""HTTP: starts to clean up what a bulk create job created, and shows what became of each contact."""

from __future__ import annotations

from aws_lambda_powertools.event_handler import Response

from contacts.contracts import http_bulk_delete as bodies
from contacts.contracts.http_base import ItemPage
from contacts.runtime import bulk_use_cases as use_cases
from contacts.runtime.http_api import HttpApi, reply
from contacts.runtime.http_docs import answers, making
from contacts.runtime.http_errors import RETRY_AFTER
from contacts.runtime.http_parameters import Cursor, IdempotencyKey, Limit
from contacts.usecases.do_once import Answer
from contacts.usecases.start_bulk_delete import BulkDeleteRequest, StartBulkDelete

api = HttpApi()
app, handler = api.app, api.handler
JOBS = "/api/contacts/bulk-delete"
JOB = JOBS + "/<job_id>"


@app.post(
    JOBS,
    summary="Start to delete what a bulk create job created, or look what would go",
    responses=making(202, 404, 409, headers=("Location", "Retry-After")),
)
def start_bulk_delete(
    body: bodies.BulkDeleteBody, idempotency_key: IdempotencyKey = None
) -> Response[bodies.BulkDeleteAccepted]:
    request = BulkDeleteRequest(
        caller=api.caller.as_caller,
        create_job_id=body.bulk_create_job_id,
        tracking_key=body.tracking_key,
        contact_ids=body.contact_ids,
        dry_run=body.dry_run,
    )

    def start(seed: str) -> Answer:
        job = use_cases.start_bulk_delete(api.wiring)(request, seed)
        headers = {"Location": f"{JOBS}/{job.id}", "Retry-After": RETRY_AFTER}
        return Answer(202, bodies.BulkDeleteAccepted.of(job).to_json(), headers)

    return api.once(idempotency_key, start, key_in_body=body.idempotency_key, job_id=StartBulkDelete.job_id)


@app.get(JOB, summary="Show a bulk delete job", responses=answers(200, 404, headers=("Retry-After",)))
def get_bulk_delete(job_id: str) -> Response[bodies.BulkDeleteJob]:
    found = use_cases.get_bulk_job(api.wiring).delete_job(api.caller.as_caller, job_id)
    shown = bodies.BulkDeleteJob.of(found.job, found.candidate_contact_ids, found.deleted_contact_ids, found.failures)
    return reply(shown, {"Retry-After": RETRY_AFTER} if found.job.is_open else None)


@app.get(JOB + "/items", summary="List what became of each contact", responses=answers(200, 404))
def list_bulk_delete_items(
    job_id: str, cursor: Cursor = None, limit: Limit = 100
) -> Response[ItemPage[bodies.BulkDeleteItem]]:
    position = api.position(cursor, "bulk-delete-items", job_id)
    list_items = use_cases.get_bulk_job(api.wiring).delete_items
    _, page = list_items(api.caller.as_caller, job_id, limit=limit, position=position)
    return api.page(page, bodies.BulkDeleteItem.of, "bulk-delete-items", job_id)
