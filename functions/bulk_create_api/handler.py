"""HTTP: starts to create many contacts, shows how far it is and what came of each."""

from __future__ import annotations

from aws_lambda_powertools.event_handler import Response

from contacts.contracts import http_bulk_create as bodies
from contacts.contracts.http_base import ItemPage
from contacts.runtime import bulk_use_cases as use_cases
from contacts.runtime.http_api import HttpApi, reply
from contacts.runtime.http_docs import answers, making
from contacts.runtime.http_errors import RETRY_AFTER
from contacts.runtime.http_parameters import Cursor, IdempotencyKey, Limit
from contacts.usecases.do_once import Answer
from contacts.usecases.get_bulk_job import CreateJobDetail
from contacts.usecases.start_bulk_create import BulkCreateRequest, StartBulkCreate

api = HttpApi()
app, handler = api.app, api.handler
JOBS = "/api/contacts/bulk-create"
JOB = JOBS + "/<job_id>"


@app.post(
    JOBS, summary="Start to create many contacts", responses=making(202, 404, headers=("Location", "Retry-After"))
)
def start_bulk_create(
    body: bodies.BulkCreateBody, idempotency_key: IdempotencyKey = None
) -> Response[bodies.BulkCreateAccepted]:
    who = api.caller
    request = BulkCreateRequest(
        tenant=who.tenant,
        user=who.user,
        is_admin=who.is_admin,
        entries=body.entries(),
        collection_id=body.collection_id,
        client_source=body.client_source,
        client_reference_id=body.client_reference_id,
    )

    def start(seed: str) -> Answer:
        job = use_cases.start_bulk_create(api.wiring)(request, seed)
        headers = {"Location": f"{JOBS}/{job.id}", "Retry-After": RETRY_AFTER}
        return Answer(202, bodies.BulkCreateAccepted.of(job).to_json(), headers)

    return api.once(idempotency_key, start, key_in_body=body.idempotency_key, job_id=StartBulkCreate.job_id)


@app.get(JOB, summary="Show a bulk create job", responses=answers(200, 404, headers=("Retry-After",)))
def get_bulk_create(job_id: str) -> Response[bodies.BulkCreateJob]:
    found = use_cases.get_bulk_job(api.wiring).create_job(api.caller.as_caller, job_id)
    return reply(_shown(found), {"Retry-After": RETRY_AFTER} if found.job.is_open else None)


@app.get(JOB + "/items", summary="List what became of each contact of the request", responses=answers(200, 404))
def list_bulk_create_items(
    job_id: str, cursor: Cursor = None, limit: Limit = 100
) -> Response[ItemPage[bodies.BulkCreateItem]]:
    position = api.position(cursor, "bulk-create-items", job_id)
    list_items = use_cases.get_bulk_job(api.wiring).create_items
    _, page = list_items(api.caller.as_caller, job_id, limit=limit, position=position)
    return api.page(page, bodies.BulkCreateItem.of, "bulk-create-items", job_id)


@app.post(
    JOB + "/collection", summary="Put a job's contacts into its collection after all", responses=making(200, 404, 409)
)
def retry_collection(job_id: str, idempotency_key: IdempotencyKey = None) -> Response[bodies.BulkCreateJob]:
    def retry(_: str) -> Answer:
        use_cases.retry_collection(api.wiring)(api.caller.as_caller, job_id)
        found = use_cases.get_bulk_job(api.wiring).create_job(api.caller.as_caller, job_id)
        return Answer(200, _shown(found).to_json())

    return api.once(idempotency_key, retry, job_id=lambda _: job_id)


def _shown(found: CreateJobDetail) -> bodies.BulkCreateJob:
    return bodies.BulkCreateJob.of(found.job, found.contact_ids, found.failures)
