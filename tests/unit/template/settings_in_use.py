"""Which settings a function's code reads, found in its source: over the parts of the wiring that it takes."""

from __future__ import annotations

import ast
from functools import cache
from pathlib import Path

from .sam_template import PACKAGE, ROOT

_SETTINGS = PACKAGE / "runtime" / "settings.py"
_WIRING = PACKAGE / "runtime" / "wiring.py"


@cache
def variable_of_setting() -> dict[str, str]:
    """The environment variable behind each property of `Settings`."""
    found = {}
    for name, function in _methods(_SETTINGS, "Settings").items():
        texts = [node.value for node in ast.walk(function) if isinstance(node, ast.Constant)]
        variables = [text for text in texts if isinstance(text, str) and text.isupper()]
        if variables:
            [found[name]] = variables
    return found


def variables_read_by(folder: str) -> set[str]:
    """The environment variables that functions/<folder> reads through `Settings`.

    Followed are names, from its own modules into functions and classes of `contacts.runtime`, directly or not; a part
    of the wiring (`wiring.jobs`) brings the settings that building it takes.
    """
    names = {name for tree in _code_of(folder) for name in _attributes(tree, of=("wiring", "settings"))}
    settings = names & set(variable_of_setting())
    for part in names & set(_settings_of_part()):
        settings |= _settings_of_part()[part]
    return {variable_of_setting()[name] for name in settings}


@cache
def _settings_of_part() -> dict[str, set[str]]:
    parts = _methods(_WIRING, "Wiring")
    taken = {name: _attributes(function) for name, function in parts.items() if not name.startswith("_")}

    def closure(name: str, seen: frozenset[str] = frozenset()) -> set[str]:
        found = taken[name] & set(variable_of_setting())
        for other in (taken[name] & set(taken)) - seen - {name}:
            found |= closure(other, seen | {name})
        return found

    return {name: closure(name) for name in taken}


def _code_of(folder: str) -> list[ast.AST]:
    """The folder's modules, and what they come to in `contacts.runtime`: functions, and of classes the methods that
    somebody names, beside private ones and properties.
    """
    waiting: list[tuple[Path, ast.AST]] = [
        (path, _module(path)) for path in sorted((ROOT / "functions" / folder).glob("*.py"))
    ]
    seen: list[ast.AST] = []
    while waiting:
        path, tree = waiting.pop()
        if tree in seen or path in (_SETTINGS, _WIRING):
            continue
        seen.append(tree)
        waiting += [found for name in sorted(_used(tree)) for found in _definition(path, name)]
    named = {node.attr for tree in seen for node in ast.walk(tree) if isinstance(node, ast.Attribute)}
    return [
        part
        for tree in seen
        for part in (tree.body if isinstance(tree, ast.ClassDef) else [tree])
        if not isinstance(part, ast.FunctionDef) or part in seen or part.name.startswith("_") or part.name in named
    ]


def _used(tree: ast.AST) -> set[str]:
    """Names, and attributes of names as `module.name`."""
    names = {node.id for node in ast.walk(tree) if isinstance(node, ast.Name)}
    dotted = {
        f"{node.value.id}.{node.attr}"
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name)
    }
    return names | dotted


def _definition(path: Path, name: str) -> list[tuple[Path, ast.AST]]:
    """Where a name of that module is defined: there, or in the module of `contacts.runtime` that it comes from."""
    name, _, member = name.partition(".")
    for node in _module(path).body:
        if isinstance(node, ast.FunctionDef | ast.ClassDef) and node.name == name:
            return [(path, node)]
        if isinstance(node, ast.Assign) and any(isinstance(t, ast.Name) and t.id == name for t in node.targets):
            return [(path, node)]
        if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("contacts.runtime"):
            for alias in node.names:
                if (alias.asname or alias.name) == name:
                    whole = _path(f"{node.module}.{alias.name}")
                    if whole.exists():
                        return _definition(whole, member) if member else []
                    return _definition(_path(node.module or ""), alias.name)
    return []


@cache
def _module(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


def _path(module: str) -> Path:
    return PACKAGE.parent / Path(*module.split(".")).with_suffix(".py")


def _attributes(tree: ast.AST, of: tuple[str, ...] = ("self", "wiring", "settings")) -> set[str]:
    return {
        node.attr
        for node in ast.walk(tree)
        if isinstance(node, ast.Attribute) and _last_name(node.value).lstrip("_") in of
    }


def _last_name(node: ast.AST) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    if isinstance(node, ast.Name):
        return node.id
    return ""


def _methods(path: Path, class_name: str) -> dict[str, ast.FunctionDef]:
    [found] = [node for node in _module(path).body if isinstance(node, ast.ClassDef) and node.name == class_name]
    return {node.name: node for node in found.body if isinstance(node, ast.FunctionDef)}
