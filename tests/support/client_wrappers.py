"""Wrappers of boto3 clients that play the network's tricks."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from typing import Any

from botocore.exceptions import ClientError, ReadTimeoutError


class _Wrapper:
    def __init__(self, client: Any) -> None:
        self._client = client

    def __getattr__(self, name: str) -> Any:
        return getattr(self._client, name)


class LosesAnswers(_Wrapper):
    """Every call of `method` goes through, and its first answer never comes back."""

    def __init__(self, client: Any, method: str) -> None:
        super().__init__(client)
        self._lost = False

        def call(**request: Any) -> Any:
            answer = getattr(client, method)(**request)
            if not self._lost:
                self._lost = True
                raise ReadTimeoutError(endpoint_url="https://test")
            return answer

        setattr(self, method, call)


class FailsFirst(_Wrapper):
    """The first calls of `method` raise these errors, one each; `requests` holds what all of its calls asked for."""

    def __init__(self, client: Any, method: str, *errors: Exception) -> None:
        super().__init__(client)
        self.requests: list[dict[str, Any]] = []
        left = list(errors)

        def call(**request: Any) -> Any:
            self.requests.append(request)
            if left:
                raise left.pop(0)
            return getattr(client, method)(**request)

        setattr(self, method, call)


class SendsTwice(_Wrapper):
    """Every call of `method` goes out twice, and only the second answer comes back, as when the SDK sends a request
    again whose first answer was lost."""

    def __init__(self, client: Any, method: str) -> None:
        super().__init__(client)

        def call(**request: Any) -> Any:
            with contextlib.suppress(ClientError):
                getattr(client, method)(**request)
            return getattr(client, method)(**request)

        setattr(self, method, call)


class CountsPages(_Wrapper):
    """Its paginators get `size` items an answer, as if these were as large as an answer can be; `pages` counts the
    answers."""

    def __init__(self, client: Any, size: int) -> None:
        super().__init__(client)
        self._size = size
        self.pages = 0

    def get_paginator(self, operation: str) -> Any:
        return _CountedPages(self._client.get_paginator(operation), self)

    def paginate(self, paginator: Any, **request: Any) -> Iterator[Any]:
        config = {**request.pop("PaginationConfig", {}), "PageSize": self._size}
        for page in paginator.paginate(**request, PaginationConfig=config):
            self.pages += 1
            yield page


class _CountedPages:
    def __init__(self, paginator: Any, client: CountsPages) -> None:
        self._paginator = paginator
        self._client = client

    def paginate(self, **request: Any) -> Iterator[Any]:
        return self._client.paginate(self._paginator, **request)


class SmallPages(CountsPages):
    """Its paginators get two items an answer."""

    def __init__(self, client: Any) -> None:
        super().__init__(client, size=2)


class EndsEarly(_Wrapper):
    """Its queries look at two items, as if these were as large as an answer can be; `queries` counts them."""

    queries = 0

    def query(self, **request: Any) -> Any:
        self.queries += 1
        return self._client.query(**{**request, "Limit": min(2, request.get("Limit", 2))})


class MeetsOthers(_Wrapper):
    """Right before the first calls of `method` go out, somebody else does these things, one each."""

    def __init__(self, client: Any, method: str, *actions: Callable[[], object]) -> None:
        super().__init__(client)
        left = list(actions)

        def call(**request: Any) -> Any:
            if left:
                left.pop(0)()
            return getattr(client, method)(**request)

        setattr(self, method, call)


class OneAtATime(_Wrapper):
    """Calls from several threads go one after the other: moto's own would overwrite each other's transactions."""

    def __init__(self, client: Any) -> None:
        super().__init__(client)
        self._lock = threading.RLock()  # a call may need another one, as an upload does whose source lists

    def __getattr__(self, name: str) -> Any:
        attribute = getattr(self._client, name)
        return self._locked(attribute) if callable(attribute) else attribute

    def _locked(self, method: Callable[..., Any]) -> Callable[..., Any]:
        def call(*args: Any, **request: Any) -> Any:
            with self._lock:
                return method(*args, **request)

        return call


def client_error(
    code: str, operation: str = "Test", *, status: int = 400, reasons: tuple[str, ...] = ()
) -> ClientError:
    """An error as botocore raises it; `reasons` are a cancelled transaction's."""
    response: dict[str, Any] = {
        "Error": {"Code": code, "Message": code},
        "ResponseMetadata": {"HTTPStatusCode": status},
    }
    if reasons:
        response["CancellationReasons"] = [{"Code": reason} for reason in reasons]
    return ClientError(response, operation)  # type: ignore[arg-type]
