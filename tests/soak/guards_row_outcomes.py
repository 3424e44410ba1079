"""Guards of invariant 7: every row has an outcome, and one in error says where and why."""

from __future__ import annotations

from tests.soak.guards_model import Guard

EVERY_ROW_HAS_AN_OUTCOME = (
    Guard(
        7,
        "a row without an outcome ends nothing",
        "contacts/usecases/import_results.py",
        '                if not end:\n                    raise LookupError(f"row {row} has no outcome")\n',
        "",
        (
            "unit/usecases/test_import_results.py::test_a_row_without_an_outcome_is_an_error_of_ours",
            "unit/usecases/test_finish_import.py::test_a_row_without_an_outcome_keeps_the_job_open",
        ),
    ),
    Guard(
        7,
        "a part without outcomes ends nothing",
        "contacts/usecases/import_parts.py",
        '        raise FileNotFoundError(f"part {part} of job {job.id} has no outcomes")\n',
        "        return [], []\n",
        ("unit/usecases/test_import_results.py::test_a_part_without_outcomes_keeps_the_job_open",),
    ),
    Guard(
        7,
        "a manifest that is gone ends nothing",
        "contacts/usecases/finish_import.py",
        '            raise FileNotFoundError(f"job {job.id} is staged in {staged.parts} parts and has no manifest")\n',
        "            return []\n",
        ("unit/usecases/test_finish_import.py::test_a_manifest_that_is_gone_keeps_the_job_open",),
    ),
    Guard(
        7,
        "rows of a part that never began are lost, with a reason",
        "contacts/usecases/unit_of_work.py",
        "lost = set(rows).difference(*(plan.rows() for plan in rounds))",
        "lost: set[int] = set()",
        ("unit/usecases/test_unit_of_work.py::TestReconcile::test_without_a_plan_every_row_is_lost",),
    ),
    Guard(
        7,
        "parts without a record are accounted for",
        "contacts/usecases/finish_import.py",
        "        self._reconcile_all(job, [part for part in parts if part not in done], worker_life)\n",
        "",
        (
            "unit/usecases/test_finish_import.py::TestPartsThatNeverEnded::"
            "test_one_that_never_began_is_lost_and_the_others_count",
        ),
    ),
    Guard(
        7,
        "rows that staging rejected have an outcome",
        "contacts/usecases/import_results.py",
        '                outcomes.set(error.row, Outcome.ERROR.value, "", error.code)\n',
        "",
        ("unit/usecases/test_import_results.py::test_every_row_of_a_long_file_has_its_line",),
    ),
    Guard(
        7,
        "rows in error have an outcome",
        "contacts/domain/plan.py",
        '    outcomes.extend(RowOutcome(error.row, Outcome.ERROR, "", error.code) for error in plan.errors)\n',
        "",
        ("unit/domain/test_plan.py::test_the_latest_mention_of_a_row_holds",),
    ),
    Guard(
        7,
        "an error names its column",
        "contacts/domain/row_reading.py",
        "return RowError(row, names[fault.target], shown,",
        "return RowError(row, None, shown,",
        ("unit/domain/test_row_reading.py::test_an_email_is_checked_unless_the_options_say_not",),
    ),
    Guard(
        7,
        "a row of another width than the header is an error",
        "contacts/domain/row_reading.py",
        "if len(cells) != expected:",
        "if len(cells) < expected:",
        ("unit/domain/test_row_reading.py::test_a_row_of_another_width_than_the_header_is_ragged",),
    ),
    Guard(
        7,
        "an e-mail that is none is an error",
        "contacts/domain/row_reading.py",
        "if must_be_valid and not is_email(email):",
        "if False:",
        ("unit/domain/test_row_reading.py::test_an_email_is_checked_unless_the_options_say_not",),
    ),
    Guard(
        7,
        "a list of a clean-up has every contact",
        "contacts/usecases/finish_bulk_job.py",
        '                raise FileNotFoundError(f"slice {slice_} of job {job.id} has left no outcomes")\n'
        "            items += outcomes\n",
        "                continue\n            items += outcomes\n",
        ("unit/usecases/test_give_up_bulk_jobs.py::TestJobsThatCanNotBeClosed::test_a_clean_up_whose_lists_are_gone",),
    ),
    Guard(
        7,
        "an import may move contacts whose e-mail changes",
        "template.yaml",
        "            - Sid: MoveContacts\n              Effect: Allow\n"
        "              Action:\n                - dynamodb:DeleteItem\n",
        "            - Sid: MoveContacts\n              Effect: Allow\n              Action:\n",
        ("contract/test_function_permissions.py::test_every_function_may_do_what_it_does",),
    ),
    Guard(
        7,
        "a part that is given up is left alone until its workers have ended",
        "statemachines/import.asl.yaml",
        "              Next: LetWorkerEnd\n",
        "              Next: PartNotFinished\n",
        (
            "unit/template/test_import_state_machine.py::"
            "test_a_part_that_is_given_up_is_left_alone_until_its_workers_have_ended",
        ),
    ),
)
