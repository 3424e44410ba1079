"""Crashes at port calls: the n-th call of all raises, before or after it has done its work."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping, Sequence
from enum import Enum
from typing import Any

from contacts.domain.contact_write import ContactWrite, WriteResult

#: Carries out one call of a port: its name, the method, its arguments.
Call = Callable[..., Any]


class When(Enum):
    """Whether the work of the call that raises is done."""

    BEFORE = "before"
    AFTER = "after"


class Crash(BaseException):
    """Stands for whatever ends a worker: a kill, a time-out. No handler of the worker's own catches it or tidies up."""


class PortFaults:
    """Counts the calls of all ports wrapped by it, and lets those crash that `crashes` names by number, from 0."""

    def __init__(self, crashes: Mapping[int, When] | None = None) -> None:
        self.calls: list[str] = []
        self.crashes = dict(crashes or {})
        self._lock = threading.Lock()

    def wrap(self, name: str, port: Any) -> Any:
        return wrap_calls(name, port, self._call)

    def _call(self, name: str, method: Call, *args: Any, **kwargs: Any) -> Any:
        with self._lock:
            when = self.crashes.get(len(self.calls))
            self.calls.append(name)
        if when is When.BEFORE:
            raise Crash(f"before {name}")
        result = method(*args, **kwargs)
        if when is When.AFTER:
            raise Crash(f"after {name}")
        return result


def wrap_calls(name: str, port: Any, call: Call) -> Any:
    """The port with every call going through `call`. Contacts are written one by one, because a real store's batches
    can break off, or meet others' writes, between any two of them."""
    wrapped = _Wrapped(name, port, call)
    return _OneWriteACall(wrapped) if name == "contacts" else wrapped


class _Wrapped:
    def __init__(self, name: str, port: Any, call: Call) -> None:
        self._name = name
        self._port = port
        self._call = call

    def __getattr__(self, method_name: str) -> Any:
        method = getattr(self._port, method_name)
        # Addressing is read once and cached.
        if method_name == "addressing":
            return method
        return lambda *args, **kwargs: self._call(f"{self._name}.{method_name}", method, *args, **kwargs)


class _OneWriteACall:
    def __init__(self, contacts: Any) -> None:
        self._contacts = contacts

    def write(self, tenant: str, writes: Sequence[ContactWrite]) -> list[WriteResult]:
        return [self._contacts.write(tenant, [write])[0] for write in writes]

    def __getattr__(self, method_name: str) -> Any:
        return getattr(self._contacts, method_name)
