"""The use cases of exports, each with the ports that it asks for. What writes files stands apart, in `exporting`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from contacts.runtime.wiring import Wiring
from contacts.usecases.audit_exports import AuditExports
from contacts.usecases.clean_up_exports import CleanUpExports
from contacts.usecases.fail_export import FailExport
from contacts.usecases.get_export import GetExport
from contacts.usecases.link_export import LinkExport
from contacts.usecases.mend_export import MendExport
from contacts.usecases.start_export import StartExport
from contacts.usecases.wind_up_export import WindUpExport

if TYPE_CHECKING:
    from contacts.runtime.bulk_steps import OnError


def start_export(wiring: Wiring) -> StartExport:
    return StartExport(
        exports=wiring.exports,
        segments=wiring.segments,
        collections=wiring.collections,
        audit=audit_exports(wiring),
        runner=wiring.export_runner,
        clock=wiring.clock,
    )


def get_export(wiring: Wiring) -> GetExport:
    return GetExport(exports=wiring.exports, links=wiring.links)


def link_export(wiring: Wiring) -> LinkExport:
    return LinkExport(exports=wiring.exports, links=wiring.links, audit=audit_exports(wiring), clock=wiring.clock)


def audit_exports(wiring: Wiring) -> AuditExports:
    return AuditExports(log=wiring.audit_log)


def fail_export(wiring: Wiring) -> FailExport:
    return FailExport(exports=wiring.exports, wind_up=wind_up_export(wiring), clock=wiring.clock)


def clean_up_exports(wiring: Wiring, on_error: OnError) -> CleanUpExports:
    return CleanUpExports(exports=wiring.exports, files=wiring.files, clock=wiring.clock, on_error=on_error)


def mend_export(wiring: Wiring) -> MendExport:
    return MendExport(
        exports=wiring.exports,
        runner=wiring.export_runner,
        fail=fail_export(wiring),
        wind_up=wind_up_export(wiring),
        audit=audit_exports(wiring),
    )


def wind_up_export(wiring: Wiring) -> WindUpExport:
    return WindUpExport(exports=wiring.exports, files=wiring.files, events=wiring.events, clock=wiring.clock)
