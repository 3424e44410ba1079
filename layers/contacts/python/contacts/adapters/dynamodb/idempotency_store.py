"""Idempotency claims in the jobs table."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from contacts.adapters.dynamodb.conflicts import is_condition_refused, refused_item
from contacts.adapters.dynamodb.expiry import EXPIRES_AT, SECONDS_A_DAY, epoch_seconds
from contacts.adapters.dynamodb.job_keys import claim_key
from contacts.ports import Clock, IdempotencyClaim

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

_KEPT_SECONDS = SECONDS_A_DAY
#: Of an answer that is kept: an item has 400 KB (DynamoDB quotas), and a claim beside it.
_MAX_ANSWER_BYTES = 390_000


class DynamoIdempotencyStore:
    """`IdempotencyStore` on the jobs table. A claim that has expired counts as gone before DynamoDB deletes it."""

    def __init__(self, *, client: DynamoDBClient, table: str, clock: Clock) -> None:
        self._client = client
        self._table = table
        self._clock = clock

    def claim(self, key: str, claim: IdempotencyClaim) -> IdempotencyClaim:
        now = epoch_seconds(self._clock())
        try:
            self._client.put_item(
                TableName=self._table,
                Item={
                    **claim_key(key),
                    "fingerprint": {"S": claim.fingerprint},
                    "seed": {"S": claim.seed},
                    EXPIRES_AT: {"N": str(now + _KEPT_SECONDS)},
                },
                ConditionExpression=f"attribute_not_exists(pk) OR {EXPIRES_AT} <= :now",
                ExpressionAttributeValues={":now": {"N": str(now)}},
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except ClientError as error:
            # Also where our own claim went through and its answer was lost: then this is our own, seed and all.
            if is_condition_refused(error):
                return _claim_from_item(refused_item(error))
            raise
        return claim

    def store_answer(self, key: str, answer: Mapping[str, Any]) -> None:
        """See `IdempotencyStore.store_answer`."""
        # As JSON text: an answer comes back exactly as it was given, numbers included. In ASCII, so a byte a character.
        text = json.dumps(answer)
        if len(text) > _MAX_ANSWER_BYTES:
            return
        try:
            self._client.update_item(
                TableName=self._table,
                Key=claim_key(key),
                UpdateExpression="SET answer = :answer",
                ConditionExpression=f"attribute_not_exists(answer) AND {EXPIRES_AT} > :now",
                ExpressionAttributeValues={
                    ":answer": {"S": text},
                    ":now": {"N": str(epoch_seconds(self._clock()))},
                },
            )
        except ClientError as error:
            # The first answer stands, so that every later one equals it; a claim that is gone needs none.
            if not is_condition_refused(error):
                raise


def _claim_from_item(item: Mapping[str, Any]) -> IdempotencyClaim:
    return IdempotencyClaim(
        fingerprint=item["fingerprint"]["S"],
        seed=item["seed"]["S"],
        answer=json.loads(item["answer"]["S"]) if "answer" in item else None,
    )
