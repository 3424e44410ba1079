"""The AWS clients, made on first use and kept for the life of the execution environment.

Parameter validation is off: it takes more time than everything else that the SDK does, and the adapters alone build
the parameters, under tests that run against real services' stand-ins.

They are botocore's, as boto3's clients are too. boto3 itself would add to every cold start what only uploads use.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any, cast

from botocore.config import Config
from botocore.session import Session

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_events import EventBridgeClient
    from mypy_boto3_s3 import S3Client
    from mypy_boto3_sqs import SQSClient
    from mypy_boto3_stepfunctions import SFNClient

_common = Config(
    parameter_validation=False,
    connect_timeout=2,
    read_timeout=10,
    max_pool_connections=32,
    retries={"total_max_attempts": 4, "mode": "standard"},
)


@cache
def _session() -> Session:
    session = Session()
    # botocore's own, made once: it would put it together anew, twice for each request, at a fifth of a request's time,
    # to tell AWS which features of the SDK are in use.
    session.set_default_client_config(Config(user_agent=session.user_agent()))
    return session


@cache
def dynamodb() -> DynamoDBClient:
    """For everything that may be sent twice."""
    return _dynamodb(_common)


@cache
def dynamodb_sending_once() -> DynamoDBClient:
    """For writes of contacts: one whose answer was lost is settled by reading, never sent again unseen."""
    once = Config(retries={"total_max_attempts": 1, "mode": "standard"})
    return _dynamodb(_common.merge(once))


def _dynamodb(config: Config) -> DynamoDBClient:
    client: Any = _session().create_client("dynamodb", config=config)
    # The endpoint that was found for the client is that of all requests: botocore would find it anew for each of them,
    # because some services have several.
    client._ruleset_resolver = None
    return cast("DynamoDBClient", client)


@cache
def s3() -> S3Client:
    """Signs with version 4 for the bucket's own regional host: links to the global one are redirected for hours after
    a bucket was made, and a redirect breaks the signature. The one client of boto3, for its managed uploads."""
    import boto3  # noqa: PLC0415 - functions that touch no file do not wait for it

    files = Config(
        user_agent=_session().user_agent(),
        signature_version="s3v4",
        s3={"addressing_style": "virtual"},
        read_timeout=30,
    )
    return boto3.client("s3", config=_common.merge(files))


@cache
def stepfunctions() -> SFNClient:
    return cast("SFNClient", _session().create_client("stepfunctions", config=_common))


@cache
def events() -> EventBridgeClient:
    return cast("EventBridgeClient", _session().create_client("events", config=_common))


@cache
def sqs() -> SQSClient:
    return cast("SQSClient", _session().create_client("sqs", config=_common))
