"""The use cases behind the HTTP API, each with the ports that it asks for."""

from __future__ import annotations

from contacts.runtime.wiring import Wiring
from contacts.usecases.create_contact import CreateContact
from contacts.usecases.create_upload import CreateUpload
from contacts.usecases.delete_contact import DeleteContact
from contacts.usecases.find_contacts import FindContacts
from contacts.usecases.get_contact import GetContact
from contacts.usecases.get_import import GetImport
from contacts.usecases.get_segment import GetSegment
from contacts.usecases.link_import_results import LinkImportResults
from contacts.usecases.list_import_errors import ListImportErrors
from contacts.usecases.list_jobs import ListJobs
from contacts.usecases.list_segments import ListSegments
from contacts.usecases.start_import import StartImport
from contacts.usecases.update_contact import UpdateContact


def create_upload(wiring: Wiring) -> CreateUpload:
    return CreateUpload(links=wiring.links, max_file_bytes=wiring.settings.max_file_bytes)


def start_import(wiring: Wiring) -> StartImport:
    return StartImport(
        jobs=wiring.jobs,
        files=wiring.files,
        links=wiring.links,
        runner=wiring.runner,
        clock=wiring.clock,
        max_file_bytes=wiring.settings.max_file_bytes,
    )


def get_import(wiring: Wiring) -> GetImport:
    return GetImport(jobs=wiring.jobs, files=wiring.files)


def list_import_errors(wiring: Wiring) -> ListImportErrors:
    return ListImportErrors(jobs=wiring.jobs, files=wiring.files)


def link_import_results(wiring: Wiring) -> LinkImportResults:
    return LinkImportResults(jobs=wiring.jobs, files=wiring.files, links=wiring.links, clock=wiring.clock)


def list_jobs(wiring: Wiring) -> ListJobs:
    return ListJobs(jobs=wiring.jobs)


def create_contact(wiring: Wiring) -> CreateContact:
    return CreateContact(contacts=wiring.contacts, clock=wiring.clock)


def get_contact(wiring: Wiring) -> GetContact:
    return GetContact(contacts=wiring.contacts)


def update_contact(wiring: Wiring) -> UpdateContact:
    return UpdateContact(contacts=wiring.contacts, clock=wiring.clock)


def delete_contact(wiring: Wiring) -> DeleteContact:
    return DeleteContact(contacts=wiring.contacts)


def find_contacts(wiring: Wiring) -> FindContacts:
    return FindContacts(contacts=wiring.contacts, segments=wiring.segments)


def list_segments(wiring: Wiring) -> ListSegments:
    return ListSegments(segments=wiring.segments)


def get_segment(wiring: Wiring) -> GetSegment:
    return GetSegment(segments=wiring.segments)
