"""Guards of invariant 5: what is taken back takes nobody's later work along."""

from __future__ import annotations

from tests.soak.guards_model import Guard

#: What a statement's condition compares, and with what.
_WHERE = """, {"N": str(before.version)}, {"S": before.id}]


# The id is compared too: another contact of the same version may have taken the slot.
_WHERE = 'WHERE "pk" = ? AND "sk" = ? AND "version" = ? AND "id" = ?\'"""

LATER_EDITS_STAY = (
    Guard(
        5,
        "a write is of the version that was judged",
        "contacts/adapters/dynamodb/contact_statements.py",
        _WHERE,
        _WHERE.replace(', {"N": str(before.version)}', "").replace(' AND "version" = ?', ""),
        ("contract/test_contact_store.py::TestUpdating::test_only_the_version_it_was_decided_on",),
    ),
    Guard(
        5,
        "a write is of the contact that was judged, whoever has its e-mail by now",
        "contacts/adapters/dynamodb/contact_statements.py",
        _WHERE,
        _WHERE.replace(', {"S": before.id}', "").replace(' AND "id" = ?', ""),
        ("contract/test_contact_store.py::TestUpdating::test_not_another_contact_that_has_the_email_by_now",),
    ),
    Guard(
        5,
        "a young contact is deleted in the version that was judged",
        "contacts/adapters/dynamodb/contact_moves.py",
        '"version = :version AND id = :id AND attribute_not_exists(twins)"',
        '"(version = :version OR version > :version) AND id = :id AND attribute_not_exists(twins)"',
        ("contract/test_contact_store.py::TestDeleting::test_only_the_version_it_was_decided_on",),
    ),
    Guard(
        5,
        "a created contact that somebody edited stays",
        "contacts/domain/undoing.py",
        "edited = _differing(left, found)",
        "edited = ()",
        (
            "unit/domain/test_rollback.py::"
            "test_a_created_contact_that_somebody_edited_stays_and_only_the_segment_loses_it",
        ),
    ),
    Guard(
        5,
        "a field that somebody edited stays",
        "contacts/domain/undoing.py",
        "elif force or now_there == new:",
        "else:\n            back[path] = old\n        if False:",
        ("unit/domain/test_rollback.py::test_an_updated_contact_gets_back_what_nobody_edited_later",),
    ),
    Guard(
        5,
        "an e-mail that another contact has by now stays away",
        "contacts/domain/undoing.py",
        'if path == "email" and spare_email:',
        "if False:",
        ("unit/domain/test_rollback.py::test_an_email_that_another_contact_has_taken_stays_as_it_is",),
    ),
    Guard(
        5,
        "what several parts wrote is left to the end, where it is judged as one",
        "contacts/usecases/shared_contacts.py",
        "shared.update(asked.intersection(orjson.loads(body)))",
        "pass",
        ("unit/usecases/test_rollback_across_parts.py::test_what_two_parts_wrote_is_as_before_and_counts_once",),
    ),
    Guard(
        5,
        "the writes of several parts are folded in the order in which they happened",
        "contacts/usecases/left_contact_spool.py",
        "ORDER BY contact, version",
        "ORDER BY contact, version DESC",
        ("unit/usecases/test_rollback_across_parts.py::test_what_two_parts_wrote_is_as_before_and_counts_once",),
    ),
    Guard(
        5,
        "an e-mail that one yet to be undone has is waited for",
        "contacts/usecases/judge_left_contacts.py",
        "elif holder in waiting and not last:",
        "elif False:",
        (
            "unit/usecases/test_rollback_across_parts.py::test_emails_come_back_along_a_chain_in_whatever_order_the_rows_stood",
        ),
    ),
    Guard(
        5,
        "of two that want one e-mail back only one gets it, in the look as well",
        "contacts/usecases/judge_left_contacts.py",
        "given.add(email)",
        "pass",
        (
            "unit/usecases/test_rollback_across_parts.py::test_twins_that_both_want_their_email_back_the_earlier_row_gets_it",
        ),
    ),
    Guard(
        5,
        "a running import is not rolled back",
        "contacts/usecases/start_rollback.py",
        "if job.is_open:",
        "if False:",
        ("unit/usecases/test_start_rollback.py::test_not_while_the_import_runs",),
    ),
    Guard(
        5,
        "a running import is not rolled back, whoever was slow to read it",
        "contacts/adapters/dynamodb/rollback_runs.py",
        "allowed_from=(ImportStatus.COMPLETED, ImportStatus.FAILED),",
        "allowed_from=tuple(ImportStatus),",
        (
            "contract/test_job_store_rollbacks.py::TestBeginning::"
            "test_an_import_that_runs_or_never_was_is_not_rolled_back",
        ),
    ),
    Guard(
        5,
        "what is rolled back is not rolled back again",
        "contacts/usecases/start_rollback.py",
        "if job.status is ImportStatus.ROLLED_BACK:",
        "if False:",
        ("unit/usecases/test_start_rollback.py::test_not_twice",),
    ),
    Guard(
        5,
        "while a rollback runs no other first one begins",
        "contacts/adapters/dynamodb/rollback_runs.py",
        "requires={attributes.RUN: None}",
        "requires={}",
        ("contract/test_job_store_rollbacks.py::TestBeginning::test_while_one_runs_no_other_begins",),
    ),
    Guard(
        5,
        "while a rollback runs no next one begins",
        "contacts/adapters/dynamodb/rollback_runs.py",
        "{attributes.RUN: [rollback.run - 1], attributes.STATUS: _NOT_RUNNING}",
        "{attributes.RUN: [rollback.run - 1]}",
        ("contract/test_job_store_rollbacks.py::TestBeginning::test_while_one_runs_no_other_begins",),
    ),
    Guard(
        5,
        "a part of another run or pass does not count",
        "contacts/adapters/dynamodb/rollback_runs.py",
        "adds=rollback_counters(part.counts),\n            requires=_running(part.run, part.mode),",
        "adds=rollback_counters(part.counts),",
        ("contract/test_job_store_rollbacks.py::TestParts::test_a_part_of_another_run_or_pass_leaves_no_trace",),
    ),
    Guard(
        5,
        "after an import that broke off it waits until no worker can write",
        "contacts/usecases/prepare_rollback.py",
        "return max(0, round(left.total_seconds()))",
        "return 0",
        (
            "unit/usecases/test_rollback_after_broken_import.py::"
            "test_a_rollback_of_such_an_import_waits_until_no_worker_can_write",
        ),
    ),
    Guard(
        5,
        "with a part missing it is not called done",
        "contacts/usecases/finish_rollback.py",
        "if missing or broken_off or not is_whole(job, parts):",
        "if broken_off or not is_whole(job, parts):",
        (
            "unit/usecases/test_finish_rollback.py::TestPartThatFailsForGood::"
            "test_the_rollback_is_failed_the_import_goes_on_rolling_back",
        ),
    ),
    Guard(
        5,
        "with an undo log gone it is not called done",
        "contacts/usecases/finish_rollback.py",
        " or not is_whole(job, parts):",
        ":",
        ("unit/usecases/test_finish_rollback.py::test_where_undo_logs_have_expired_nothing_is_called_done",),
    ),
    Guard(
        5,
        "abort writes nothing where anything would be kept",
        "contacts/usecases/finish_rollback.py",
        "if rollback.on_conflict is OnConflict.ABORT and rollback.counts.kept:",
        "if False:",
        ("unit/usecases/test_finish_rollback.py::test_abort_changes_nothing_where_anything_would_be_kept",),
    ),
    Guard(
        5,
        "a mark that was there before proves no write",
        "contacts/adapters/dynamodb/contact_settling.py",
        "if write.mark is None or write.before.bears(write.mark) else",
        "if write.mark is None else",
        ("contract/test_contact_store.py::TestSettling::test_a_mark_that_was_there_before_proves_nothing",),
    ),
    Guard(
        5,
        "a clean-up deletes only what bears its tracking key",
        "contacts/usecases/delete_bulk_slice.py",
        "elif contact.external_source != job.tracking_key:",
        "elif False:",
        ("unit/usecases/test_bulk_delete.py::TestCandidates::test_one_of_another_job_is_never_touched",),
    ),
    Guard(
        5,
        "a clean-up does not meet a running create job",
        "contacts/usecases/start_bulk_delete.py",
        "if create_job is not None and create_job.is_open:",
        "if False:",
        ("unit/usecases/test_bulk_delete_rights.py::test_a_job_that_still_creates_is_not_cleaned_up",),
    ),
)
