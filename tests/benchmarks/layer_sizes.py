"""How large layers and functions are once unzipped, after a real `sam build`.

    python -m tests.benchmarks.layer_sizes [--sam sam]

AWS takes 250 MB for a function and all of its layers together ("Deployment package size" in the Lambda quotas). `sam
build` needs aws-sam-cli, whose dependencies can't stand beside ours, hence in an environment of its own (`make bench`
makes one), and the Python that the functions run on. Where either is missing, there are no figures.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

from samtranslator.yaml_helper import yaml_parse

from tests.benchmarks.figures import Figure, LeftOut, run
from tests.unit.template.sam_template import ROOT, functions, of_type, written

#: Unzipped, a function with all of its layers: 250 MB in the Lambda quotas, whose MB are 1,024 KB of 1,024 bytes.
MOST_BYTES = 250 * 1_024 * 1_024
_MIB = 1_024 * 1_024


def build(sam: str, folder: Path) -> dict[str, Path]:
    """Run `sam build`; returns the folder of each function and layer, by logical id.

    Raises:
        LeftOut: there is no sam, or not the Python that the functions run on.
        RuntimeError: it fails; with its last lines.
    """
    command = _command(sam)
    _check_runtime()
    done = subprocess.run(
        [command, "build", "--template", str(ROOT / "template.yaml"), "--build-dir", str(folder / "build")],
        cwd=folder,  # it leaves its notes where it is run
        env={**os.environ, "SAM_CLI_TELEMETRY": "0"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError("sam build failed:\n" + "\n".join(done.stderr.splitlines()[-15:]))
    return built_folders(folder / "build")


def built_folders(folder: Path) -> dict[str, Path]:
    """The folder of each function and layer that a build's own template.yaml names."""
    resources = yaml_parse((folder / "template.yaml").read_text())["Resources"]
    found = {}
    for name, resource in resources.items():
        uri = resource["Properties"].get("CodeUri", resource["Properties"].get("ContentUri"))
        if isinstance(uri, str):
            found[name] = folder / uri
    return found


def unzipped_bytes(folder: Path) -> int:
    """What the files of a folder take together."""
    return sum(path.stat().st_size for path in folder.rglob("*") if path.is_file())


def figures_of(sizes: Mapping[str, int], layers_of: Mapping[str, list[str]], layers: list[str]) -> Iterator[Figure]:
    """Each layer alone, then each set of layers with the largest function that carries it."""
    for name in layers:
        yield Figure(subject="unzipped after sam build", name=f"{name}, MiB", value=sizes[name] / _MIB)
    for attached in sorted({tuple(each) for each in layers_of.values()}):
        carriers = [name for name, each in layers_of.items() if tuple(each) == attached]
        largest = max(carriers, key=sizes.__getitem__)
        yield Figure(
            subject="unzipped after sam build",
            name=f"{largest} + {' + '.join(attached)} (largest of {len(carriers)}), MiB",
            value=(sizes[largest] + sum(sizes[name] for name in attached)) / _MIB,
            at_most=MOST_BYTES / _MIB,
        )


def measure(arguments: argparse.Namespace) -> Iterator[Figure]:
    template = written()
    layers = list(of_type(template, "AWS::Serverless::LayerVersion"))
    layers_of = {name: [layer["Ref"] for layer in function["Layers"]] for name, function in functions(template).items()}
    with tempfile.TemporaryDirectory() as folder:
        sizes = {name: unzipped_bytes(path) for name, path in build(arguments.sam, Path(folder)).items()}
    missing = {*layers, *layers_of} - set(sizes)
    if missing:
        raise RuntimeError(f"sam build made nothing of {', '.join(sorted(missing))}")
    yield from figures_of(sizes, layers_of, layers)


def _command(sam: str) -> str:
    command = shutil.which(sam)
    if command is None:
        raise LeftOut(f"there is no {sam} to run `sam build` with (pip install aws-sam-cli, or --sam, or SAM=)")
    return str(Path(command).absolute())


def _check_runtime() -> None:
    runtime = str(written()["Globals"]["Function"]["Runtime"])
    command = shutil.which(runtime)
    # A shim of a version manager is there for versions that are not.
    if command is None or subprocess.run([command, "--version"], capture_output=True, check=False).returncode:
        raise LeftOut(f"there is no {runtime} on PATH, which `sam build` needs")


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    own = ROOT / ".venv" / "sam" / "bin" / "sam"
    default = os.environ.get("SAM") or (str(own) if own.exists() else "sam")
    parser.add_argument("--sam", default=default, help=f"the command (SAM in the environment; {default})")


if __name__ == "__main__":
    sys.exit(run(__doc__, measure, _add_arguments))
