"""What of a template the engine brings to life, what it loses with our knowledge, and what nobody has looked at yet.

The engine drops properties it does not know without a word. A deployed template may therefore hold only what was
checked against the engine's provisioners (``HONOURED``) or is lost on purpose, with a reason (``ACCEPTED``).
"""

from typing import Any

HONOURED: dict[str, set[str]] = {
    "AWS::ApiGatewayV2::Api": {"Name", "ProtocolType", "CorsConfiguration"},
    "AWS::ApiGatewayV2::Authorizer": {"ApiId", "Name", "AuthorizerType", "IdentitySource", "JwtConfiguration"},
    "AWS::ApiGatewayV2::Integration": {
        "ApiId",
        "IntegrationMethod",
        "IntegrationType",
        "IntegrationUri",
        "PayloadFormatVersion",
    },
    "AWS::ApiGatewayV2::Route": {
        "ApiId",
        "AuthorizationScopes",
        "AuthorizationType",
        "AuthorizerId",
        "RouteKey",
        "Target",
    },
    "AWS::ApiGatewayV2::Stage": {"ApiId", "AutoDeploy", "StageName", "Tags"},
    "AWS::DynamoDB::Table": {
        "AttributeDefinitions",
        "BillingMode",
        "GlobalSecondaryIndexes",
        "KeySchema",
        "TableName",
        "Tags",
    },
    "AWS::Events::EventBus": {"Name", "Description", "Tags"},
    "AWS::Events::Rule": {
        "Description",
        "EventBusName",
        "EventPattern",
        "Name",
        "ScheduleExpression",
        "State",
        "Tags",
        "Targets",
    },
    "AWS::IAM::Role": {"AssumeRolePolicyDocument", "ManagedPolicyArns", "Path", "Policies", "RoleName", "Tags"},
    "AWS::KMS::Key": {"Description", "Enabled", "EnableKeyRotation", "KeyPolicy", "KeySpec", "KeyUsage", "Tags"},
    "AWS::Lambda::EventInvokeConfig": {
        "DestinationConfig",
        "FunctionName",
        "MaximumEventAgeInSeconds",
        "MaximumRetryAttempts",
        "Qualifier",
    },
    "AWS::Lambda::EventSourceMapping": {
        "BatchSize",
        "Enabled",
        "EventSourceArn",
        "FunctionName",
        "FunctionResponseTypes",
        "MaximumBatchingWindowInSeconds",
        "ScalingConfig",
    },
    "AWS::Lambda::Function": {
        "Code",
        "Description",
        "Environment",
        "FunctionName",
        "Handler",
        "Layers",
        "LoggingConfig",
        "MemorySize",
        "Role",
        "Runtime",
        "Tags",
        "Timeout",
    },
    "AWS::Lambda::LayerVersion": {"CompatibleRuntimes", "Content", "Description", "LayerName", "LicenseInfo"},
    "AWS::Lambda::Permission": {"Action", "FunctionName", "Principal", "SourceAccount", "SourceArn"},
    "AWS::Logs::LogGroup": {"LogGroupName", "RetentionInDays", "Tags"},
    "AWS::S3::Bucket": {
        "BucketName",
        "CorsConfiguration",
        "NotificationConfiguration",
        "PublicAccessBlockConfiguration",
        "VersioningConfiguration",
    },
    "AWS::S3::BucketPolicy": {"Bucket", "PolicyDocument"},
    "AWS::SNS::Subscription": {"Endpoint", "FilterPolicy", "Protocol", "RawMessageDelivery", "TopicArn"},
    "AWS::SNS::Topic": {"DisplayName", "Subscription", "Tags", "TopicName"},
    "AWS::SNS::TopicPolicy": {"PolicyDocument", "Topics"},
    "AWS::SQS::Queue": {
        "DelaySeconds",
        "KmsMasterKeyId",
        "MessageRetentionPeriod",
        "QueueName",
        "ReceiveMessageWaitTimeSeconds",
        "RedriveAllowPolicy",
        "RedrivePolicy",
        "SqsManagedSseEnabled",
        "Tags",
        "VisibilityTimeout",
    },
    "AWS::SQS::QueuePolicy": {"PolicyDocument", "Queues"},
    "AWS::Scheduler::Schedule": {
        "Description",
        "FlexibleTimeWindow",
        "GroupName",
        "Name",
        "ScheduleExpression",
        "State",
        "Target",
    },
    "AWS::StepFunctions::StateMachine": {
        "DefinitionS3Location",
        "DefinitionString",
        "DefinitionSubstitutions",
        "LoggingConfiguration",
        "RoleArn",
        "StateMachineName",
        "StateMachineType",
        "Tags",
    },
}
"""Per resource type, the properties that the engine was seen to act on (or, like descriptions, merely to keep)."""

_OWN_MACHINE = "one machine serves the functions: it has the processor and the disk it has"
_NO_ENCRYPTION = "everything lies in a folder of the operator's own; nothing is encrypted at rest"

ACCEPTED: dict[tuple[str, str], str] = {
    ("AWS::ApiGatewayV2::Stage", "AccessLogSettings"): "no access log is written",
    ("AWS::ApiGatewayV2::Stage", "DefaultRouteSettings"): "one developer is not throttled",
    ("AWS::DynamoDB::Table", "PointInTimeRecoverySpecification"): "`make clean` is the only way to lose local data",
    ("AWS::DynamoDB::Table", "SSESpecification"): _NO_ENCRYPTION,
    (
        "AWS::DynamoDB::Table",
        "TimeToLiveSpecification",
    ): "nothing expires by itself; readers judge expiresAt themselves",
    ("AWS::Lambda::Function", "Architectures"): _OWN_MACHINE,
    ("AWS::Lambda::Function", "EphemeralStorage"): _OWN_MACHINE,
    ("AWS::Lambda::Function", "RecursiveLoop"): "the engine does not follow a chain of invocations through a queue",
    ("AWS::Lambda::Function", "ReservedConcurrentExecutions"): _OWN_MACHINE,
    ("AWS::Lambda::Function", "TracingConfig"): "there is no X-Ray; Powertools sends no traces under AWS_SAM_LOCAL",
    ("AWS::Lambda::LayerVersion", "CompatibleArchitectures"): _OWN_MACHINE,
    ("AWS::S3::Bucket", "BucketEncryption"): _NO_ENCRYPTION,
    ("AWS::S3::Bucket", "LifecycleConfiguration"): "objects stay until `make clean`",
    ("AWS::S3::Bucket", "OwnershipControls"): "there is one account, so one owner",
    ("AWS::SNS::Topic", "KmsMasterKeyId"): _NO_ENCRYPTION,
    ("AWS::StepFunctions::StateMachine", "TracingConfiguration"): "there is no X-Ray",
}
"""What is lost, and why that is all right on a developer's machine."""

DROPPED_TYPES: dict[str, str] = {
    "AWS::CloudWatch::Alarm": "nobody is on call for a laptop",
    "AWS::CloudWatch::Dashboard": "nobody is on call for a laptop",
}
"""Resource types left out altogether. Nothing may refer to them."""


class UnknownToEngineError(Exception):
    """The template holds something of which nobody has said whether the engine honours it."""


def without_dropped_types(template: dict[str, Any]) -> dict[str, Any]:
    """The template without the resources of ``DROPPED_TYPES``."""
    kept = {name: item for name, item in template["Resources"].items() if item["Type"] not in DROPPED_TYPES}
    return {**template, "Resources": kept}


def refuse_unknown(template: dict[str, Any]) -> None:
    """Check every property of an expanded template.

    Raises:
        UnknownToEngineError: names each resource and property that is neither honoured nor knowingly lost.
    """
    unknown = []
    for name, resource in template["Resources"].items():
        kind = resource["Type"]
        if kind not in HONOURED:
            unknown.append(f"{name} ({kind})")
            continue
        unknown += [
            f"{name}.{key} ({kind})"
            for key in resource.get("Properties") or {}
            if key not in HONOURED[kind] and (kind, key) not in ACCEPTED
        ]
    if unknown:
        raise UnknownToEngineError(
            "the local engine may drop these without a word: "
            + ", ".join(unknown)
            + "; see what it does, then list them in local/losses.py"
        )
