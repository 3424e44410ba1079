"""What becomes of one contact in the rollback of an import: judged by values, path by path."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

from contacts.domain.contact import Contact, Mark, contact_from_record, contact_to_record, with_mark
from contacts.domain.contact_write import ContactWrite, Delete, Update
from contacts.domain.email_address import normalise_email
from contacts.domain.merging import problem_with_values
from contacts.domain.rollback import RollbackReason
from contacts.domain.rows import Outcome

#: A value that is not there. Not None, which a JSON value can be.
_ABSENT = object()
#: The paths of fields whose items are undone one by one, as `tags.<tag>`, `customFields.<name>`, `segments.<id>`.
_TAGS, _CUSTOM_FIELDS, _SEGMENTS = "tags", "customFields", "segments"


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
class Verdict:
    """What is to become of one contact, and why.

    `fields` names what was edited later and so stays, by path (`tags.vip`); `write` is None where nothing is to do.
    """

    outcome: Outcome
    fields: tuple[str, ...] = ()
    reason: RollbackReason | None = None
    write: ContactWrite | None = None

    @property
    def changes_email(self) -> bool:
        """Whether the contact stays and gets, or gives up, an e-mail."""
        if not isinstance(self.write, Update):
            return False
        before, after = (normalise_email(contact.email or "") for contact in (self.write.before, self.write.after))
        return before != after


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
    back, kept = _sorted_out(before, after, current, force=force, spare_email=spare_email)
    reason = RollbackReason.EDITED_LATER
    if spare_email and kept == ["email"]:
        reason = RollbackReason.EMAIL_TAKEN
    for path in _beyond_the_limits(current, before, back):
        del back[path]
        kept.append(path)
    write = _update(current, *_restored(current, before, back), mark, now) if back else None
    if kept:
        return Verdict(Outcome.KEPT, tuple(sorted(kept)), reason, write)
    if write is None:
        return Verdict(Outcome.UNCHANGED, reason=RollbackReason.NOTHING_LEFT)
    return Verdict(Outcome.RESTORED, write=write)


def _sorted_out(
    before: Contact, after: Contact, current: Contact, *, force: bool, spare_email: bool = False
) -> tuple[dict[str, Any], list[str]]:
    """The paths that go back, each with its old value, and those that stay because of what happened later."""
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
    return back, kept


def _beyond_the_limits(current: Contact, before: Contact, back: Mapping[str, Any]) -> set[str]:
    """Paths that can't go back together with what somebody put there later: the contact would be left with nothing, or
    break a limit that it keeps now."""
    staying: set[str] = set()
    broken_already = problem_with_values(current.values)
    while going := {path: value for path, value in back.items() if path not in staying}:
        values, _ = _restored(current, before, going)
        problem = problem_with_values(values)
        if not values:
            found = {path for path in going if not path.startswith(f"{_SEGMENTS}.")}
        elif problem is None or (broken_already is not None and problem.code == broken_already.code):
            break
        else:
            # What goes away makes room. A problem without a field is about the size of the whole.
            found = {
                path
                for path, value in going.items()
                if value is not _ABSENT and problem.field in (None, path.partition(".")[0])
            }
        if not found:
            break
        staying |= found
    return staying


def fold(earlier: Undo, later: Undo) -> Undo:
    """Two writes of one import to the same contact as one: how the first found it, how the last left it.

    What somebody edited between the two stays with the contact: the import found it so.
    """
    row = min(earlier.row, later.row)
    if earlier.before is None or later.before is None:
        return Undo(row, None, later.after)
    back, _ = _sorted_out(earlier.before, earlier.after, later.before, force=False)
    values, segments = _restored(later.before, earlier.before, back)
    return Undo(row, replace(later.before, values=values, segments=segments), later.after)


def undo_to_record(undo: Undo) -> dict[str, Any]:
    """An undo as plain JSON values."""
    before = None if undo.before is None else contact_to_record(undo.before)
    return {"row": undo.row, "before": before, "after": contact_to_record(undo.after)}


def undo_from_record(record: Mapping[str, Any]) -> Undo:
    """The inverse of `undo_to_record`."""
    before = record["before"]
    return Undo(
        record["row"], None if before is None else contact_from_record(before), contact_from_record(record["after"])
    )


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


def _restored(current: Contact, before: Contact, back: Mapping[str, Any]) -> tuple[dict[str, Any], tuple[str, ...]]:
    """Values and segments of the contact with these paths put back."""
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
    return values, tuple(segments)


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
