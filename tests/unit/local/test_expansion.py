from copy import deepcopy
from typing import Any

import pytest

from local.expansion import ParameterError, expand
from local.http_api import UnsupportedApiError, expand_http_apis
from local.losses import ACCEPTED, HONOURED, UnknownToEngineError, refuse_unknown, without_dropped_types

INTEGRATION = {"type": "aws_proxy", "httpMethod": "POST", "uri": "arn", "payloadFormatVersion": "2.0"}
BODY: dict[str, Any] = {
    "openapi": "3.0.1",
    "info": {"title": "t", "version": "1.0"},
    "paths": {
        "/a/{id}": {"get": {"x-amazon-apigateway-integration": INTEGRATION, "security": [{"Jwt": ["read"]}]}},
        "/open": {"get": {"x-amazon-apigateway-integration": INTEGRATION, "security": [{"NONE": []}]}},
        "$default": {"x-amazon-apigateway-any-method": {"x-amazon-apigateway-integration": INTEGRATION}},
    },
    "components": {
        "securitySchemes": {
            "Jwt": {
                "type": "oauth2",
                "x-amazon-apigateway-authorizer": {
                    "type": "jwt",
                    "identitySource": "$request.header.Authorization",
                    "jwtConfiguration": {"issuer": "https://i", "audience": ["a"]},
                },
            }
        }
    },
    "x-amazon-apigateway-cors": {"allowOrigins": ["https://o"]},
}


def api_template(body: dict[str, Any]) -> dict[str, Any]:
    return {"Resources": {"Api": {"Type": "AWS::ApiGatewayV2::Api", "Properties": {"Body": body}}}}


def test_a_body_becomes_routes_integrations_authorizer_and_cors() -> None:
    resources = expand_http_apis(api_template(BODY))["Resources"]
    assert resources["Api"]["Properties"] == {
        "Name": "t",
        "ProtocolType": "HTTP",
        "CorsConfiguration": {"allowOrigins": ["https://o"]},
    }
    routes = {
        item["Properties"]["RouteKey"]: item["Properties"].get("AuthorizationScopes")
        for item in resources.values()
        if item["Type"] == "AWS::ApiGatewayV2::Route"
    }
    assert routes == {"GET /a/{id}": ["read"], "GET /open": None, "$default": None}
    assert resources["ApiGetAIdRoute"]["Properties"]["AuthorizerId"] == {"Ref": "ApiJwtAuthorizer"}
    assert resources["ApiJwtAuthorizer"]["Properties"]["JwtConfiguration"] == {"Issuer": "https://i", "Audience": ["a"]}


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (("servers",), [], "servers"),
        (("paths", "/open", "parameters"), [], "parameters"),
        (("paths", "/open", "get", "x-amazon-apigateway-integration"), {**INTEGRATION, "tlsConfig": {}}, "tlsConfig"),
        (("paths", "/open", "get", "security"), [{"Jwt": []}, {"Other": []}], "more than one authorizer"),
        (("x-amazon-apigateway-cors",), {"Fn::Split": [",", "a,b"]}, "SAM drops AllowMethods"),
    ],
)
def test_what_the_expansion_would_lose_is_refused(path: tuple[str, ...], value: Any, message: str) -> None:
    body = deepcopy(BODY)
    node = body
    for key in path[:-1]:
        node = node[key]
    node[path[-1]] = value
    with pytest.raises(UnsupportedApiError, match=message):
        expand_http_apis(api_template(body))


@pytest.mark.parametrize(
    "cors",
    [
        {"allowOrigins": {"Fn::Split": [",", "a,b"]}, "allowMethods": ["GET"]},
        {"Fn::If": ["Some", {"allowOrigins": {"Fn::Split": [",", "a,b"]}}, {"Ref": "AWS::NoValue"}]},
    ],
)
def test_cors_may_hold_functions_where_it_stays_whole(cors: dict[str, Any]) -> None:
    resources = expand_http_apis(api_template({**BODY, "x-amazon-apigateway-cors": cors}))["Resources"]
    assert resources["Api"]["Properties"]["CorsConfiguration"] == cors


def test_properties_and_types_that_nobody_looked_at_are_named() -> None:
    resources = {
        "Table": {"Type": "AWS::DynamoDB::Table", "Properties": {"KeySchema": [], "TableClass": "x"}},
        "Pipe": {"Type": "AWS::Pipes::Pipe", "Properties": {}},
    }
    with pytest.raises(UnknownToEngineError) as refused:
        refuse_unknown({"Resources": resources})
    assert "Table.TableClass" in str(refused.value)
    assert "Pipe (AWS::Pipes::Pipe)" in str(refused.value)
    assert "KeySchema" not in str(refused.value)


def test_a_known_loss_is_let_through() -> None:
    refuse_unknown({"Resources": {"Bucket": {"Type": "AWS::S3::Bucket", "Properties": {"LifecycleConfiguration": {}}}}})


def test_every_loss_has_a_reason_and_is_not_called_honoured() -> None:
    for (kind, name), reason in ACCEPTED.items():
        assert reason
        assert name not in HONOURED[kind]


def test_alarms_are_left_out() -> None:
    kept = without_dropped_types({"Resources": {"Alarm": {"Type": "AWS::CloudWatch::Alarm"}, "T": {"Type": "X"}}})
    assert list(kept["Resources"]) == ["T"]


def test_list_parameters_reach_sam_as_lists() -> None:
    template = {
        "Transform": "AWS::Serverless-2016-10-31",
        "Parameters": {"Origins": {"Type": "CommaDelimitedList", "Default": "https://a,https://b"}},
        "Resources": {
            "Api": {
                "Type": "AWS::Serverless::HttpApi",
                "Properties": {"CorsConfiguration": {"AllowOrigins": {"Ref": "Origins"}, "AllowMethods": ["GET"]}},
            }
        },
    }
    cors = expand(template, {}, "us-east-1")["Resources"]["Api"]["Properties"]["CorsConfiguration"]
    assert cors == {"allowOrigins": ["https://a", "https://b"], "allowMethods": ["GET"]}


def test_a_parameter_without_a_value_is_named() -> None:
    with pytest.raises(ParameterError, match="Needed"):
        expand({"Parameters": {"Needed": {"Type": "String"}}, "Resources": {}}, {}, "us-east-1")
