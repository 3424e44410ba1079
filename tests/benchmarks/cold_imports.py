"""How long the import of each function's handler takes in a fresh process, beside `import boto3`.

    python -m tests.benchmarks.cold_imports [--runs 20]

Functions, their environments and their layers are template.yaml's. A function finds what Lambda would give it: its
folder, its layers, and of the installed libraries those that the layers' requirements.txt bring; importing any other
fails. Bytecode is at hand for all. Times are CPU time, the mean of many runs, each right after one of the baseline: a
machine that slows down for a while slows both, where the best of each may come from different whiles.

The budget (DESIGN.md, section 6) is for functions behind the HTTP API: somebody waits for these.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import fmean
from typing import Any, TypeAlias

from local.engine.runtime_modules import hidden_modules
from tests.benchmarks import cold_import_process
from tests.benchmarks.figures import Figure, run
from tests.unit.template.sam_template import ROOT, folder, functions, of_type, variables, written

#: How many times `import boto3` a function behind the HTTP API may take.
MOST_OF_BOTO3 = 2.2
#: What no function behind the HTTP API may load.
HEAVY = ("numpy", "openpyxl", "pandas", "phonenumbers")
BOTO3 = "import boto3"
BOTO3_WITH_CLIENT = "import boto3; boto3.client('dynamodb', region_name='eu-west-1')"
WITH_CLIENT = "boto3 with a client of DynamoDB"
_SITE_PACKAGES = sysconfig.get_paths()["purelib"]


@dataclass(frozen=True)
class Surroundings:
    """What a process finds: folders to import from, modules that are not there, environment variables."""

    folders: tuple[Path, ...]
    hidden: frozenset[str]
    environment: Mapping[str, str]


@dataclass(frozen=True)
class Import:
    """What one run took: CPU seconds, modules added, peak resident memory in MiB, the names of all modules loaded."""

    seconds: float
    added: int
    mb: float
    modules: frozenset[str]

    def loaded(self, names: Sequence[str]) -> list[str]:
        """Which of these modules, or parts of them, it loaded."""
        return sorted(each for each in self.modules if any(f"{each}.".startswith(f"{name}.") for name in names))


@dataclass(frozen=True)
class Function:
    """A function of the template."""

    name: str
    handler: str
    has_http_api: bool
    surroundings: Surroundings

    @property
    def code(self) -> str:
        return f"import {self.handler}"


#: What to run, and where.
Program: TypeAlias = tuple[str, Surroundings]
#: Its runs, and those of the baseline beside them.
Pair: TypeAlias = tuple[list[Import], list[Import]]


def template_functions() -> list[Function]:
    """Every function of template.yaml, those behind the HTTP API first."""
    template = written()
    layers = {
        name: ROOT / layer["ContentUri"] for name, layer in of_type(template, "AWS::Serverless::LayerVersion").items()
    }
    found = [_function(properties, layers, template["Parameters"]) for properties in functions(template).values()]
    return sorted(found, key=lambda each: (not each.has_http_api, each.name))


def import_cold(code: str, surroundings: Surroundings, bytecode: Path) -> Import:
    """Run the code in a fresh process.

    Raises:
        RuntimeError: it fails there, e.g. because it imports what its layers do not bring; with what it printed.
    """
    folders = ":".join([*map(str, surroundings.folders), _SITE_PACKAGES])
    # Isolated and without `site`: no variable, .pth file or working directory of the developer's has a say in it.
    command = [sys.executable, "-I", "-S", "-X", f"pycache_prefix={bytecode}", cold_import_process.__file__]
    done = subprocess.run(
        [*command, code, folders, ",".join(surroundings.hidden)],
        env=dict(surroundings.environment),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        raise RuntimeError(f"`{code}` failed:\n{done.stderr}")
    found = json.loads(done.stdout)
    return Import(found["seconds"], found["added"], found["mb"], frozenset(found["modules"]))


def beside(baseline: Program, programs: Mapping[str, Program], runs: int, bytecode: Path) -> dict[str, Pair]:
    """Run each so many times, and right before each time the baseline, so that both meet the same machine."""
    found: dict[str, Pair] = {name: ([], []) for name in programs}
    for program in (baseline, *programs.values()):
        import_cold(*program, bytecode)  # not counted: it leaves its bytecode
    for _ in range(runs):
        for name, program in programs.items():
            found[name][1].append(import_cold(*baseline, bytecode))
            found[name][0].append(import_cold(*program, bytecode))
    return found


def figures_of(
    subject: str, imports: Sequence[Import], boto3: Sequence[Import], *, waited_for: bool
) -> Iterator[Figure]:
    """`waited_for`: the budget of functions behind the HTTP API is for it."""

    def figure(name: str, values: Sequence[float], baselines: Sequence[float], at_most: float | None = None) -> Figure:
        return Figure(
            subject=f"cold import, {subject}",
            name=name,
            value=fmean(values),
            baseline=fmean(baselines),
            against="import boto3",
            at_most=at_most,
            of_ratio=True,
        )

    times = [[each.seconds * 1_000 for each in side] for side in (imports, boto3)]
    yield figure("CPU ms", *times, at_most=MOST_OF_BOTO3 if waited_for else None)
    yield figure("modules", [each.added for each in imports], [each.added for each in boto3])
    yield figure("peak resident MiB", [each.mb for each in imports], [each.mb for each in boto3])
    if waited_for:
        yield Figure(
            subject=f"cold import, {subject}",
            name="modules of pandas, openpyxl and the like",
            value=len(imports[0].loaded(HEAVY)),
            at_most=0,
        )


def measure(arguments: argparse.Namespace) -> Iterator[Figure]:
    found = template_functions()
    bare = Surroundings(found[0].surroundings.folders, found[0].surroundings.hidden, {})
    programs: dict[str, Program] = {WITH_CLIENT: (BOTO3_WITH_CLIENT, bare)}
    programs |= {each.name: (each.code, each.surroundings) for each in found}
    with tempfile.TemporaryDirectory() as bytecode:
        imports = beside((BOTO3, bare), programs, arguments.runs, Path(bytecode))
    yield from figures_of(WITH_CLIENT, *imports[WITH_CLIENT], waited_for=False)
    for each in found:
        yield from figures_of(each.name, *imports[each.name], waited_for=each.has_http_api)


def _function(properties: Mapping[str, Any], layers: Mapping[str, Path], parameters: Mapping[str, Any]) -> Function:
    code = ROOT / properties["CodeUri"]
    attached = [layers[layer["Ref"]] for layer in properties["Layers"]]
    name = folder(dict(properties))
    environment = {key: _text(value, parameters) for key, value in variables(dict(properties)).items()}
    # As the runtime sets them; by the last one Powertools tells Lambda from elsewhere.
    environment |= {
        "AWS_REGION": "eu-west-1",
        "AWS_DEFAULT_REGION": "eu-west-1",
        "AWS_LAMBDA_FUNCTION_NAME": name,
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(properties["MemorySize"]),
        "LAMBDA_TASK_ROOT": str(code),
    }
    return Function(
        name=name,
        handler=properties["Handler"].rpartition(".")[0],
        has_http_api=any(event["Type"] == "HttpApi" for event in properties.get("Events", {}).values()),
        surroundings=Surroundings((code, *attached), hidden_modules(code, attached), environment),
    )


def _text(value: Any, parameters: Mapping[str, Any]) -> str:
    """A variable's value: the default of the parameter that it refers to; of a resource, some name."""
    if isinstance(value, dict):
        name = str(next(iter(value.values())))
        return str(parameters.get(name, {}).get("Default", name))
    return str(value)


def _add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--runs", type=int, default=20, help="of each, in turn; their mean counts")


if __name__ == "__main__":
    sys.exit(run(__doc__, measure, _add_arguments))
