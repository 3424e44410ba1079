"""Runs some code in a process that has imported next to nothing before, and says what that took.

    python -I -S cold_import_process.py CODE FOLDER:FOLDER... MODULE,MODULE...

Imports come from the folders alone, and the modules named last are not there. Prints JSON: CPU seconds, how many
modules that added, all that are there, peak resident memory in MiB. Until the clock stops it imports nothing of its
own, since the code would find that for free.
"""

import sys
import time


class _Hidden:
    """Refuses modules that the developer's environment has and a deployed function has not."""

    def __init__(self, names: frozenset[str]) -> None:
        self._names = names

    def find_spec(self, fullname: str, _path: object = None, _target: object = None) -> None:
        if fullname.partition(".")[0] in self._names:
            raise ModuleNotFoundError(f"No module named {fullname!r}", name=fullname)


def main(code: str, folders: str, hidden: str) -> None:
    own = sys.path.copy()
    sys.path[:0] = folders.split(":")
    sys.meta_path.insert(0, _Hidden(frozenset(hidden.split(","))))  # type: ignore[arg-type]
    before = len(sys.modules)
    start = time.process_time()
    exec(code, {})
    seconds = time.process_time() - start
    modules = sorted(sys.modules)

    import json
    from pathlib import Path

    sys.meta_path.pop(0)
    sys.path[:] = [str(Path(__file__).parents[2]), *own]
    from tests.benchmarks.own_process import peak_megabytes

    print(json.dumps({"seconds": seconds, "added": len(modules) - before, "modules": modules, "mb": peak_megabytes()}))


if __name__ == "__main__":
    main(*sys.argv[1:])
