"""Schemathesis against the running stack: `python -m tests.soak.schemathesis_run --examples 25`.

Every operation of /openapi.json, with data that fits its schema and data that does not, by a tenant that has one of
everything: no 500, no status that is not documented, answers and headers as described, and nothing taken that the
schema forbids. A run with the same seed sends the same data.
"""

from __future__ import annotations

import argparse
import importlib.util
import json
import os
import subprocess
import sys
import tempfile
from collections import Counter
from pathlib import Path

from local.ephemeral import ephemeral_stack
from local.settings import ROOT, Settings
from local.stack import down
from tests.e2e.api_operations import all_operations
from tests.e2e.belongings import Belongings
from tests.e2e.minted_tokens import Mint
from tests.soak.schemathesis_hooks import ANSWERS, KNOWN

CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "negative_data_rejection",
    "missing_required_header",
    "use_after_free",
    "ignored_auth",
)
"""All that Schemathesis has but five. `positive_data_acceptance`: no schema tells a list's own cursors, a key that was
used before, or which mapping fits a file. `unsupported_method` and `allow_header_conformance`: API Gateway answers 404
to a method that a path has not. `ensure_resource_availability`: an import that was just made has no rollback yet.
`object_level_authorization`: tests/e2e/test_isolation.py tries more."""


def main() -> int:
    """Run it on a stack of its own; Schemathesis' own exit code."""
    arguments = _arguments()
    if importlib.util.find_spec("schemathesis") is None:
        sys.stderr.write("Schemathesis is missing: pip install -e '.[soak]'\n")
        return 2
    with tempfile.TemporaryDirectory(prefix="schemathesis-") as place:
        directory = Path(place) / "stack"
        stack = ephemeral_stack(directory, owner_pid=os.getpid())
        try:
            mint = Mint.of(stack, directory)
            tenant = Belongings.of_new_tenant(mint)
            token = tenant.api.client.headers["Authorization"]
            return _run(str(stack["apiUrl"]), token, tenant, arguments, Path(place))
        finally:
            down(Settings(port=0, directory=directory, template=ROOT / "template.yaml"))


def _run(url: str, token: str, tenant: Belongings, arguments: argparse.Namespace, place: Path) -> int:
    known = {kind: [id_] for kind, id_ in tenant.ids.items()} | {
        "contact": list(tenant.contact_ids),
        "uploads": [tenant.upload_url],
    }
    command = [
        *(str(Path(sys.executable).with_name("schemathesis")), "run", f"{url}/openapi.json", "--url", url),
        *("--header", f"Authorization: {token}", "--checks", ",".join(CHECKS)),
        *("--phases", "examples,coverage,fuzzing,stateful", "--max-examples", str(arguments.examples)),
        *("--seed", str(arguments.seed), "--continue-on-failure", "--suppress-health-check", "all"),
        *("--warnings", "off", "--no-color"),
    ]
    environment = {
        **os.environ,
        "NO_PROXY": "*",
        "PYTHONPATH": os.pathsep.join(str(ROOT / folder) for folder in ("layers/contacts/python", ".")),
        "SCHEMATHESIS_HOOKS": "tests.soak.schemathesis_hooks",
        KNOWN: json.dumps(known),
        ANSWERS: str(place / "answers"),
    }
    # In a folder of its own, because it leaves its database of examples behind.
    outcome = subprocess.run(command, cwd=place, env=environment, check=False)
    missed = _report((place / "answers").read_text("utf-8").splitlines())
    return outcome.returncode or missed


def _report(answers: list[str]) -> int:
    """Print what was answered how often; 1 where an operation never went well, because then little of it was tried."""
    statuses = Counter(answer.partition(" ")[0] for answer in answers)
    sys.stdout.write(", ".join(f"{status}: {count}" for status, count in sorted(statuses.items())) + "\n")
    succeeded = {answer.partition(" ")[2] for answer in answers if answer.startswith("2")}
    missed = {str(operation) for operation in all_operations()} - succeeded
    sys.stdout.write(f"Operations that went well at least once: {len(succeeded)}; never: {sorted(missed) or 'none'}\n")
    return 1 if missed else 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--examples", type=int, default=25, help="random requests an operation and phase")
    parser.add_argument("--seed", type=int, default=1)
    return parser.parse_args()


if __name__ == "__main__":
    sys.exit(main())
