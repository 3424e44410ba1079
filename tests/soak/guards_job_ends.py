"""Guards of invariant 4: every job ends, and its status never goes back."""

from __future__ import annotations

from tests.soak.guards_model import Guard

JOBS_END = (
    Guard(
        4,
        "only an open import is closed",
        "contacts/adapters/dynamodb/job_store.py",
        "allowed_from=OPEN_STATUSES, sets=sets",
        "allowed_from=tuple(ImportStatus), sets=sets",
        ("contract/test_job_store.py::TestClosing::test_a_job_ends_once",),
    ),
    Guard(
        4,
        "an import that has ended never starts again",
        "contacts/adapters/dynamodb/job_store.py",
        "allowed_from=(ImportStatus.PENDING,),",
        "allowed_from=tuple(ImportStatus),",
        ("contract/test_job_store.py::TestProcessing::test_a_job_that_ended_never_starts_again",),
    ),
    Guard(
        4,
        "only an open bulk job is closed",
        "contacts/adapters/dynamodb/bulk_job_store.py",
        "allowed_from=OPEN_BULK_STATUSES,\n                sets=sets,",
        "allowed_from=tuple(BulkStatus),\n                sets=sets,",
        ("contract/test_bulk_job_store.py::TestClosing::test_a_job_ends_once",),
    ),
    Guard(
        4,
        "an export that has ended is not tried again",
        "contacts/adapters/dynamodb/export_job_store.py",
        "allowed_from=OPEN_EXPORT_STATUSES,\n                sets={",
        "allowed_from=tuple(ExportStatus),\n                sets={",
        ("contract/test_export_job_store.py::TestAttempts::test_a_job_that_ended_or_never_was_is_not_tried",),
    ),
    Guard(
        4,
        "an export that has completed does not fail",
        "contacts/adapters/dynamodb/export_job_store.py",
        "allowed_from=OPEN_EXPORT_STATUSES, sets=sets",
        "allowed_from=tuple(ExportStatus), sets=sets",
        ("contract/test_export_job_store.py::TestEnding::test_a_job_that_completed_or_never_was_does_not_fail",),
    ),
    Guard(
        4,
        "the sweeper starts what never started",
        "contacts/usecases/mend_import.py",
        "            self._runner.start_import(job.id)\n",
        "",
        ("unit/usecases/test_sweep_jobs.py::test_a_job_that_never_started_is_started_after_a_while",),
    ),
    Guard(
        4,
        "the sweeper closes what died",
        "contacts/usecases/mend_import.py",
        "close=partial(self._finish, job.id, worker_life=PART_WORKER_LIFE),",
        "close=lambda: None,",
        ("unit/usecases/test_sweep_jobs.py::test_a_job_whose_execution_died_is_closed_when_no_worker_can_be_running",),
    ),
    Guard(
        4,
        "the sweeper waits as long as a worker may still write",
        "contacts/usecases/mend_import.py",
        "return datetime.fromisoformat(job.changed_at) < now - WORKER_GRACE",
        "return True",
        ("unit/usecases/test_sweep_jobs.py::test_a_job_whose_execution_died_is_closed_when_no_worker_can_be_running",),
    ),
    Guard(
        4,
        "what can't be closed is given up after a day",
        "contacts/usecases/sweep_jobs.py",
        "                if hopeless:\n",
        "                if False:\n",
        ("unit/usecases/test_sweep_jobs.py::TestJobThatCanNotBeClosed::test_and_then_ended_all_the_same",),
    ),
    Guard(
        4,
        "a try that ends the process is noted before it is made",
        "contacts/usecases/sweep_jobs.py",
        "                self._tries.note(closing.job_id, closing.what, self._clock())\n",
        "",
        (
            "unit/usecases/test_sweep_deadly_closings.py::TestAJobWhoseClosingEndsTheProcess::test_keeps_no_other_job_waiting",
            "unit/usecases/test_sweep_deadly_closings.py::TestAJobWhoseClosingEndsTheProcess::test_is_given_up_without_another_try",
        ),
    ),
    Guard(
        4,
        "what was tried last time comes last",
        "contacts/usecases/sweep_jobs.py",
        "return sorted(found, key=turn)",
        "return found",
        (
            "unit/usecases/test_sweep_deadly_closings.py::TestAJobWhoseClosingEndsTheProcess::test_keeps_no_other_job_waiting",
        ),
    ),
    Guard(
        4,
        "a job is not given up for having waited, nor after one failed try",
        "contacts/usecases/sweep_jobs.py",
        "return tries.number >= GIVE_UP_TRIES and",
        "return",
        (
            "unit/usecases/test_sweep_jobs.py::TestJobThatCanNotBeClosed::test_one_failed_try_is_not_a_day_of_them",
            "unit/usecases/test_give_up_bulk_jobs.py::TestNothingButFailedTriesIsAReasonToGiveUp::"
            "test_tries_that_nobody_made_do_not_count",
        ),
    ),
    Guard(
        4,
        "one job's trouble keeps no other from being mended",
        "contacts/usecases/sweep_jobs.py",
        "except Exception as error:",
        "except ZeroDivisionError as error:",
        ("unit/usecases/test_sweep_jobs.py::test_one_jobs_trouble_keeps_no_other_from_being_mended",),
    ),
    Guard(
        4,
        "the sweeper sends lost slices again",
        "contacts/usecases/mend_bulk_job.py",
        "elif self._dispatch.send([waiting]):",
        "elif False:",
        (
            "unit/usecases/test_sweep_bulk_slices.py::TestLostMessages::"
            "test_are_sent_again_when_they_can_not_be_on_their_way_any_more",
        ),
    ),
    Guard(
        4,
        "the sweeper closes slices that nobody could end",
        "contacts/usecases/mend_bulk_job.py",
        "elif waiting.sendings >= MAX_SENDINGS:",
        "elif False:",
        ("unit/usecases/test_sweep_bulk_slices.py::TestSlicesThatNobodyEnds::test_are_closed_from_what_is_there",),
    ),
    Guard(
        4,
        "a message that comes again goes on where the first delivery died after the record",
        "contacts/usecases/work_bulk_slice.py",
        "        self._go_on(job, slice_, for_good=False)\n",
        "        if fresh:\n            self._go_on(job, slice_, for_good=False)\n",
        ("unit/usecases/test_bulk_crashes.py::test_a_message_that_comes_again_after_its_record_ends_the_job",),
    ),
    Guard(
        4,
        "an import whose file can't be staged is failed by the state machine",
        "statemachines/import.asl.yaml",
        "    Catch:\n      - ErrorEquals: [States.ALL]\n        ResultPath: null\n        Next: FailJob\n"
        "    Next: Decide\n",
        "    Next: Decide\n",
        ("unit/template/test_import_state_machine.py::test_a_file_that_cannot_be_staged_fails_the_job",),
    ),
    Guard(
        4,
        "a rollback that only looks changes no status",
        "contacts/adapters/dynamodb/rollback_runs.py",
        "    if mode is RollbackMode.WRITE:\n        values",
        "    if mode:\n        values",
        (
            "contract/test_job_store_rollbacks.py::TestBeginning::"
            "test_one_that_writes_at_once_moves_the_job_and_one_that_looks_does_not",
        ),
    ),
    Guard(
        4,
        "only a rollback that wrote makes an import rolled back",
        "contacts/adapters/dynamodb/rollback_runs.py",
        "if status is RollbackStatus.COMPLETED and rollback.mode is RollbackMode.WRITE:",
        "if status is RollbackStatus.COMPLETED:",
        (
            "contract/test_job_store_rollbacks.py::TestEnding::"
            "test_only_one_that_completed_after_writing_makes_the_job_rolled_back",
        ),
    ),
    Guard(
        4,
        "a tenant has only a few slices on their way, so that others pass",
        "contacts/usecases/dispatch_slices.py",
        "free = max(0, self._slices_in_flight - under_way)",
        "free = len(fresh)",
        ("unit/usecases/test_dispatch_slices.py::test_a_tenants_first_slices_are_sent_and_no_more",),
    ),
    Guard(
        4,
        "of many that send a slice one does",
        "contacts/adapters/dynamodb/bulk_job_store.py",
        'f"{SENDINGS} = :read"',
        'f"{SENDINGS} = :read OR {SENDINGS} <> :read"',
        ("contract/test_bulk_job_store.py::TestTheLine::test_of_many_that_send_a_slice_at_once_one_does",),
    ),
    Guard(
        4,
        "a job that is stored is accepted, whatever comes of the sending",
        "contacts/usecases/submit_bulk_job.py",
        "        except Exception as error:",
        "        except ZeroDivisionError as error:",
        ("unit/api/test_undispatched_jobs.py::test_a_job_that_is_stored_is_accepted_and_sent_by_the_next_sweep",),
    ),
    Guard(
        4,
        "a slice whose message did not go out is not taken for one that did",
        "contacts/usecases/dispatch_slices.py",
        "            self._take_back(mine, at)\n",
        "",
        (
            "unit/usecases/test_sweep_bulk_slices.py::TestAQueueThatRefuses::test_takes_no_slice_out_of_the_next_sweep",
            "unit/usecases/test_sweep_bulk_slices.py::TestAQueueThatRefuses::"
            "test_does_not_use_up_the_times_that_an_overdue_slice_is_sent",
        ),
    ),
    Guard(
        4,
        "nobody begins to work on a job that is being given up",
        "contacts/usecases/work_bulk_slice.py",
        "fresh = job.is_workable and not self._jobs.has_slice(job.id, slice_)\n        if fresh:\n            if",
        "fresh = job.is_open and not self._jobs.has_slice(job.id, slice_)\n        if fresh:\n            if",
        (
            "unit/usecases/test_give_up_bulk_jobs.py::TestBetweenGivingUpAndTheEnd::"
            "test_nobody_begins_with_a_slice_any_more",
        ),
    ),
    Guard(
        4,
        "a job that is being given up is open for as long as a worker lives",
        "contacts/usecases/mend_bulk_job.py",
        "if datetime.fromisoformat(job.given_up_at) < now - SLICE_WORKER_LIFE:",
        "if job.given_up_at:",
        (
            "unit/usecases/test_give_up_bulk_jobs.py::TestBetweenGivingUpAndTheEnd::"
            "test_who_has_begun_comes_to_an_end_before_the_job_does",
        ),
    ),
    Guard(
        4,
        "a worker that an import's sweeper finds left is waited for",
        "contacts/usecases/mend_import.py",
        "worker_life=PART_WORKER_LIFE",
        "worker_life=timedelta(0)",
        ("unit/usecases/test_sweep_living_workers.py::TestAWorkerThatIsLeft::test_that_is_writing_is_waited_for",),
    ),
)
