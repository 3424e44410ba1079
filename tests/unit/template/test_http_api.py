"""The HTTP API: who gets in, from which pages, and what its log tells."""

from __future__ import annotations

import json
import re
from typing import Any

from .sam_template import PARAMETERS, of_type

#: Routes of the specification and of issues 2 to 5, as API Gateway names them.
ROUTES = {
    "POST /api/contacts/import/upload",
    "POST /api/contacts/import",
    "GET /api/contacts/import/{jobId}",
    "GET /api/contacts/import/{jobId}/errors",
    "GET /api/contacts/import/{jobId}/errors/download",
    "GET /api/contacts/import/{jobId}/results/download",
    "POST /api/contacts/import/{jobId}/rollback",
    "GET /api/contacts/import/{jobId}/rollback",
    "GET /api/contacts/import/{jobId}/rollback/download",
    "POST /api/contacts/bulk-create",
    "GET /api/contacts/bulk-create/{jobId}",
    "GET /api/contacts/bulk-create/{jobId}/items",
    "POST /api/contacts/bulk-create/{jobId}/collection",
    "POST /api/contacts/bulk-delete",
    "GET /api/contacts/bulk-delete/{jobId}",
    "GET /api/contacts/bulk-delete/{jobId}/items",
    "POST /api/contacts/export",
    "GET /api/contacts/export/audit",
    "GET /api/contacts/export/{jobId}",
    "GET /api/contacts/export/{jobId}/download",
    "POST /api/collections",
    "GET /api/collections",
    "GET /api/collections/{id}",
    "GET /api/collections/{id}/items",
    "PUT /api/collections/{id}/editors",
    "GET /api/jobs",
    "POST /api/contacts",
    "GET /api/contacts",
    "GET /api/contacts/{id}",
    "PATCH /api/contacts/{id}",
    "DELETE /api/contacts/{id}",
    "GET /api/segments",
    "GET /api/segments/{id}",
    "$default",
}
OPEN_ROUTES = {"GET /openapi.json", "GET /docs", "OPTIONS /{proxy+}"}

#: Fields of an access log line that tell nothing about a person: no path (ids), no query, no address, no claims.
#: https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-logging-variables.html
IMPERSONAL = {
    "authorizer.error",
    "integrationErrorMessage",
    "integrationLatency",
    "requestId",
    "requestTimeEpoch",
    "responseLatency",
    "responseLength",
    "routeKey",
    "status",
}


def test_every_route_wants_a_token_but_the_documentation_and_preflights(cloudformation: dict[str, Any]) -> None:
    guarded, opened = set(), set()
    for route, operation in _operations(cloudformation):
        security = operation["security"]
        (guarded if security == [{"Jwt": []}] else opened).add(route)
        if route in OPEN_ROUTES:
            assert security == [{"NONE": []}], route
    assert guarded == ROUTES
    assert opened == OPEN_ROUTES


def test_preflights_pass_by_the_route_for_the_unknown(cloudformation: dict[str, Any]) -> None:
    """$default catches OPTIONS too and wants a token, which a browser's preflight never carries; a route of its own
    goes before it. https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-cors.html
    """
    routes = dict(_operations(cloudformation))
    assert routes["$default"]["isDefaultRoute"] is True
    assert "OPTIONS /{proxy+}" in routes


def test_lambda_gets_payload_2(cloudformation: dict[str, Any]) -> None:
    for route, operation in _operations(cloudformation):
        assert operation["x-amazon-apigateway-integration"]["payloadFormatVersion"] == "2.0", route


def test_tokens_are_checked_against_the_parameters(cloudformation: dict[str, Any]) -> None:
    authorizer = _body(cloudformation)["components"]["securitySchemes"]["Jwt"]["x-amazon-apigateway-authorizer"]
    assert authorizer["type"] == "jwt"
    assert authorizer["identitySource"] == "$request.header.Authorization"
    assert authorizer["jwtConfiguration"] == {"issuer": {"Ref": "JwtIssuer"}, "audience": {"Ref": "JwtAudience"}}


def test_nobody_deploys_without_saying_whose_tokens_count(template: dict[str, Any]) -> None:
    assert "Default" not in template["Parameters"]["JwtIssuer"]
    assert "Default" not in template["Parameters"]["JwtAudience"]


def test_pages_of_the_allowed_origins_may_call_with_the_headers_we_read(cloudformation: dict[str, Any]) -> None:
    cors = _body(cloudformation)["x-amazon-apigateway-cors"]
    # Unlike elsewhere, SAM puts the parameter's value in here, and only a list parameter's is a list.
    assert cors["allowOrigins"] == PARAMETERS["AllowedOrigins"]
    assert not cors.get("allowCredentials"), "tokens travel in a header; cookies play no part"
    assert {"authorization", "content-type", "idempotency-key", "if-match"} == set(cors["allowHeaders"])
    assert {"etag", "idempotency-replayed", "location", "retry-after"} == set(cors["exposeHeaders"])
    methods = {route.split(" ")[0] for route in ROUTES - {"$default"}}
    assert set(cors["allowMethods"]) == methods


def test_origins_are_named_not_starred(template: dict[str, Any]) -> None:
    assert "*" not in template["Parameters"]["AllowedOrigins"]["Default"]


def test_the_access_log_is_json_without_personal_data(cloudformation: dict[str, Any]) -> None:
    settings = _stage(cloudformation)["AccessLogSettings"]
    assert settings["DestinationArn"] == {"Fn::GetAtt": ["ApiAccessLogGroup", "Arn"]}
    line = json.loads(settings["Format"])
    assert {name.removeprefix("$context.") for name in line.values()} == IMPERSONAL
    assert set(re.findall(r"\$context\.([a-zA-Z.]+)", settings["Format"])) == IMPERSONAL


def test_the_api_is_throttled_and_measured_by_route(cloudformation: dict[str, Any]) -> None:
    settings = _stage(cloudformation)["DefaultRouteSettings"]
    assert settings["ThrottlingRateLimit"] > 0
    assert settings["ThrottlingBurstLimit"] > 0
    assert settings["DetailedMetricsEnabled"] is True


def test_the_stage_adds_nothing_to_the_path(cloudformation: dict[str, Any]) -> None:
    assert _stage(cloudformation)["StageName"] == "$default"


def _body(cloudformation: dict[str, Any]) -> dict[str, Any]:
    body: dict[str, Any] = cloudformation["Resources"]["ContactsApi"]["Properties"]["Body"]
    return body


def _stage(cloudformation: dict[str, Any]) -> dict[str, Any]:
    [stage] = of_type(cloudformation, "AWS::ApiGatewayV2::Stage").values()
    return stage


def _operations(cloudformation: dict[str, Any]) -> list[tuple[str, dict[str, Any]]]:
    return [
        (path if path == "$default" else f"{method.upper()} {path}", operation)
        for path, operations in _body(cloudformation)["paths"].items()
        for method, operation in operations.items()
    ]
