"""HTTP: rolls imports back, and shows what became of each contact."""

from __future__ import annotations

from aws_lambda_powertools.event_handler import Response

from contacts.contracts.http_base import ItemPage
from contacts.contracts.http_imports import DownloadAnswer
from contacts.contracts.http_rollbacks import RollbackAccepted, RollbackBody, RollbackOutcome
from contacts.runtime import rollback_use_cases as use_cases
from contacts.runtime.http_api import HttpApi, reply
from contacts.runtime.http_docs import making, when_ended
from contacts.runtime.http_errors import RETRY_AFTER
from contacts.runtime.http_parameters import Cursor, IdempotencyKey, Limit
from contacts.usecases.do_once import Answer
from contacts.usecases.start_rollback import RollbackRequest

# Every field has a default, and the specification's request has no body at all.
api = HttpApi(empty_body="{}")
app, handler = api.app, api.handler
IMPORTS = "/api/contacts/import"
ROLLBACK = IMPORTS + "/<job_id>/rollback"


@app.post(
    ROLLBACK,
    summary="Roll an import back, or look what that would do",
    responses=making(202, 404, 409, headers=("Location", "Retry-After")),
)
def start_rollback(
    job_id: str, body: RollbackBody, idempotency_key: IdempotencyKey = None
) -> Response[RollbackAccepted]:
    def start(seed: str) -> Answer:
        who = api.caller
        request = RollbackRequest(
            tenant=who.tenant, user=who.user, job_id=job_id, on_conflict=body.on_conflict, dry_run=body.dry_run
        )
        job = use_cases.start_rollback(api.wiring)(request, seed)
        headers = {"Location": f"{IMPORTS}/{job.id}", "Retry-After": RETRY_AFTER}
        return Answer(202, RollbackAccepted.of(job).to_json(), headers)

    return api.once(idempotency_key, start, job_id=lambda _: job_id)


@app.get(ROLLBACK, summary="List what the latest rollback did with each contact", responses=when_ended())
def list_rollback_outcomes(
    job_id: str, cursor: Cursor = None, limit: Limit = 100
) -> Response[ItemPage[RollbackOutcome]]:
    position = api.position(cursor, "rollback", job_id)
    page = use_cases.list_rollback_outcomes(api.wiring)(api.caller.tenant, job_id, limit=limit, position=position)
    return api.page(page, RollbackOutcome.of, "rollback", job_id)


@app.get(ROLLBACK + "/download", summary="Get a link to the same list as CSV", responses=when_ended())
def download_rollback_outcomes(job_id: str) -> Response[DownloadAnswer]:
    link = use_cases.link_rollback_outcomes(api.wiring)(api.caller.tenant, job_id)
    return reply(DownloadAnswer(download_url=link.url, expires_at=link.expires_at))
