"""HTTP: collections, what is in them, and who may change that."""

from __future__ import annotations

from aws_lambda_powertools.event_handler import Response

from contacts.contracts import http_collections as bodies
from contacts.contracts.http_base import ItemPage
from contacts.contracts.http_contacts import ContactAnswer
from contacts.runtime import collection_use_cases as use_cases
from contacts.runtime.http_api import HttpApi, reply
from contacts.runtime.http_docs import answers, making
from contacts.runtime.http_parameters import Cursor, IdempotencyKey, Limit
from contacts.usecases.do_once import Answer

api = HttpApi()
app, handler = api.app, api.handler
COLLECTIONS = "/api/collections"
COLLECTION = COLLECTIONS + "/<collection_id>"


@app.post(COLLECTIONS, summary="Make a collection", responses=making(201, headers=("Location",)))
def create_collection(
    body: bodies.CreateCollectionBody, idempotency_key: IdempotencyKey = None
) -> Response[bodies.CollectionAnswer]:
    def create_once(seed: str) -> Answer:
        who = api.caller
        made = use_cases.create_collection(api.wiring)(who.tenant, who.user, body.name, body.editors, seed)
        return Answer(201, bodies.CollectionAnswer.of(made).to_json(), {"Location": f"{COLLECTIONS}/{made.id}"})

    return api.once(idempotency_key, create_once)


@app.get(COLLECTIONS, summary="List the tenant's collections", responses=answers(200))
def list_collections(cursor: Cursor = None, limit: Limit = 50) -> Response[ItemPage[bodies.CollectionAnswer]]:
    position = api.position(cursor, "collections")
    page = use_cases.list_collections(api.wiring)(api.caller.tenant, limit=limit, position=position)
    return api.page(page, bodies.CollectionAnswer.of, "collections")


@app.get(COLLECTION, summary="Show a collection", responses=answers(200, 404))
def get_collection(collection_id: str) -> Response[bodies.CollectionAnswer]:
    return reply(bodies.CollectionAnswer.of(use_cases.get_collection(api.wiring)(api.caller.tenant, collection_id)))


@app.get(COLLECTION + "/items", summary="List the contacts of a collection", responses=answers(200, 404))
def list_collection_items(
    collection_id: str, cursor: Cursor = None, limit: Limit = 50
) -> Response[ItemPage[ContactAnswer]]:
    position = api.position(cursor, "collection-items", collection_id)
    list_items = use_cases.list_collection_items(api.wiring)
    page = list_items(api.caller.tenant, collection_id, limit=limit, position=position)
    return api.page(page, ContactAnswer.of, "collection-items", collection_id)


@app.put(
    COLLECTION + "/editors", summary="Say who may change a collection's items", responses=answers(200, 404, 413, 415)
)
def set_collection_editors(collection_id: str, body: bodies.SetEditorsBody) -> Response[bodies.CollectionAnswer]:
    set_editors = use_cases.set_collection_editors(api.wiring)
    return reply(bodies.CollectionAnswer.of(set_editors(api.caller.as_caller, collection_id, body.editors)))
