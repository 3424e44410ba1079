"""What the product leans on, seen over HTTP on a running stack: most of it fails on the engine without the adapter."""

import json
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import httpx
import pytest

from local.engine.function_process import MOST_PROCESSES

Call = Callable[..., Any]
ORIGIN = "https://two.example"


def eventually(check: Callable[[], Any], seconds: float = 15) -> Any:
    deadline = time.monotonic() + seconds
    while not (value := check()) and time.monotonic() < deadline:
        time.sleep(0.05)
    return value


class TestHttpApi:
    @pytest.mark.parametrize(
        ("path", "route"),
        [
            ("/open", "GET /open"),
            ("/api/items/7?x=1&x=2", "GET /api/items/{id}"),
            ("/nope", "$default"),
            ("/", "$default"),
        ],
    )
    def test_routes_serve_from_the_root(
        self, http: httpx.Client, authorized: dict[str, str], path: str, route: str
    ) -> None:
        answer = http.get(path, headers=authorized).json()
        assert (answer["route"], answer["path"]) == (route, path.partition("?")[0])

    @pytest.mark.parametrize(("path", "status"), [("/open", 200), ("/api/items/7", 401), ("/nope", 401)])
    def test_without_a_token_only_open_routes_answer(self, http: httpx.Client, path: str, status: int) -> None:
        assert http.get(path).status_code == status

    def test_a_forged_token_is_refused(self, http: httpx.Client, sample: dict[str, Any]) -> None:
        head, _, signature = sample["tokens"]["a-admin"].split(".")
        body = sample["tokens"]["b-admin"].split(".")[1]
        response = http.get("/api/items/7", headers={"Authorization": f"Bearer {head}.{body}.{signature}"})
        assert response.status_code == 401

    def test_claims_reach_the_function(self, http: httpx.Client, authorized: dict[str, str]) -> None:
        claims = http.get("/api/items/7", headers=authorized).json()["authorizer"]["jwt"]["claims"]
        assert claims["sub"] == "a-admin"
        assert claims["custom:tenant_id"] == "tenant-a"
        assert "contacts:export" in claims["scope"].split()

    def test_cors_is_the_templates(self, http: httpx.Client) -> None:
        asked = {"Origin": ORIGIN, "Access-Control-Request-Method": "POST"}
        allowed = http.options("/api/do", headers=asked).headers
        assert allowed["access-control-allow-origin"] == ORIGIN
        assert allowed["access-control-allow-methods"] == "GET,POST"
        assert http.get("/open", headers={"Origin": ORIGIN}).headers["access-control-allow-origin"] == ORIGIN
        refused = http.options("/api/do", headers={**asked, "Origin": "https://evil.example"})
        assert "access-control-allow-origin" not in refused.headers

    def test_an_exception_stays_inside(self, http: httpx.Client, authorized: dict[str, str]) -> None:
        response = http.post("/api/do", headers=authorized, json={"call": "raise"})
        assert (response.status_code, response.json()) == (500, {"message": "Internal Server Error"})


class TestFunctions:
    def test_environment_is_lambdas_and_the_templates_alone(
        self, http: httpx.Client, authorized: dict[str, str], sample: dict[str, Any]
    ) -> None:
        found = http.post("/api/do", headers=authorized, json={"call": "environment"}).json()
        assert found.pop("shared") == "from the layer"
        assert found["TABLE"] == sample["resources"]["Table"]
        assert found["AWS_ENDPOINT_URL"] == sample["awsEndpoint"]
        assert not {"HOME", "PYTHONPATH", "PYTEST_CURRENT_TEST", "VIRTUAL_ENV", "STATE_DIR", "AUTH"} & found.keys()

    @pytest.mark.parametrize(
        ("module", "found"),
        [("boto3", True), ("yaml", True), ("typer", False), ("ministack", False), ("contacts_cli", False)],
    )
    def test_only_the_runtime_and_the_layers_are_importable(
        self, http: httpx.Client, authorized: dict[str, str], module: str, found: bool
    ) -> None:
        answer = http.post("/api/do", headers=authorized, json={"call": "import", "module": module})
        assert answer.json() == {"found": found}

    @pytest.mark.parametrize(
        ("fail", "error_type"),
        [("NotToday", "NotToday"), ("timeout", "Sandbox.Timedout"), ("exit", "Runtime.ExitError")],
    )
    def test_errors_have_the_type_that_lambda_gives_them(
        self, aws: Call, sample: dict[str, Any], fail: str, error_type: str
    ) -> None:
        event = json.dumps({"part": 1, "fail": fail}).encode()
        answer = aws("lambda").invoke(FunctionName=sample["resources"]["StepFunction"], Payload=event)
        assert answer["FunctionError"] == "Unhandled"
        assert json.loads(answer["Payload"].read())["errorType"] == error_type

    def test_many_requests_at_once_share_a_few_processes(self, http: httpx.Client, authorized: dict[str, str]) -> None:
        def process_of(_: int) -> str:
            answer = http.post("/api/do", headers=authorized, json={"call": "environment"})
            return str(answer.json()["AWS_LAMBDA_LOG_STREAM_NAME"])

        with ThreadPoolExecutor(3 * MOST_PROCESSES) as threads:
            processes = list(threads.map(process_of, range(3 * MOST_PROCESSES)))
        assert 1 < len(set(processes)) <= MOST_PROCESSES

    def test_the_log_of_an_invocation_is_whole(self, aws: Call, sample: dict[str, Any]) -> None:
        import base64

        event = json.dumps({"part": 42, "fail": ""}).encode()
        name = sample["resources"]["StepFunction"]
        answer = aws("lambda").invoke(FunctionName=name, Payload=event, LogType="Tail")
        assert "part 42" in base64.b64decode(answer["LogResult"]).decode()


def statement(sql: str, *parameters: str, **more: str) -> dict[str, Any]:
    return {"Statement": sql, "Parameters": [{"S": value} for value in parameters], **more}


class TestDynamoDb:
    @pytest.fixture
    def insert(self, sample: dict[str, Any]) -> Call:
        sql = f"INSERT INTO \"{sample['resources']['Table']}\" VALUE {{'pk': ?, 'sk': ?, 'v': ?}}"
        return lambda pk, sk: statement(sql, pk, sk, "1")

    @pytest.fixture
    def update(self, sample: dict[str, Any]) -> Call:
        sql = f'UPDATE "{sample["resources"]["Table"]}" SET v = ? WHERE pk = ? AND sk = ? AND v = ?'
        more = {"ReturnValuesOnConditionCheckFailure": "ALL_OLD"}
        return lambda pk, sk, expected: statement(sql, "2", pk, sk, expected, **more)

    def test_an_insert_of_what_exists_fails_alone(self, in_function: Call, insert: Call) -> None:
        pk = str(uuid4())
        in_function("dynamodb", "batch_execute_statement", Statements=[insert(pk, "1")])
        answer = in_function("dynamodb", "batch_execute_statement", Statements=[insert(pk, "1"), insert(pk, "2")])
        first, second = answer["Responses"]
        assert (first["Error"]["Code"], "Item" in first["Error"], "Error" in second) == ("DuplicateItem", False, False)

    def test_a_failed_condition_fails_alone_and_shows_the_item(
        self, in_function: Call, insert: Call, update: Call
    ) -> None:
        pk = str(uuid4())
        in_function("dynamodb", "batch_execute_statement", Statements=[insert(pk, "1"), insert(pk, "2")])
        batch = [update(pk, "1", "1"), update(pk, "2", "other")]
        first, second = in_function("dynamodb", "batch_execute_statement", Statements=batch)["Responses"]
        assert "Error" not in first
        assert second["Error"]["Code"] == "ConditionalCheckFailed"
        assert second["Error"]["Item"] == {"pk": {"S": pk}, "sk": {"S": "2"}, "v": {"S": "1"}}

    def test_a_key_twice_refuses_the_batch(self, in_function: Call, insert: Call, update: Call) -> None:
        pk = str(uuid4())
        batch = [insert(pk, "1"), update(pk, "1", "1")]
        answer = in_function("dynamodb", "batch_execute_statement", Statements=batch)
        assert answer == {"errorCode": "ValidationException"}

    def test_statements_are_authorised_one_by_one(
        self, in_function: Call, insert: Call, sample: dict[str, Any], aws: Call
    ) -> None:
        table, other = sample["resources"]["Table"], sample["resources"]["OtherTable"]
        denied = {"errorCode": "AccessDeniedException"}
        pk = str(uuid4())
        batch = [insert(pk, "1"), statement(f"INSERT INTO \"{other}\" VALUE {{'pk': ?}}", "x")]
        assert in_function("dynamodb", "batch_execute_statement", Statements=batch) == denied
        key = {"pk": {"S": pk}, "sk": {"S": "1"}}
        assert "Item" not in aws("dynamodb").get_item(TableName=table, Key=key)
        select = 'SELECT * FROM "{}" WHERE pk = ?'
        assert in_function("dynamodb", "execute_statement", **statement(select.format(table), "x")) == denied
        assert "Items" in in_function("dynamodb", "execute_statement", **statement(select.format(other), "x"))

    @pytest.mark.parametrize(
        ("call", "more", "denied"),
        [
            ("get_item", {"Key": {"pk": {"S": "x"}, "sk": {"S": "1"}}}, True),
            ("put_item", {"Item": {"pk": {"S": "x"}, "sk": {"S": "1"}}}, False),
        ],
    )
    def test_a_role_allows_what_its_policy_lists(
        self, in_function: Call, sample: dict[str, Any], call: str, more: dict[str, Any], denied: bool
    ) -> None:
        answer = in_function("dynamodb", call, TableName=sample["resources"]["Table"], **more)
        assert ("errorCode" in answer) is denied

    def test_an_index_is_a_resource_of_its_own(self, in_function: Call, sample: dict[str, Any]) -> None:
        query = {"TableName": sample["resources"]["Table"], "ExpressionAttributeValues": {":v": {"S": "red"}}}
        by_colour = in_function(
            "dynamodb", "query", **query, IndexName="byColour", KeyConditionExpression="colour = :v"
        )
        assert by_colour["Count"] == 0
        assert "errorCode" in in_function("dynamodb", "query", **query, KeyConditionExpression="pk = :v")

    def test_transactions_are_authorised_by_their_items(self, in_function: Call, sample: dict[str, Any]) -> None:
        table, pk = sample["resources"]["Table"], str(uuid4())
        key = {"pk": {"S": pk}, "sk": {"S": "1"}}
        check = {"TableName": table, "Key": {**key, "sk": {"S": "2"}}, "ConditionExpression": "attribute_exists(pk)"}
        put = {"Put": {"TableName": table, "Item": key}}
        refused = in_function("dynamodb", "transact_write_items", TransactItems=[put, {"ConditionCheck": check}])
        assert refused == {"errorCode": "TransactionCanceledException"}
        assert "errorCode" not in in_function("dynamodb", "transact_write_items", TransactItems=[put])
        delete = {"Delete": {"TableName": table, "Key": key}}
        denied = in_function("dynamodb", "transact_write_items", TransactItems=[delete])
        assert denied == {"errorCode": "AccessDeniedException"}


class TestS3:
    @pytest.fixture
    def bucket(self, sample: dict[str, Any]) -> str:
        return str(sample["resources"]["Bucket"])

    def test_put_if_none_match_holds_under_a_tls_only_policy(self, in_function: Call, bucket: str) -> None:
        put = {"Bucket": bucket, "Key": f"allowed/{uuid4()}", "Body": "x", "IfNoneMatch": "*"}
        assert "VersionId" in in_function("s3", "put_object", **put)
        assert in_function("s3", "put_object", **put) == {"errorCode": "PreconditionFailed"}

    @pytest.mark.parametrize(("prefix", "code"), [("allowed", "NoSuchKey"), ("other", "AccessDenied")])
    def test_missing_is_told_from_forbidden(self, in_function: Call, bucket: str, prefix: str, code: str) -> None:
        answer = in_function("s3", "get_object", Bucket=bucket, Key=f"{prefix}/none")
        assert answer == {"errorCode": code}

    def test_older_versions_stay_readable(self, aws: Call, bucket: str) -> None:
        s3, key = aws("s3"), f"allowed/{uuid4()}"
        first = s3.put_object(Bucket=bucket, Key=key, Body=b"one")["VersionId"]
        s3.put_object(Bucket=bucket, Key=key, Body=b"two")
        assert s3.get_object(Bucket=bucket, Key=key, VersionId=first)["Body"].read() == b"one"

    def test_links_of_a_function_work_for_its_clients(self, in_function: Call, aws: Call, bucket: str) -> None:
        key = f"allowed/{uuid4()}"
        aws("s3").put_object(Bucket=bucket, Key=key, Body=b"content")
        parameters = {"Bucket": bucket, "Key": key}
        link = in_function("s3", "generate_presigned_url", ClientMethod="get_object", Params=parameters)
        assert httpx.get(link, timeout=30).content == b"content"
        assert httpx.get(link.replace(key, f"{key}x"), timeout=30).status_code == 403

    @pytest.mark.parametrize(("size", "status"), [(0, 400), (1, 204), (10, 204), (11, 400)])
    def test_a_presigned_post_limits_the_size(self, in_function: Call, bucket: str, size: int, status: int) -> None:
        conditions = [["content-length-range", 1, 10]]
        key = f"allowed/{uuid4()}"
        post = in_function("s3", "generate_presigned_post", Bucket=bucket, Key=key, Conditions=conditions)
        answer = httpx.post(post["url"], data=post["fields"], files={"file": ("name", b"x" * size)}, timeout=30)
        assert answer.status_code == status

    def test_cors_of_the_bucket_is_the_templates(self, sample: dict[str, Any], bucket: str) -> None:
        asked = {"Origin": ORIGIN, "Access-Control-Request-Method": "POST"}
        answer = httpx.options(f"{sample['awsEndpoint']}/{bucket}", headers=asked)
        assert answer.headers["access-control-allow-origin"] == ORIGIN
        refused = httpx.options(
            f"{sample['awsEndpoint']}/{bucket}", headers={**asked, "Origin": "https://evil.example"}
        )
        assert "access-control-allow-origin" not in refused.headers

    def test_multipart_uploads_come_together(self, in_function: Call, aws: Call, bucket: str) -> None:
        place = {"Bucket": bucket, "Key": f"allowed/{uuid4()}"}
        upload = {**place, "UploadId": in_function("s3", "create_multipart_upload", **place)["UploadId"]}
        parts = []
        for number, body in ((1, "a" * 5 * 1024 * 1024), (2, "b")):
            part = in_function("s3", "upload_part", **upload, PartNumber=number, Body=body)
            parts.append({"PartNumber": number, "ETag": part["ETag"]})
        in_function("s3", "complete_multipart_upload", **upload, MultipartUpload={"Parts": parts})
        assert aws("s3").head_object(**place)["ContentLength"] == 5 * 1024 * 1024 + 1


class TestStepFunctions:
    @pytest.fixture
    def execute(self, aws: Call, sample: dict[str, Any]) -> Call:
        def run(*items: dict[str, Any]) -> dict[str, Any]:
            key, machine = f"manifest-{uuid4()}.json", sample["resources"]["Machine"]
            aws("s3").put_object(Bucket=sample["resources"]["Bucket"], Key=key, Body=json.dumps(items))
            states = aws("stepfunctions")
            started = states.start_execution(stateMachineArn=machine, input=json.dumps({"manifest": key}))

            def ended() -> dict[str, Any] | None:
                execution: dict[str, Any] = states.describe_execution(executionArn=started["executionArn"])
                return execution if execution["status"] != "RUNNING" else None

            return eventually(ended) or {}

        return run

    def test_a_map_reads_its_manifest_and_a_catch_meets_the_exception_by_name(self, execute: Call) -> None:
        execution = execute({"part": 0, "fail": ""}, {"part": 1, "fail": "NotToday"})
        assert execution["status"] == "SUCCEEDED"
        assert json.loads(execution["output"]) == [{"outcome": "done"}, {"outcome": "caught"}]

    def test_what_nothing_catches_fails_the_execution(self, execute: Call) -> None:
        assert execute({"part": 0, "fail": "exit"})["status"] == "FAILED"


class TestEvents:
    @pytest.fixture
    def written(self, aws: Call, sample: dict[str, Any]) -> Call:
        def item(pk: str, sk: str) -> Any:
            key = {"pk": {"S": pk}, "sk": {"S": sk}}
            table = sample["resources"]["Table"]
            return eventually(lambda: aws("dynamodb").get_item(TableName=table, Key=key).get("Item"))

        return item

    def test_a_rule_on_a_bus_of_our_own_reaches_its_function(
        self, in_function: Call, written: Call, sample: dict[str, Any]
    ) -> None:
        kind = str(uuid4())
        entry = {"Source": "sample", "DetailType": kind, "Detail": "{}"}
        bus = sample["resources"]["Bus"]
        assert in_function("events", "put_events", Entries=[{**entry, "EventBusName": bus}])["FailedEntryCount"] == 0
        assert in_function("events", "put_events", Entries=[entry]) == {"errorCode": "AccessDeniedException"}
        assert written("event", kind)

    def test_failed_messages_alone_reach_the_dead_letter_queue(
        self, aws: Call, written: Call, sample: dict[str, Any]
    ) -> None:
        sqs, good = aws("sqs"), str(uuid4())
        for body in (good, "bad"):
            sqs.send_message(QueueUrl=sample["resources"]["Queue"], MessageBody=body)
        assert written("message", good)
        assert eventually(lambda: self._dead(sqs, sample, "bad"))

    def test_messages_wait_for_no_other_up_to_the_parameters_bound(
        self, in_function: Call, aws: Call, sample: dict[str, Any]
    ) -> None:
        place = f"meet {uuid4()}"
        for _ in range(4):
            in_function("sqs", "send_message", QueueUrl=sample["resources"]["Slices"], MessageBody=place)

        def met() -> list[int] | None:
            found = aws("dynamodb").query(
                TableName=sample["resources"]["Table"],
                KeyConditionExpression="pk = :pk",
                ExpressionAttributeValues={":pk": {"S": f"met {place}"}},
            )["Items"]
            return [int(item["most"]["N"]) for item in found] if len(found) == 4 else None

        assert max(eventually(met) or [0]) == 2

    def test_a_standard_queue_hands_message_groups_on(
        self, in_function: Call, written: Call, sample: dict[str, Any]
    ) -> None:
        body = str(uuid4())
        entry = {"Id": "0", "MessageBody": body, "MessageGroupId": "tenant"}
        sent = in_function("sqs", "send_message_batch", QueueUrl=sample["resources"]["Slices"], Entries=[entry])
        assert [each["Id"] for each in sent["Successful"]] == ["0"], sent
        assert written("message", body)["group"] == {"S": "tenant"}

    def test_what_fails_too_often_reaches_the_consumer_of_the_dead_letters(
        self, in_function: Call, aws: Call, written: Call, sample: dict[str, Any]
    ) -> None:
        url, body = sample["resources"]["Slices"], f"bad {uuid4()}"
        aws("sqs").set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": "1"})
        in_function("sqs", "send_message", QueueUrl=url, MessageBody=body)
        assert written("dead", body)
        aws("sqs").set_queue_attributes(QueueUrl=url, Attributes={"VisibilityTimeout": "30"})
        for count in (1, 2):
            assert written("tried", f"{body}#{count}")
        key = {"pk": {"S": "tried"}, "sk": {"S": f"{body}#3"}}
        assert "Item" not in aws("dynamodb").get_item(TableName=sample["resources"]["Table"], Key=key)

    def test_a_failed_asynchronous_invocation_reaches_the_dead_letter_queue(
        self, aws: Call, sample: dict[str, Any]
    ) -> None:
        mark = str(uuid4())
        event = json.dumps({"fail": True, "mark": mark}).encode()
        worker = sample["resources"]["WorkerFunction"]
        aws("lambda").invoke(FunctionName=worker, InvocationType="Event", Payload=event)
        assert eventually(lambda: self._dead(aws("sqs"), sample, mark))

    def test_schedules_are_there(self, aws: Call, sample: dict[str, Any]) -> None:
        rule = aws("events").describe_rule(Name=sample["resources"]["WorkerFunctionClock"])
        assert (rule["State"], rule["ScheduleExpression"]) == ("ENABLED", "rate(1 minute)")
        schedule = aws("scheduler").get_schedule(Name=sample["resources"]["WorkerFunctionNewClock"])
        assert schedule["ScheduleExpression"] == "cron(0 4 * * ? *)"

    @staticmethod
    def _dead(sqs: Any, sample: dict[str, Any], text: str) -> bool:
        url = sample["resources"]["DeadLetters"]
        got = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, VisibilityTimeout=1)
        return any(text in message["Body"] for message in got.get("Messages", []))
