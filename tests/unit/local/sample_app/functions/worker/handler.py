import json
import os
import time

import boto3
from boto3.dynamodb.conditions import Key

table = boto3.resource("dynamodb").Table(os.environ["TABLE"])


def handler(event, context):
    if "Records" not in event:
        table.put_item(Item={"pk": "event", "sk": event.get("detail-type") or "async", "detail": json.dumps(event)})
        if event.get("fail"):
            raise RuntimeError("asked to")
        return None
    failures = []
    for record in event["Records"]:
        dead = "DeadLetter" in record["eventSourceARN"]
        count = int(record["attributes"]["ApproximateReceiveCount"])
        if record["body"].startswith("meet "):
            meet(record["body"], record["messageId"])
        elif record["body"].startswith("bad") and not dead:
            table.put_item(Item={"pk": "tried", "sk": f"{record['body']}#{count}"})
            failures.append({"itemIdentifier": record["messageId"]})
        else:
            kind = "dead" if dead else "message"
            group = record["attributes"].get("MessageGroupId")
            table.put_item(Item={"pk": kind, "sk": record["body"], "at": str(time.time()), "group": group})
    return {"batchItemFailures": failures}


def meet(place, name):
    """Wait a while for others at the same place, and note how many there were at once."""
    table.put_item(Item={"pk": place, "sk": name})
    deadline = time.monotonic() + 4
    while (most := here(place)) < 2 and time.monotonic() < deadline:
        time.sleep(0.05)
    time.sleep(0.3)
    most = max(most, here(place))
    table.delete_item(Key={"pk": place, "sk": name})
    table.put_item(Item={"pk": f"met {place}", "sk": name, "most": most})


def here(place):
    return table.query(KeyConditionExpression=Key("pk").eq(place), ConsistentRead=True)["Count"]
