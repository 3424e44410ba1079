"""What ``sam deploy`` does: uploads artifacts, creates or updates the stack, waits, and says what became of it."""

import hashlib
import json
import os
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import boto3
import yaml
from samtranslator.yaml_helper import yaml_parse

from local.build import Artifact, build
from local.expansion import expand
from local.issuer import AUDIENCE, ISSUER_PATH
from local.settings import ACCESS_KEY_ID, REGION, SECRET_ACCESS_KEY, STACK_NAME, Settings

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

ARTIFACTS_BUCKET = "local-artifacts"
_DEPLOYED_KEY = "deployed.sha256"
_DEPLOY_SECONDS = 120.0
_GOOD = {"CREATE_COMPLETE", "UPDATE_COMPLETE"}


class DeploymentError(Exception):
    """The stack could not be brought to what the template says."""


@dataclass(frozen=True)
class Plan:
    """What is to be deployed: made from files alone, so that what can't be deployed is known before anything starts."""

    template: dict[str, Any]
    artifacts: tuple[Artifact, ...]
    given: dict[str, str]
    """Parameters that get a value of their own here."""
    parameters: dict[str, str]
    """All parameters, the defaults included."""

    @property
    def body(self) -> bytes:
        """The expanded template."""
        return json.dumps(self.template, sort_keys=True).encode()

    @property
    def digest(self) -> str:
        """Changes with the template, its parameters and all code, whose hashes are in the template."""
        return hashlib.sha256(self.body + json.dumps(self.given, sort_keys=True).encode()).hexdigest()


@dataclass(frozen=True)
class Deployment:
    """A stack that stands."""

    changed: bool
    resources: dict[str, str]
    """Logical id -> physical name or ARN."""


def plan(settings: Settings) -> Plan:
    """Package and expand the template.

    Raises:
        DeploymentError: the template can't be read.
        BuildError, ParameterError, UnsupportedApiError, UnknownToEngineError: see ``build`` and ``expand``.
    """
    template = read_template(settings)
    declared = template.get("Parameters") or {}
    given = {name: value for name, value in _local_parameters(settings).items() if name in declared}
    packaged = build(template, settings.template.parent, ARTIFACTS_BUCKET)
    defaults = {name: str(item["Default"]) for name, item in declared.items() if "Default" in item}
    return Plan(expand(packaged.template, given, REGION), packaged.artifacts, given, {**defaults, **given})


def deploy(settings: Settings, planned: Plan) -> Deployment:
    """Bring the running engine's stack to the plan; does nothing where it is there already.

    Raises:
        DeploymentError: a resource failed: the first one, with its reason. Or the engine was killed before it saved.
    """
    session = aws_session()
    s3: S3Client = session.client("s3", endpoint_url=settings.endpoint)
    cloudformation = session.client("cloudformation", endpoint_url=settings.endpoint)
    try:
        s3.create_bucket(Bucket=ARTIFACTS_BUCKET)
    except s3.exceptions.BucketAlreadyOwnedByYou as error:
        # The engine finds the bucket's folder and knows nothing of it: it saves what it knows when it is stopped.
        message = "the stack was killed before it had saved what it holds; `make clean` starts anew"
        raise DeploymentError(message) from error
    changed = _text(s3, _DEPLOYED_KEY) != planned.digest
    if changed:
        for artifact in (*planned.artifacts, Artifact("template.json", planned.body)):
            s3.put_object(Bucket=ARTIFACTS_BUCKET, Key=artifact.key, Body=artifact.body)
        _create_or_update(cloudformation, f"{settings.endpoint}/{ARTIFACTS_BUCKET}/template.json", planned.given)
        s3.put_object(Bucket=ARTIFACTS_BUCKET, Key=_DEPLOYED_KEY, Body=planned.digest.encode())
    described = cloudformation.describe_stack_resources(StackName=STACK_NAME)["StackResources"]
    return Deployment(changed, {item["LogicalResourceId"]: item["PhysicalResourceId"] for item in described})


def read_template(settings: Settings) -> dict[str, Any]:
    """The SAM template as written, its short forms (``!Ref``) spelt out.

    Raises:
        DeploymentError: it is missing or no YAML.
    """
    try:
        template: dict[str, Any] = yaml_parse(settings.template.read_text("utf-8"))
    except (OSError, yaml.YAMLError) as error:
        raise DeploymentError(f"{settings.template} can't be read: {' '.join(str(error).split())}") from error
    return template


def aws_session() -> Any:
    """A boto3 session of the engine's administrator, whatever the operator's own configuration says."""
    return boto3.session.Session(
        aws_access_key_id=ACCESS_KEY_ID, aws_secret_access_key=SECRET_ACCESS_KEY, region_name=REGION
    )


def _local_parameters(settings: Settings) -> dict[str, str]:
    processors = str(max(2, os.cpu_count() or 2))
    return {
        "JwtIssuer": settings.endpoint + ISSUER_PATH,
        "JwtAudience": AUDIENCE,
        # Each part or slice at work is a process of its own here: more of them than processors only delays them all.
        "MapConcurrency": processors,
        "SliceConcurrency": processors,
    }


def _text(s3: "S3Client", key: str) -> str | None:
    try:
        return s3.get_object(Bucket=ARTIFACTS_BUCKET, Key=key)["Body"].read().decode()
    except s3.exceptions.NoSuchKey:
        return None


def _create_or_update(cloudformation: Any, template_url: str, parameters: dict[str, str]) -> None:
    request = {
        "StackName": STACK_NAME,
        "TemplateURL": template_url,
        "Parameters": [{"ParameterKey": name, "ParameterValue": value} for name, value in parameters.items()],
        "Capabilities": ["CAPABILITY_IAM", "CAPABILITY_NAMED_IAM"],
    }
    stacks = {item["StackName"]: item["StackStatus"] for item in cloudformation.describe_stacks()["Stacks"]}
    if stacks.get(STACK_NAME, "").startswith("ROLLBACK"):  # never came up: as on AWS, it can only be made anew
        cloudformation.delete_stack(StackName=STACK_NAME)
        cloudformation.get_waiter("stack_delete_complete").wait(StackName=STACK_NAME, WaiterConfig={"Delay": 1})
        del stacks[STACK_NAME]
    (cloudformation.update_stack if STACK_NAME in stacks else cloudformation.create_stack)(**request)
    status = _settled(cloudformation)
    if status not in _GOOD:
        raise DeploymentError(f"the stack ended in {status}: {_first_failure(cloudformation)}")


def _settled(cloudformation: Any) -> str:
    deadline = time.monotonic() + _DEPLOY_SECONDS
    while time.monotonic() < deadline:
        status: str = cloudformation.describe_stacks(StackName=STACK_NAME)["Stacks"][0]["StackStatus"]
        if not status.endswith("IN_PROGRESS"):
            return status
        time.sleep(0.05)
    raise DeploymentError(f"the stack is not done after {_DEPLOY_SECONDS:.0f} seconds")


def _first_failure(cloudformation: Any) -> str:
    events = cloudformation.describe_stack_events(StackName=STACK_NAME)["StackEvents"]
    failures = [event for event in events if event["ResourceStatus"].endswith("FAILED")]
    if not failures:
        return "no resource says why"
    first = failures[-1]
    return f"{first['LogicalResourceId']}: {first.get('ResourceStatusReason', 'no reason given')}"
