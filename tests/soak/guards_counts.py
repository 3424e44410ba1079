"""Guards of invariant 3: what is counted is what was written, once."""

from __future__ import annotations

from tests.soak.guards_model import Guard

COUNTS_ARE_WHAT_WAS_WRITTEN = (
    Guard(
        3,
        "a part's record is put once, and counts with it",
        "contacts/adapters/dynamodb/job_table.py",
        '"ConditionExpression": UNUSED,',
        '"ConditionExpression": f"{UNUSED} OR {UNEXPIRED}",',
        ("contract/test_job_store.py::TestParts::test_each_part_counts_once_however_often_it_is_recorded",),
    ),
    Guard(
        3,
        "a part counts only while the import is open",
        "contacts/adapters/dynamodb/job_store.py",
        "allowed_from=(ImportStatus.PROCESSING,), adds=counters(part.counts)",
        "allowed_from=tuple(ImportStatus), adds=counters(part.counts)",
        ("contract/test_job_store.py::TestParts::test_a_part_of_a_job_that_ended_leaves_no_trace",),
    ),
    Guard(
        3,
        "a slice counts only while the job is open",
        "contacts/adapters/dynamodb/bulk_job_store.py",
        "allowed_from=OPEN_BULK_STATUSES, adds={**bulk_counters(record.counts), SLICES_DONE: 1}",
        "allowed_from=tuple(BulkStatus), adds={**bulk_counters(record.counts), SLICES_DONE: 1}",
        ("contract/test_bulk_job_store.py::TestSlices::test_a_slice_of_a_job_that_ended_leaves_no_trace",),
    ),
    Guard(
        3,
        "rows in error are among the skipped",
        "contacts/usecases/import_parts.py",
        "skipped=found.count(Outcome.SKIPPED) + errors,",
        "skipped=found.count(Outcome.SKIPPED),",
        (
            "unit/usecases/test_finish_import.py::TestPartsThatNeverEnded::test_one_that_never_began_is_lost_and_the_others_count",
        ),
    ),
    Guard(
        3,
        "outcomes are stored before the part counts as done",
        "contacts/usecases/import_parts.py",
        "        self._files.put(part_outcome_key(job.tenant, job.id, part), orjson.dumps(body))",
        "        counts = count_outcomes(settled.outcomes)\n"
        "        self._jobs.record_part(job.id, PartRecord(part, counts, reconciled=reconciled), self._clock())\n"
        "        self._files.put(part_outcome_key(job.tenant, job.id, part), orjson.dumps(body))",
        ("unit/usecases/test_import_crashes.py::test_one_crash_at_any_call",),
    ),
    Guard(
        3,
        "the first list of a slice stands",
        "contacts/usecases/bulk_slices.py",
        "if files.put_if_absent(bulk_outcomes_key(job.tenant, job.id, slice_), body):",
        "files.put(bulk_outcomes_key(job.tenant, job.id, slice_), body)\n    if True:",
        ("unit/usecases/test_bulk_races.py::test_a_slow_worker_tells_clients_nothing_else_than_what_was_counted",),
    ),
    Guard(
        3,
        "who comes to a slice that has its list takes that up",
        "contacts/usecases/end_bulk_slice.py",
        "listed = load_list(self._files, job, slice_)",
        "listed = None",
        ("unit/usecases/test_close_bulk_slices.py::test_a_worker_that_comes_after_a_consumer_which_broke_off",),
    ),
    Guard(
        3,
        "of a row the latest round counts",
        "contacts/domain/plan.py",
        " if latest[planned.outcomes[0].row] == number",
        "",
        ("unit/domain/test_plan.py::test_the_latest_mention_of_a_row_holds",),
    ),
    Guard(
        3,
        "an update that changes nothing writes nothing",
        "contacts/domain/deciding.py",
        "if draft.values == contact.values and not joins:",
        "if False:",
        ("unit/domain/test_deciding.py::TestUpdate::test_an_update_that_changes_nothing_counts_and_writes_nothing",),
    ),
    Guard(
        3,
        "of a part that died, what it wrote counts",
        "contacts/usecases/unit_of_work.py",
        "if settlement is not Settlement.DONE:",
        "if True:",
        ("unit/usecases/test_unit_of_work.py::TestReconcile::test_with_a_plan_what_it_wrote_counts",),
    ),
    Guard(
        3,
        "of a part that died, what it did not write does not count",
        "contacts/usecases/unit_of_work.py",
        "if settlement is not Settlement.DONE:",
        "if settlement is None:",
        (
            "unit/usecases/test_finish_import.py::TestPartsThatNeverEnded::test_of_one_that_died_in_the_middle_what_it_wrote_counts",
        ),
    ),
    Guard(
        3,
        "what somebody planned to delete and is gone counts as deleted",
        "contacts/adapters/dynamodb/contact_settling.py",
        "if stored is None:\n        return Settlement.DONE\n",
        "if stored is None:\n        return Settlement.OVERTAKEN\n",
        ("contract/test_contact_store_races.py::TestLostAnswers::test_all_was_written",),
    ),
    Guard(
        3,
        "nobody begins to write for a slice that is being closed",
        "contacts/usecases/unit_of_work.py",
        "                if seal is not None:\n                    raise UnitSealedError\n",
        "",
        (
            "unit/usecases/test_close_bulk_slices.py::"
            "test_a_worker_that_looked_before_the_consumer_came_and_plans_after_it_writes_nothing",
        ),
    ),
    Guard(
        3,
        "who closes a slice waits for a worker that began before",
        "contacts/usecases/unit_of_work.py",
        "if unwritten and datetime.fromisoformat(now) < datetime.fromisoformat(seal.at) + worker_life:",
        "if False:",
        # The race beside it meets this order by chance only.
        (
            "unit/usecases/test_close_bulk_slices.py::"
            "test_a_worker_that_is_slow_is_waited_for_and_one_that_comes_late_writes_nothing",
        ),
    ),
    Guard(
        3,
        "a closer that comes again does not make the seal younger",
        "contacts/usecases/unit_of_work.py",
        "            if seal is not None:\n                return rounds, seal\n            mine = Seal(now)\n",
        "            mine = Seal(now)\n            if seal is not None:\n                return rounds, mine\n",
        ("unit/usecases/test_close_bulk_slices.py::test_the_seal_is_as_old_as_the_first_one_who_set_it",),
    ),
)
