"""The use cases behind the HTTP API of imports and jobs, each with the ports that it asks for."""

from __future__ import annotations

from contacts.runtime.wiring import Wiring
from contacts.usecases.create_upload import CreateUpload
from contacts.usecases.get_import import GetImport
from contacts.usecases.link_import_results import LinkImportResults
from contacts.usecases.list_import_errors import ListImportErrors
from contacts.usecases.list_jobs import ListJobs
from contacts.usecases.start_import import StartImport


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
