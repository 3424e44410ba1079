"""HTTP: contacts and segments, one by one and in pages."""

from __future__ import annotations

from aws_lambda_powertools.event_handler import Response

from contacts.contracts.http_base import ItemPage
from contacts.contracts.http_contacts import ContactAnswer, ContactBody, SegmentAnswer
from contacts.runtime import contact_use_cases as use_cases
from contacts.runtime import http_parameters as given
from contacts.runtime.etags import etag, expected_version
from contacts.runtime.http_api import HttpApi, reply
from contacts.runtime.http_docs import answers, making
from contacts.usecases.do_once import Answer

api = HttpApi()
app, handler = api.app, api.handler
CONTACT = "/api/contacts/<contact_id>"


@app.post("/api/contacts", summary="Create a contact", responses=making(201, 409, headers=("Location", "ETag")))
def create_contact(
    body: ContactBody, allow_duplicate: given.AllowDuplicate = False, idempotency_key: given.IdempotencyKey = None
) -> Response[ContactAnswer]:
    def create_once(seed: str) -> Answer:
        create = use_cases.create_contact(api.wiring)
        contact = create(api.caller.tenant, body.changes(), seed, allow_duplicate=allow_duplicate)
        headers = {"Location": f"/api/contacts/{contact.id}", "ETag": etag(contact.version)}
        return Answer(201, ContactAnswer.of(contact).to_json(), headers)

    return api.once(idempotency_key, create_once)


@app.get("/api/contacts", summary="List contacts: all, by e-mail, in a segment, of a job", responses=answers(200, 404))
def find_contacts(
    email: given.WithEmail = None,
    segment_id: given.InSegment = None,
    external_source: given.FromExternalSource = None,
    cursor: given.Cursor = None,
    limit: given.Limit = 50,
) -> Response[ItemPage[ContactAnswer]]:
    filters = {"email": email, "segment_id": segment_id, "external_source": external_source}
    scope = ("contacts", *filters.values())
    position = api.position(cursor, *scope)
    page = use_cases.find_contacts(api.wiring)(api.caller.tenant, limit=limit, position=position, **filters)
    return api.page(page, ContactAnswer.of, *scope)


@app.get(CONTACT, summary="Show a contact", responses=answers(200, 404, headers=("ETag",)))
def get_contact(contact_id: str) -> Response[ContactAnswer]:
    contact = use_cases.get_contact(api.wiring)(api.caller.tenant, contact_id)
    return reply(ContactAnswer.of(contact), {"ETag": etag(contact.version)})


@app.patch(CONTACT, summary="Change a contact", responses=answers(200, 404, 409, 412, 413, 415, headers=("ETag",)))
def update_contact(contact_id: str, body: ContactBody, if_match: given.IfMatch = None) -> Response[ContactAnswer]:
    update, version = use_cases.update_contact(api.wiring), expected_version(if_match)
    contact = update(api.caller.tenant, contact_id, body.changes(), expected_version=version)
    return reply(ContactAnswer.of(contact), {"ETag": etag(contact.version)})


@app.delete(CONTACT, summary="Delete a contact", responses=answers(204, 404, 409, 412))
def delete_contact(contact_id: str, if_match: given.IfMatch = None) -> Response[None]:
    version = expected_version(if_match)
    use_cases.delete_contact(api.wiring)(api.caller.tenant, contact_id, expected_version=version)
    return Response(status_code=204)


@app.get("/api/segments", summary="List the tenant's segments", responses=answers(200))
def list_segments(cursor: given.Cursor = None, limit: given.Limit = 50) -> Response[ItemPage[SegmentAnswer]]:
    position = api.position(cursor, "segments")
    page = use_cases.list_segments(api.wiring)(api.caller.tenant, limit=limit, position=position)
    return api.page(page, SegmentAnswer.of, "segments")


@app.get("/api/segments/<segment_id>", summary="Show a segment", responses=answers(200, 404))
def get_segment(segment_id: str) -> Response[SegmentAnswer]:
    return reply(SegmentAnswer.of(use_cases.get_segment(api.wiring)(api.caller.tenant, segment_id)))
