import time


class NotToday(Exception):
    pass


def handler(event, context):
    if event["fail"] == "NotToday":
        raise NotToday("no")
    if event["fail"] == "timeout":
        time.sleep(60)
    if event["fail"] == "exit":
        import os

        os._exit(3)
    print("part", event["part"])  # noqa: T201 - this line is what a test looks for
    return {"outcome": "done"}
