import json
import os
import time

import boto3

table = boto3.resource("dynamodb").Table(os.environ["TABLE"])


def handler(event, context):
    if "Records" not in event:
        table.put_item(Item={"pk": "event", "sk": event.get("detail-type") or "async", "detail": json.dumps(event)})
        if event.get("fail"):
            raise RuntimeError("asked to")
        return None
    failures = []
    for record in event["Records"]:
        if record["body"] == "bad":
            failures.append({"itemIdentifier": record["messageId"]})
        else:
            table.put_item(Item={"pk": "message", "sk": record["body"], "at": str(time.time())})
    return {"batchItemFailures": failures}
