"""Runs the boto3 call that the body names; answers what it answered, or the error's code."""

import importlib
import json
import os

import boto3
import shared
from botocore.exceptions import ClientError


def handler(event, context):
    if event["rawPath"] == "/api/do" and "body" in event:
        order = json.loads(event["body"])
        if order["call"] == "raise":
            raise LookupError("this stays inside")
        if order["call"] == "environment":
            return _answer({**os.environ, "shared": shared.VALUE})
        if order["call"] == "import":
            try:
                importlib.import_module(order["module"])
            except ModuleNotFoundError:
                return _answer({"found": False})
            return _answer({"found": True})
        client = boto3.client(order["service"])
        try:
            answer = getattr(client, order["call"])(**order["arguments"])
        except ClientError as error:
            return _answer({"errorCode": error.response["Error"]["Code"]})
        return _answer(answer)
    return _answer(
        {
            "route": event["routeKey"],
            "path": event["rawPath"],
            "query": event["rawQueryString"],
            "parameters": event.get("pathParameters"),
            "authorizer": event["requestContext"].get("authorizer"),
        }
    )


def _answer(value):
    return {"statusCode": 200, "headers": {"content-type": "application/json"}, "body": json.dumps(value, default=str)}
