import io
import zipfile
from pathlib import Path
from typing import Any

import pytest

from local.build import BuildError, build


def template_of(kind: str, metadata: dict[str, str] | None = None, **properties: str) -> dict[str, Any]:
    return {
        "Resources": {"Thing": {"Type": f"AWS::Serverless::{kind}", "Metadata": metadata, "Properties": properties}}
    }


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "code" / "__pycache__").mkdir(parents=True)
    (tmp_path / "code" / "__pycache__" / "a.pyc").write_text("")
    (tmp_path / "code" / "package").mkdir()
    (tmp_path / "code" / "package" / "a.py").write_text("A = 1\n")
    (tmp_path / "machine.asl.yaml").write_text("StartAt: A\n")
    return tmp_path


@pytest.mark.parametrize(
    ("template", "property_name", "names"),
    [
        (template_of("Function", CodeUri="code"), "CodeUri", ["package/a.py"]),
        (template_of("LayerVersion", ContentUri="code"), "ContentUri", ["package/a.py"]),
        (
            template_of("LayerVersion", {"BuildMethod": "python3.13"}, ContentUri="code"),
            "ContentUri",
            ["python/package/a.py"],
        ),
    ],
)
def test_a_folder_becomes_an_archive(
    root: Path, template: dict[str, Any], property_name: str, names: list[str]
) -> None:
    packaged = build(template, root, "bucket")
    [artifact] = packaged.artifacts
    address = packaged.template["Resources"]["Thing"]["Properties"][property_name]
    assert address == {"Bucket": "bucket", "Key": artifact.key}
    assert zipfile.ZipFile(io.BytesIO(artifact.body)).namelist() == names


def test_a_key_changes_with_the_content_alone(root: Path) -> None:
    template, source = template_of("Function", CodeUri="code"), root / "code" / "package" / "a.py"
    first = build(template, root, "bucket").artifacts[0].key
    source.write_text("A = 1\n")
    assert build(template, root, "bucket").artifacts[0].key == first
    source.write_text("A = 2\n")
    assert build(template, root, "bucket").artifacts[0].key != first


def test_a_definition_is_uploaded_as_it_is(root: Path) -> None:
    packaged = build(template_of("StateMachine", DefinitionUri="machine.asl.yaml"), root, "bucket")
    assert packaged.artifacts[0].body == b"StartAt: A\n"
    assert packaged.artifacts[0].key.endswith(".yaml")


@pytest.mark.parametrize(
    ("template", "message"),
    [
        (template_of("Function", CodeUri="gone"), "Thing: there is no folder gone"),
        (template_of("Function"), "Thing: the path to its code must be a plain string"),
        (template_of("LayerVersion", {"BuildMethod": "makefile"}, ContentUri="code"), "BuildMethod makefile"),
        (template_of("StateMachine", DefinitionUri="gone.yaml"), "Thing: there is no file gone.yaml"),
    ],
)
def test_what_is_not_there_is_named(root: Path, template: dict[str, Any], message: str) -> None:
    with pytest.raises(BuildError, match=message):
        build(template, root, "bucket")
