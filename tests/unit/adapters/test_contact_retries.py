"""What an error of a write request means."""

from __future__ import annotations

import pytest
from botocore.exceptions import (
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    NoCredentialsError,
    ReadTimeoutError,
)
from botocore.parsers import ResponseParserError

from contacts.adapters.dynamodb.contact_retries import Trouble, trouble_of
from tests.support.client_wrappers import client_error

URL = "https://test"


@pytest.mark.parametrize(
    ("error", "trouble"),
    [
        (client_error("ThrottlingException"), Trouble.BUSY),
        (client_error("ProvisionedThroughputExceededException"), Trouble.BUSY),
        (client_error("RequestLimitExceeded"), Trouble.BUSY),
        (client_error("TransactionConflictException"), Trouble.BUSY),
        (ConnectTimeoutError(endpoint_url=URL), Trouble.BUSY),
        (EndpointConnectionError(endpoint_url=URL), Trouble.BUSY),
        (ReadTimeoutError(endpoint_url=URL), Trouble.LOST),
        (ConnectionClosedError(endpoint_url=URL), Trouble.LOST),
        (ResponseParserError("cut off"), Trouble.LOST),
        (client_error("InternalServerError", status=500), Trouble.LOST),
        (client_error("ServiceUnavailable", status=503), Trouble.LOST),
        # Throttling is throttling, also where it comes as a 503: nothing happened.
        (client_error("ThrottlingException", status=503), Trouble.BUSY),
        (client_error("ValidationException"), None),
        (client_error("AccessDeniedException"), None),
        (client_error("ExpiredTokenException"), None),
        (NoCredentialsError(), None),
    ],
    ids=repr,
)
def test_what_an_error_means(error: Exception, trouble: Trouble | None) -> None:
    assert trouble_of(error) is trouble  # type: ignore[arg-type]
