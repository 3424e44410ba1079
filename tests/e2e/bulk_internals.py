"""What crashes and queues do to bulk jobs, done on purpose: the one part of these tests that looks behind the API."""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import boto3
from boto3.dynamodb.conditions import Key

from local.settings import ROOT

#: For an attribute that is to go.
REMOVED = object()
_PATIENCE_SECONDS = 60.0


def hours_ago(hours: int) -> str:
    moment = datetime.now(UTC) - timedelta(hours=hours)
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


@dataclass(frozen=True)
class Internals:
    """The stack as its operator sees it."""

    stack: Mapping[str, Any]

    def client(self, service: str) -> Any:
        return self._session.client(service, endpoint_url=self.stack["awsEndpoint"])

    def deliver(self, queue: str, job_id: str, slices: Iterable[int], times: int) -> None:
        """Put the messages of a job's slices into a queue, each so many times."""
        url, sqs = self.stack["resources"][queue], self.client("sqs")
        for slice_ in slices:
            body = json.dumps({"jobId": job_id, "slice": slice_})
            entries = [{"Id": str(number), "MessageBody": body} for number in range(times)]
            assert len(sqs.send_message_batch(QueueUrl=url, Entries=entries)["Successful"]) == times

    def wait_until_taken(self, queue: str) -> None:
        """Wait until every message of a queue was taken and dealt with."""
        url, sqs = self.stack["resources"][queue], self.client("sqs")
        deadline = time.monotonic() + _PATIENCE_SECONDS
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        while any(
            int(count) for count in sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"].values()
        ):
            assert time.monotonic() < deadline, f"{queue} is never empty"
            time.sleep(0.05)

    def invoke(self, folder: str, job_id: str, slice_: int) -> dict[str, Any]:
        """Call a worker with its sample event, for this slice."""
        event = json.loads((ROOT / "events" / f"{folder}.json").read_text("utf-8"))
        event["Records"][0]["body"] = json.dumps({"jobId": job_id, "slice": slice_})
        return self._call("".join(word.capitalize() for word in folder.split("_")), event)

    def sweep(self) -> dict[str, int]:
        return self._call("SweepJobs", {})

    def change_job(self, job_id: str, **changes: Any) -> None:
        item = self._job(job_id) | changes
        self._table.put_item(Item={name: value for name, value in item.items() if value is not REMOVED})

    def copy_as_if_never_worked_on(self, job_id: str, *, sendings: int, is_overdue: bool = True) -> str:
        """A copy of a job under an id of its own, as it stands an hour after its messages got lost so often. One that
        is not overdue meets no sweep: other tests' sweeps are for the whole stack, too."""
        new_id = str(uuid.uuid4())
        item = json.loads(json.dumps(self._job(job_id), default=int).replace(job_id, new_id))
        changed_at = hours_ago(1 if is_overdue else 0)
        item |= {"status": "QUEUED", "openKey": "open", "changedAt": changed_at, "slicesDone": 0}
        item |= {name: 0 for name in item if name.endswith("Count")}
        del item["completedAt"], item["startedAt"]
        bucket, files = self.stack["resources"]["FilesBucket"], self.client("s3")
        tenant = item["tenantKey"]
        files.copy_object(
            Bucket=bucket,
            Key=f"bulk/{tenant}/{new_id}/entries.jsonl",
            CopySource=f"{bucket}/bulk/{tenant}/{job_id}/entries.jsonl",
        )
        for slice_ in range(-(-item["total"] // 500)):
            self._put_into_line(item, slice_, sendings)
        # Last: a sweep of another test's finds all of it or nothing.
        self._table.put_item(Item=item)
        return new_id

    def forget_end_of_slice(self, job_id: str, slice_: int) -> None:
        """Leave a job of one slice as if its worker had died right before the record of what it did."""
        item = self._job(job_id)
        self._table.delete_item(Key={"pk": f"JOB#{job_id}", "sk": f"SLICE#{slice_:05d}"})
        key = f"bulk/{item['tenantKey']}/{job_id}/outcomes/slice-{slice_:05d}.json"
        self.client("s3").delete_object(Bucket=self.stack["resources"]["FilesBucket"], Key=key)
        counters = {name: 0 for name in item if name.endswith("Count")}
        self.change_job(job_id, status="PROCESSING", openKey="open", slicesDone=0, completedAt=REMOVED, **counters)
        self._put_into_line(item, slice_, sendings=1)

    def forget_contacts(self, job: Mapping[str, Any]) -> None:
        """Leave a job as if its worker had died between its plan and the first write."""
        table = self._table_of("ContactsTable")
        for item in self._with_tracking_key(job)["Items"]:
            table.delete_item(Key={"pk": item["pk"], "sk": item["sk"]})

    def age_seal(self, job_id: str, slice_: int) -> None:
        """As if the slice had been sealed an hour ago."""
        bucket, files = self.stack["resources"]["FilesBucket"], self.client("s3")
        prefix = f"bulk/{self._job(job_id)['tenantKey']}/{job_id}/plans/slice-{slice_:05d}/"
        last = max(each["Key"] for each in files.list_objects_v2(Bucket=bucket, Prefix=prefix)["Contents"])
        seal = json.loads(files.get_object(Bucket=bucket, Key=last)["Body"].read())
        files.put_object(Bucket=bucket, Key=last, Body=json.dumps(seal | {"sealedAt": hours_ago(1)}))

    def contacts_of(self, job: Mapping[str, Any]) -> int:
        """How many of the tenant's contacts carry the tracking key of a job."""
        return int(self._with_tracking_key(job)["Count"])

    def _with_tracking_key(self, job: Mapping[str, Any]) -> Any:
        key = f"{self._job(job['jobId'])['tenantKey']}#{job['trackingKey']}"
        return self._table_of("ContactsTable").query(
            IndexName="externalSource", KeyConditionExpression=Key("externalSourceKey").eq(key)
        )

    @property
    def _session(self) -> boto3.Session:
        return boto3.Session(self.stack["accessKeyId"], self.stack["secretAccessKey"], region_name=self.stack["region"])

    @property
    def _table(self) -> Any:
        return self._table_of("JobsTable")

    def _table_of(self, name: str) -> Any:
        resource = self._session.resource("dynamodb", endpoint_url=self.stack["awsEndpoint"])
        return resource.Table(self.stack["resources"][name])

    def _job(self, job_id: str) -> dict[str, Any]:
        return dict(self._table.get_item(Key={"pk": f"JOB#{job_id}", "sk": "JOB"})["Item"])

    def _put_into_line(self, job: Mapping[str, Any], slice_: int, sendings: int) -> None:
        place = {
            "pk": f"LINE#{job['tenantKey']}",
            "sk": f"{job['createdAt']}#{job['id']}#{slice_:05d}",
            "kind": job["kind"],
            "jobId": job["id"],
            "slice": slice_,
            "sendings": sendings,
            "expiresAt": job["expiresAt"],
        }
        if sendings:
            place["sentAt"] = hours_ago(1)
        self._table.put_item(Item=place)

    def _call(self, name: str, event: Mapping[str, Any]) -> dict[str, Any]:
        function = self.stack["resources"][f"{name}Function"]
        answer = self.client("lambda").invoke(FunctionName=function, Payload=json.dumps(event).encode())
        payload = json.loads(answer["Payload"].read())
        assert "FunctionError" not in answer, payload
        return dict(payload)
