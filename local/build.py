"""What ``sam build`` and ``sam package`` do, without Docker: code into archives, archives' addresses into the template.

Requirements are not installed: function processes find them in the virtual environment, and see of it only what their
layers' ``requirements.txt`` name (``local.engine.runtime_modules``).
"""

import hashlib
import io
import zipfile
from copy import deepcopy
from dataclasses import dataclass
from pathlib import Path
from typing import Any

_SKIPPED = {"__pycache__", ".pytest_cache", ".mypy_cache", ".ruff_cache"}
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the same content makes the same archive, whenever it was written


class BuildError(Exception):
    """The template names something that is not there, or that this build does not know."""


@dataclass(frozen=True)
class Artifact:
    """A file to upload before the stack is deployed; its key contains the hash of its content."""

    key: str
    body: bytes


@dataclass(frozen=True)
class Build:
    """A template whose local paths have become addresses of artifacts."""

    template: dict[str, Any]
    artifacts: tuple[Artifact, ...]


def build(template: dict[str, Any], root: Path, bucket: str) -> Build:
    """Package every function, layer and state machine of a SAM template found at ``root``.

    Raises:
        BuildError: a path does not exist, or a layer asks for a build method other than Python's.
    """
    packaged = deepcopy(template)
    artifacts: dict[str, Artifact] = {}

    def address(body: bytes, suffix: str) -> dict[str, str]:
        artifact = Artifact(f"{hashlib.sha256(body).hexdigest()}{suffix}", body)
        artifacts[artifact.key] = artifact
        return {"Bucket": bucket, "Key": artifact.key}

    function_defaults = (packaged.get("Globals") or {}).get("Function") or {}
    for name, resource in packaged["Resources"].items():
        properties = resource.get("Properties") or {}
        match resource["Type"]:
            case "AWS::Serverless::Function":
                uri = properties.get("CodeUri", function_defaults.get("CodeUri"))
                properties["CodeUri"] = address(_archive(_folder(root, uri, name), ""), ".zip")
            case "AWS::Serverless::LayerVersion":
                method = (resource.get("Metadata") or {}).get("BuildMethod", "")
                if method and not method.startswith("python"):
                    raise BuildError(f"{name}: BuildMethod {method} is not known here, only python3.x")
                # With a Python BuildMethod, SAM copies the folder into python/; without one, as it is.
                folder = _folder(root, properties.get("ContentUri"), name)
                properties["ContentUri"] = address(_archive(folder, "python/" if method else ""), ".zip")
            case "AWS::Serverless::StateMachine" if isinstance(properties.get("DefinitionUri"), str):
                path = root / properties["DefinitionUri"]
                if not path.is_file():
                    raise BuildError(f"{name}: there is no file {properties['DefinitionUri']}")
                properties["DefinitionUri"] = address(path.read_bytes(), path.suffix)
    return Build(packaged, tuple(artifacts.values()))


def _folder(root: Path, uri: Any, name: str) -> Path:
    if not isinstance(uri, str):
        raise BuildError(f"{name}: the path to its code must be a plain string, not {uri!r}")
    folder = root / uri
    if not folder.is_dir():
        raise BuildError(f"{name}: there is no folder {uri}")
    return folder


def _archive(folder: Path, prefix: str) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for path in sorted(folder.rglob("*")):
            if path.is_file() and not _SKIPPED.intersection(path.relative_to(folder).parts):
                entry = zipfile.ZipInfo(prefix + path.relative_to(folder).as_posix(), _EPOCH)
                entry.compress_type = zipfile.ZIP_DEFLATED
                entry.external_attr = 0o644 << 16
                archive.writestr(entry, path.read_bytes())
    return buffer.getvalue()
