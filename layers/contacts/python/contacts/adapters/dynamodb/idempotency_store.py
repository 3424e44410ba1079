"""Idempotency claims in the jobs table."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from contacts.adapters.dynamodb.conflicts import is_condition_refused, refused_item
from contacts.adapters.dynamodb.expiry import EXPIRES_AT, SECONDS_A_DAY, epoch_seconds, is_expired
from contacts.adapters.dynamodb.job_keys import OPEN_KEY, can_be_id, claim_key, job_key
from contacts.ports import Clock, IdempotencyClaim

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef

_KEPT_SECONDS = SECONDS_A_DAY
#: How long an item that is about a job stays. Within it a read judges by the job's last change. So it outlives
#: every change that a job has, an import's rollback included, and no change of a job has to touch it.
_KEPT_WITH_JOB_SECONDS = 91 * SECONDS_A_DAY
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
        unused = f"attribute_not_exists(pk) OR {EXPIRES_AT} <= :now"
        standing = self._put(key, claim, now, unused, {":now": {"N": str(now)}})
        if standing is None:
            return claim
        if self._is_kept(standing, now):
            return _claim_from_item(standing)
        # Of several that find it over, one takes the key; the others get what that one put.
        taken = self._put(key, claim, now, "attribute_not_exists(pk) OR seed = :over", {":over": standing["seed"]})
        return claim if taken is None else _claim_from_item(taken)

    def _put(
        self, key: str, claim: IdempotencyClaim, now: int, condition: str, values: Mapping[str, AttributeValueTypeDef]
    ) -> Mapping[str, Any] | None:
        """Put a claim; the item that stands in its way, None where it is put."""
        job = {} if claim.job_id is None else {"jobId": {"S": claim.job_id}}
        try:
            self._client.put_item(
                TableName=self._table,
                Item={
                    **claim_key(key),
                    "fingerprint": {"S": claim.fingerprint},
                    "seed": {"S": claim.seed},
                    "tenant": {"S": claim.tenant},
                    "claimedAt": {"N": str(now)},
                    EXPIRES_AT: {"N": str(now + (_KEPT_WITH_JOB_SECONDS if job else _KEPT_SECONDS))},
                    **job,
                },
                ConditionExpression=condition,
                ExpressionAttributeValues=values,
                ReturnValuesOnConditionCheckFailure="ALL_OLD",
            )
        except ClientError as error:
            # Also where our own claim went through and its answer was lost: then this is our own, seed and all.
            if is_condition_refused(error):
                return refused_item(error)
            raise
        return None

    def _is_kept(self, item: Mapping[str, Any], now: int) -> bool:
        if now < int(item["claimedAt"]["N"]) + _KEPT_SECONDS:
            return True
        job_id = item["jobId"]["S"] if "jobId" in item else None
        if job_id is None or not can_be_id(job_id):
            return False
        found = self._client.get_item(TableName=self._table, Key=job_key(job_id), ConsistentRead=True).get("Item")
        # A path can name another tenant's job; how that one fares is nobody's business here.
        if found is None or is_expired(found, self._clock()) or found["tenantKey"] != item["tenant"]:
            return False
        # However long it waits: a client that asks again would get a second job otherwise.
        return OPEN_KEY in found or now < epoch_seconds(found["changedAt"]["S"]) + _KEPT_SECONDS

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
        tenant=item["tenant"]["S"],
        job_id=item["jobId"]["S"] if "jobId" in item else None,
        answer=json.loads(item["answer"]["S"]) if "answer" in item else None,
    )
