"""Undoing an import: what is asked for, where it stands, and what becomes of one contact."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, fields, replace
from enum import StrEnum
from typing import Any

from contacts.domain.contact import Contact, Mark, with_mark
from contacts.domain.contact_write import ContactWrite, Delete, Update
from contacts.domain.rows import Outcome

#: A value that is not there. Not None, which a JSON value can be.
_ABSENT = object()
#: The paths of fields whose items are undone one by one, as `tags.<tag>`, `customFields.<name>`, `segments.<id>`.
_TAGS, _CUSTOM_FIELDS, _SEGMENTS = "tags", "customFields", "segments"


class OnConflict(StrEnum):
    """What to do with what was edited after the import."""

    KEEP = "keep"
    FORCE = "force"
    ABORT = "abort"


class RollbackStatus(StrEnum):
    """Where a rollback stands. `failed` can be taken up again by a new request."""

    RUNNING = "running"
    COMPLETED = "completed"
    ABORTED = "aborted"
    FAILED = "failed"


class RollbackMode(StrEnum):
    """Whether a pass over the undo logs only looks, or writes."""

    LOOK = "look"
    WRITE = "write"


class RollbackReason(StrEnum):
    """Why a contact, or some of its fields, did not go back."""

    EDITED_LATER = "EDITED_LATER"
    EMAIL_TAKEN = "EMAIL_TAKEN"
    GONE = "GONE"
    NOTHING_LEFT = "NOTHING_LEFT"


@dataclass(frozen=True, slots=True, kw_only=True)
class RollbackCounts:
    """Contacts by what became of them. `errors` are those that could not be undone for a fault of ours."""

    deleted: int = 0
    restored: int = 0
    kept: int = 0
    unchanged: int = 0
    errors: int = 0

    @property
    def processed(self) -> int:
        return self.deleted + self.restored + self.kept + self.unchanged

    def __add__(self, other: RollbackCounts) -> RollbackCounts:
        return RollbackCounts(**{f.name: getattr(self, f.name) + getattr(other, f.name) for f in fields(self)})


@dataclass(frozen=True, slots=True, kw_only=True)
class Rollback:
    """The latest rollback of an import.

    Attributes:
        run: counts the rollbacks of this import, dry ones included, from 1. A failed one that goes on keeps its run.
        attempt: counts the executions of this run, from 1.
        request: names the request that began this attempt, so that the same request again is recognised.
        mode: which pass the counts are of.
    """

    run: int
    attempt: int
    on_conflict: OnConflict
    dry_run: bool
    requested_by: str
    request: str
    started_at: str
    status: RollbackStatus = RollbackStatus.RUNNING
    mode: RollbackMode = RollbackMode.LOOK
    counts: RollbackCounts = field(default_factory=RollbackCounts)
    ended_at: str | None = None

    @property
    def starts_with(self) -> RollbackMode:
        """A dry run only looks; one that may abort looks first; any other writes at once."""
        looks = self.dry_run or self.on_conflict is OnConflict.ABORT
        return RollbackMode.LOOK if looks else RollbackMode.WRITE

    @property
    def force(self) -> bool:
        return self.on_conflict is OnConflict.FORCE


@dataclass(frozen=True, slots=True)
class Undo:
    """What an import did to one contact: how it found it (None: it made it), how it left it, in which row."""

    row: int
    before: Contact | None
    after: Contact

    @property
    def contact_id(self) -> str:
        return self.after.id


@dataclass(frozen=True, slots=True)
class RollbackPart:
    """A finished part of one pass of a rollback. Written once, together with the rollback's counts."""

    run: int
    mode: RollbackMode
    part: int
    counts: RollbackCounts


@dataclass(frozen=True, slots=True)
class Verdict:
    """What is to become of one contact, and why.

    `fields` names what was edited later and so stays, by path (`tags.vip`); `write` is None where nothing is to do.
    """

    outcome: Outcome
    fields: tuple[str, ...] = ()
    reason: RollbackReason | None = None
    write: ContactWrite | None = None


def judge(
    undo: Undo, current: Contact | None, *, mark: Mark, now: str, force: bool, spare_email: bool = False
) -> Verdict:
    """Decide by values, not by versions, what goes back.

    Args:
        undo: what the import did.
        current: the contact as it is, None where it is gone.
        mark: under which the write can be recognised.
        now: becomes `updated_at` of a restored contact.
        force: whether what was edited later goes back as well.
        spare_email: leave the e-mail as it is, because another contact has taken the old one.
    """
    if current is None:
        return Verdict(Outcome.UNCHANGED, reason=RollbackReason.GONE)
    if undo.before is None:
        return _judge_created(undo, current, mark=mark, now=now, force=force)
    return _judge_updated(undo.before, undo.after, current, mark=mark, now=now, force=force, spare_email=spare_email)


def _judge_created(undo: Undo, current: Contact, *, mark: Mark, now: str, force: bool) -> Verdict:
    left, found = paths(undo.after), paths(current)
    edited = _differing(left, found)
    if not edited or force:
        return Verdict(Outcome.DELETED, write=Delete(current, mark))
    # The contact stays as it is now; only the segment loses it.
    segments = tuple(segment for segment in current.segments if segment not in undo.after.segments)
    write = None
    if segments != current.segments:
        write = _update(current, dict(current.values), segments, mark, now)
    return Verdict(Outcome.KEPT, edited, RollbackReason.EDITED_LATER, write)


def _judge_updated(
    before: Contact, after: Contact, current: Contact, *, mark: Mark, now: str, force: bool, spare_email: bool
) -> Verdict:
    found_by_import, left, found = paths(before), paths(after), paths(current)
    changed = _differing(found_by_import, left)
    if force:
        changed = tuple(sorted({*changed, *_differing(_without_segments(found_by_import), _without_segments(found))}))
    back: dict[str, Any] = {}
    kept: list[str] = []
    for path in changed:
        old, new, now_there = (values.get(path, _ABSENT) for values in (found_by_import, left, found))
        if now_there == old:
            continue
        if path == "email" and spare_email:
            kept.append(path)
        elif force or now_there == new:
            back[path] = old
        else:
            kept.append(path)
    reason = None
    if kept:
        reason = RollbackReason.EMAIL_TAKEN if spare_email and kept == ["email"] else RollbackReason.EDITED_LATER
    write = _restore(current, before, back, mark, now) if back else None
    if kept:
        return Verdict(Outcome.KEPT, tuple(kept), reason, write)
    if write is None:
        return Verdict(Outcome.UNCHANGED, reason=RollbackReason.NOTHING_LEFT)
    return Verdict(Outcome.RESTORED, write=write)


def fold(earlier: Undo, later: Undo) -> Undo:
    """Two writes of one import to the same contact as one: how the first found it, how the last left it.

    What somebody edited between the two stays with the contact: the import found it so.
    """
    row = min(earlier.row, later.row)
    if earlier.before is None or later.before is None:
        return Undo(row, None, later.after)
    back = _judge_updated(
        earlier.before,
        earlier.after,
        later.before,
        mark=later.after.created_by,
        now=later.after.updated_at,
        force=False,
        spare_email=False,
    )
    return Undo(row, back.write.after if isinstance(back.write, Update) else later.before, later.after)


def paths(contact: Contact) -> dict[str, Any]:
    """A contact's values by the paths at which they are undone: tags, custom fields and segments one by one."""
    flat: dict[str, Any] = {}
    for name, value in contact.values.items():
        if name == _TAGS and isinstance(value, list):
            flat.update((f"{_TAGS}.{tag}", True) for tag in value)
        elif name == _CUSTOM_FIELDS and isinstance(value, dict):
            flat.update((f"{_CUSTOM_FIELDS}.{key}", each) for key, each in value.items())
        else:
            flat[name] = value
    flat.update((f"{_SEGMENTS}.{segment}", True) for segment in contact.segments)
    return flat


def _without_segments(flat: Mapping[str, Any]) -> dict[str, Any]:
    """What a segment holds stands in its lists, which other imports keep: force leaves their segments alone."""
    return {path: value for path, value in flat.items() if not path.startswith(f"{_SEGMENTS}.")}


def _differing(left: Mapping[str, Any], right: Mapping[str, Any]) -> tuple[str, ...]:
    return tuple(
        path for path in sorted(left.keys() | right.keys()) if left.get(path, _ABSENT) != right.get(path, _ABSENT)
    )


def _restore(current: Contact, before: Contact, back: Mapping[str, Any], mark: Mark, now: str) -> Update:
    values: dict[str, Any] = dict(current.values)
    custom: dict[str, Any] = dict(values.pop(_CUSTOM_FIELDS, {}))
    tags: list[str] = list(values.pop(_TAGS, []))
    segments = list(current.segments)
    for path, value in back.items():
        name, _, item = path.partition(".")
        if name == _TAGS:
            _put_item(tags, item, present=value is not _ABSENT)
        elif name == _SEGMENTS:
            _put_item(segments, item, present=value is not _ABSENT)
        else:
            target, key = (custom, item) if name == _CUSTOM_FIELDS else (values, path)
            if value is _ABSENT:
                target.pop(key, None)
            else:
                target[key] = value
    if custom:
        values[_CUSTOM_FIELDS] = custom
    if tags:
        # Where all of them are the old ones again, they come back in the old order.
        old: Any = before.values.get(_TAGS, [])
        values[_TAGS] = list(old) if sorted(tags) == sorted(old) else tags
    return _update(current, values, tuple(segments), mark, now)


def _put_item(items: list[str], item: str, *, present: bool) -> None:
    if present and item not in items:
        items.append(item)
    elif not present and item in items:
        items.remove(item)


def _update(current: Contact, values: dict[str, Any], segments: tuple[str, ...], mark: Mark, now: str) -> Update:
    after = replace(
        current,
        values=values,
        segments=segments,
        version=current.version + 1,
        updated_at=now,
        written_by=with_mark(current.written_by, mark),
    )
    return Update(current, after, mark)
