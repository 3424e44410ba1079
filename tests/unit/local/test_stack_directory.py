"""Whose folder it is: a stack takes none that is somebody else's, and removes nothing that it did not write."""

from __future__ import annotations

from pathlib import Path

import pytest

from local.settings import Settings
from local.stack import clean, with_demo
from local.stack_directory import DEMO_SAMPLE, ForeignDirectoryError, claim, is_claimed

OWN = ("engine.lock", "engine.log", "issuer.pem", "shared.lock", "stack.json", "stack.partial", DEMO_SAMPLE)
OWN_FOLDERS = ("objects", "state", "unpacked")


def _settings(directory: Path) -> Settings:
    return Settings(port=1, directory=directory, template=directory / "none.yaml")


def _stopped_stack(directory: Path) -> Path:
    claim(directory)
    for name in OWN:
        (directory / name).touch()
    for name in OWN_FOLDERS:
        (directory / name / "below").mkdir(parents=True)
        (directory / name / "below" / "file").touch()
    return directory


def _names(directory: Path) -> set[str]:
    return {path.name for path in directory.iterdir()}


def test_a_new_folder_an_empty_one_and_a_stacks_own_are_claimed(tmp_path: Path) -> None:
    claim(tmp_path / "a" / "new")
    (tmp_path / "empty").mkdir()
    claim(tmp_path / "empty")
    stack = _stopped_stack(tmp_path / "stack")
    (stack / "put there later.txt").touch()
    claim(stack)
    assert all(is_claimed(tmp_path / name) for name in ("a/new", "empty", "stack"))


@pytest.mark.parametrize("name", ["demo", "cache", "shared.lock"])
def test_a_folder_where_only_the_demo_or_the_tests_were_is_claimed(tmp_path: Path, name: str) -> None:
    (tmp_path / name).mkdir()
    claim(tmp_path)
    assert is_claimed(tmp_path)


@pytest.mark.parametrize("name", ["notes.txt", "state", "objects", "stack.json", DEMO_SAMPLE])
def test_a_folder_of_somebody_elses_is_refused_and_stays_as_it_was(tmp_path: Path, name: str) -> None:
    (tmp_path / name).touch()
    with pytest.raises(ForeignDirectoryError, match=f"{tmp_path} holds .* \\({name}\\)"):
        claim(tmp_path)
    assert not clean(_settings(tmp_path))
    assert _names(tmp_path) == {name}


def test_many_things_of_somebody_elses_are_not_all_told(tmp_path: Path) -> None:
    for name in "edcba":
        (tmp_path / name).touch()
    with pytest.raises(ForeignDirectoryError, match=r"\(a, b, c, \.\.\.\)"):
        claim(tmp_path)


def test_a_file_is_no_folder(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ForeignDirectoryError, match="can't hold a local stack: File exists"):
        claim(tmp_path / "file")
    assert not clean(_settings(tmp_path / "file"))


def test_clean_removes_all_that_a_stack_writes_and_the_folder(tmp_path: Path) -> None:
    stack = _stopped_stack(tmp_path / "stack")
    assert clean(_settings(stack))
    assert not stack.exists()
    assert not clean(_settings(stack))


def test_clean_keeps_what_others_put_there(tmp_path: Path) -> None:
    stack = _stopped_stack(tmp_path / "stack")
    (stack / "notes.txt").write_text("mine")
    (stack / "photos").mkdir()
    assert clean(_settings(stack))
    assert _names(stack) == {"notes.txt", "photos"}


def test_clean_follows_no_link_out_of_the_folder(tmp_path: Path) -> None:
    stack = _stopped_stack(tmp_path / "stack")
    elsewhere = tmp_path / "elsewhere"
    (stack / "objects").rename(elsewhere)
    (stack / "objects").symlink_to(elsewhere)
    assert clean(_settings(stack))
    assert not stack.exists()
    assert _names(elsewhere) == {"below"}


def test_clean_takes_the_demo_too_also_where_nothing_else_ran(tmp_path: Path) -> None:
    settings = _settings(tmp_path / "stack")
    _stopped_stack(settings.demo_directory)
    assert clean(settings)
    assert not settings.directory.exists()


def test_a_folder_demo_of_somebody_elses_stays(tmp_path: Path) -> None:
    settings = _settings(_stopped_stack(tmp_path / "stack"))
    settings.demo_directory.mkdir()
    assert clean(settings)
    assert _names(settings.directory) == {"demo"}


def test_the_demos_stack_goes_first(tmp_path: Path) -> None:
    settings = _settings(tmp_path)
    assert [stack.directory for stack in with_demo(settings)] == [tmp_path]
    settings.demo_directory.mkdir()
    assert [stack.directory for stack in with_demo(settings)] == [tmp_path / "demo", tmp_path]
