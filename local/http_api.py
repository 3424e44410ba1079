"""An HTTP API's OpenAPI ``Body``, which the engine drops, as the resources it stands for.

SAM puts routes, integrations, authorizers and CORS of an ``AWS::Serverless::HttpApi`` into ``Body``, which API
Gateway imports. Here the same becomes AWS::ApiGatewayV2::Route, ::Integration and ::Authorizer.
https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-open-api.html
"""

from copy import deepcopy
from typing import Any

_METHODS = {"get", "put", "post", "delete", "options", "head", "patch", "trace", "x-amazon-apigateway-any-method"}
_BODY_KEYS = {"openapi", "info", "tags", "paths", "components", "x-amazon-apigateway-cors"}
_INTEGRATION_KEYS = {"type", "httpMethod", "uri", "payloadFormatVersion", "timeoutInMillis"}
_AUTHORIZER_KEYS = {"type", "jwtConfiguration", "identitySource"}
_CORS_KEYS = {"allowCredentials", "allowHeaders", "allowMethods", "allowOrigins", "exposeHeaders", "maxAge"}
_OPERATION_KEYS = {"x-amazon-apigateway-integration", "security", "responses", "isDefaultRoute", "parameters"}


class UnsupportedApiError(Exception):
    """The API uses something that this expansion would lose."""


def expand_http_apis(template: dict[str, Any]) -> dict[str, Any]:
    """A CloudFormation template in which no HTTP API has a ``Body`` any more.

    Raises:
        UnsupportedApiError: a member of a ``Body`` has no counterpart here.
    """
    expanded = deepcopy(template)
    for name, resource in list(expanded["Resources"].items()):
        if resource["Type"] == "AWS::ApiGatewayV2::Api" and "Body" in resource["Properties"]:
            expanded["Resources"] |= _expand(name, resource["Properties"])
    return expanded


def _expand(api: str, properties: dict[str, Any]) -> dict[str, Any]:
    body = properties.pop("Body")
    _only(_BODY_KEYS, body, api)
    properties.setdefault("Name", body["info"]["title"])
    properties["ProtocolType"] = "HTTP"
    if cors := body.get("x-amazon-apigateway-cors"):
        _check_cors(api, cors)
        # With the API's own names (allowOrigins), not CloudFormation's: the engine stores and reads it as it comes.
        properties["CorsConfiguration"] = cors
    resources: dict[str, Any] = {}
    for scheme, definition in ((body.get("components") or {}).get("securitySchemes") or {}).items():
        resources[f"{api}{scheme}Authorizer"] = _authorizer(api, scheme, definition)
    for path, operations in body["paths"].items():
        for method, operation in operations.items():
            if method not in _METHODS:
                raise UnsupportedApiError(f"{api}: {path} has {method}, which is not expanded")
            key = _route_key(path, method)
            suffix = "".join(part.capitalize() for part in _words(key))
            resources[f"{api}{suffix}Integration"] = _integration(api, key, operation)
            resources[f"{api}{suffix}Route"] = _route(api, key, operation, f"{api}{suffix}Integration")
    return resources


def _check_cors(api: str, cors: dict[str, Any]) -> None:
    """Refuse what SAM makes, on AWS too, of a function in AllowOrigins: it takes it for the whole configuration."""
    if cors.keys() == {"Fn::If"}:
        for branch in cors["Fn::If"][1:]:
            _check_cors(api, branch)
    elif cors != {"Ref": "AWS::NoValue"} and not cors.keys() <= _CORS_KEYS:
        raise UnsupportedApiError(
            f"{api}: CorsConfiguration became {', '.join(sorted(cors))}: with a function in AllowOrigins alone "
            "SAM drops AllowMethods, AllowHeaders and the rest"
        )


def _authorizer(api: str, scheme: str, definition: dict[str, Any]) -> dict[str, Any]:
    authorizer = definition["x-amazon-apigateway-authorizer"]
    _only(_AUTHORIZER_KEYS, authorizer, f"{api}: authorizer {scheme}")
    if authorizer["type"] != "jwt":
        raise UnsupportedApiError(f"{api}: authorizer {scheme} is no JWT authorizer")
    jwt = authorizer["jwtConfiguration"]
    return {
        "Type": "AWS::ApiGatewayV2::Authorizer",
        "Properties": {
            "ApiId": {"Ref": api},
            "Name": scheme,
            "AuthorizerType": "JWT",
            "IdentitySource": [authorizer["identitySource"]],
            "JwtConfiguration": {"Issuer": jwt["issuer"], "Audience": jwt["audience"]},
        },
    }


def _integration(api: str, key: str, operation: dict[str, Any]) -> dict[str, Any]:
    _only(_OPERATION_KEYS, operation, f"{api}: {key}")
    integration = operation["x-amazon-apigateway-integration"]
    _only(_INTEGRATION_KEYS, integration, f"{api}: integration of {key}")
    properties = {
        "ApiId": {"Ref": api},
        "IntegrationType": integration["type"].upper(),
        "IntegrationMethod": integration["httpMethod"],
        "IntegrationUri": integration["uri"],
        "PayloadFormatVersion": integration["payloadFormatVersion"],
    }
    if "timeoutInMillis" in integration:
        properties["TimeoutInMillis"] = integration["timeoutInMillis"]
    return {"Type": "AWS::ApiGatewayV2::Integration", "Properties": properties}


def _route(api: str, key: str, operation: dict[str, Any], integration: str) -> dict[str, Any]:
    properties: dict[str, Any] = {
        "ApiId": {"Ref": api},
        "RouteKey": key,
        "Target": {"Fn::Join": ["/", ["integrations", {"Ref": integration}]]},
    }
    requirements = [item for item in operation.get("security") or [] if item.keys() != {"NONE"}]
    if len(requirements) > 1 or any(len(item) != 1 for item in requirements):
        raise UnsupportedApiError(f"{api}: {key} has more than one authorizer")
    if requirements:
        [(scheme, scopes)] = requirements[0].items()
        properties |= {
            "AuthorizationType": "JWT",
            "AuthorizerId": {"Ref": f"{api}{scheme}Authorizer"},
            "AuthorizationScopes": scopes,
        }
    return {"Type": "AWS::ApiGatewayV2::Route", "Properties": properties}


def _route_key(path: str, method: str) -> str:
    if path == "$default":
        return "$default"
    return f"{'ANY' if method == 'x-amazon-apigateway-any-method' else method.upper()} {path}"


def _words(text: str) -> list[str]:
    return "".join(character if character.isalnum() else " " for character in text).split()


def _only(known: set[str], mapping: dict[str, Any], where: str) -> None:
    if unknown := mapping.keys() - known:
        raise UnsupportedApiError(f"{where} has {', '.join(sorted(unknown))}, which is not expanded")
