"""Creates the tables that template.yaml defines, so that tests and the deployed stack can't drift apart."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import yaml

TEMPLATE = Path(__file__).parents[2] / "template.yaml"
#: What `create_table` takes of a table's properties. TTL, encryption and the like are not about keys.
_KEY_PROPERTIES = ("AttributeDefinitions", "KeySchema", "GlobalSecondaryIndexes", "LocalSecondaryIndexes")


def create_tables(client: Any, prefix: str = "") -> dict[str, str]:
    """Create every AWS::DynamoDB::Table of the template; returns its physical name by its logical id.

    `prefix` keeps tables of tests that share one server apart.
    """
    names = {}
    for logical_id, properties in table_properties().items():
        names[logical_id] = f"{prefix}{logical_id}"
        keys = {name: properties[name] for name in _KEY_PROPERTIES if name in properties}
        client.create_table(TableName=names[logical_id], BillingMode="PAY_PER_REQUEST", **keys)
    return names


def table_properties() -> dict[str, dict[str, Any]]:
    """The properties of every table in the template, by logical id."""
    resources = yaml.load(TEMPLATE.read_text(encoding="utf-8"), _CloudFormationLoader)["Resources"]
    return {
        logical_id: resource["Properties"]
        for logical_id, resource in resources.items()
        if resource["Type"] == "AWS::DynamoDB::Table"
    }


class _CloudFormationLoader(yaml.SafeLoader):
    """Reads !Ref, !Sub and the like as plain values: nothing about keys is made with them."""


def _value_of_tag(loader: yaml.SafeLoader, _tag: str, node: yaml.Node) -> Any:
    if isinstance(node, yaml.MappingNode):
        return loader.construct_mapping(node, deep=True)
    if isinstance(node, yaml.SequenceNode):
        return loader.construct_sequence(node, deep=True)
    return loader.construct_scalar(node)


_CloudFormationLoader.add_multi_constructor("!", _value_of_tag)
