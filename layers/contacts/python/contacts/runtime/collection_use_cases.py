"""The use cases behind the HTTP API of collections, each with the ports that it asks for."""

from __future__ import annotations

from contacts.runtime.wiring import Wiring
from contacts.usecases.create_collection import CreateCollection
from contacts.usecases.get_collection import GetCollection
from contacts.usecases.list_collection_items import ListCollectionItems
from contacts.usecases.list_collections import ListCollections
from contacts.usecases.set_collection_editors import SetCollectionEditors


def create_collection(wiring: Wiring) -> CreateCollection:
    return CreateCollection(collections=wiring.collections, clock=wiring.clock)


def list_collections(wiring: Wiring) -> ListCollections:
    return ListCollections(collections=wiring.collections)


def get_collection(wiring: Wiring) -> GetCollection:
    return GetCollection(collections=wiring.collections)


def list_collection_items(wiring: Wiring) -> ListCollectionItems:
    return ListCollectionItems(collections=wiring.collections, contacts=wiring.contacts)


def set_collection_editors(wiring: Wiring) -> SetCollectionEditors:
    return SetCollectionEditors(collections=wiring.collections)
