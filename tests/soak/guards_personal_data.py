"""Guards of invariant 10: no personal data in logs, messages, events or answers to others."""

from __future__ import annotations

from tests.soak.guards_model import Guard

NOTHING_PERSONAL_LEAVES = (
    Guard(
        10,
        "an exception's message is not logged",
        "contacts/runtime/exception_report.py",
        '"type": f"{type(error).__module__}.{type(error).__qualname__}",',
        '"type": f"{type(error).__module__}.{type(error).__qualname__}", "message": str(error),',
        (
            "unit/api/test_refusals.py::test_unexpected_exception_leaks_nothing",
            "unit/runtime/test_bulk_messages.py::test_trouble_with_a_job_is_told_without_what_the_exception_quotes",
        ),
    ),
    Guard(
        10,
        "an unexpected exception is not answered",
        "contacts/runtime/http_errors.py",
        'message="something went wrong on our side; try again later"',
        "message=str(error)",
        ("unit/api/test_refusals.py::test_unexpected_exception_leaks_nothing",),
    ),
    Guard(
        10,
        "a request is logged by its route, not by its path",
        "contacts/runtime/http_api.py",
        'route=event.get("routeKey")',
        'route=event.get("rawPath")',
        ("unit/api/test_refusals.py::test_nothing_personal_is_logged_of_requests",),
    ),
    Guard(
        10,
        "a refusal does not quote what was sent",
        "contacts/contracts/http_violations.py",
        "_MESSAGES.get(kind) or ",
        'repr(violation["input"]) + ',
        ("unit/api/test_refusals.py::test_validation_does_not_quote_what_was_sent",),
    ),
    Guard(
        10,
        "a batch of messages that failed quotes no exception",
        "contacts/runtime/bulk_messages.py",
        "raise_on_entire_batch_failure=False",
        "raise_on_entire_batch_failure=True",
        ("unit/runtime/test_bulk_messages.py::test_where_all_failed_the_invocation_fails_and_quotes_nothing",),
    ),
    Guard(
        10,
        "a message names a slice and holds nothing of it",
        "contacts/adapters/sqs_slices.py",
        '{"jobId": waiting.job_id, "slice": waiting.slice}',
        '{"jobId": waiting.job_id, "slice": waiting.slice, "tenant": waiting.tenant}',
        ("contract/test_slice_queue.py::test_sqs_gets_what_was_sent",),
    ),
    Guard(
        10,
        "a message group's name does not show the tenant",
        "contacts/adapters/sqs_slices.py",
        "hashlib.sha256(waiting.tenant.encode()).hexdigest()[:32]",
        "waiting.tenant[:32]",
        ("contract/test_slice_queue.py::test_messages_of_a_tenant_make_a_group_and_none_waits_for_another",),
    ),
    Guard(
        10,
        "an event holds ids and counts",
        "contacts/usecases/announce_import.py",
        '"errorCode": job.file_error.code if job.file_error else None,',
        '"errorCode": job.file_error.code if job.file_error else None, "fileName": job.file_name,',
        ("unit/usecases/test_finish_import.py::TestEvent::test_it_carries_ids_and_counts_and_no_personal_data",),
    ),
    Guard(
        10,
        "an event of a failure holds its code, and no message that may quote the file",
        "contacts/usecases/announce_import.py",
        "job.file_error.code if job.file_error else None",
        "job.file_error.message if job.file_error else None",
        ("unit/usecases/test_finish_import.py::TestEvent::test_neither_does_that_of_a_failure",),
    ),
    Guard(
        10,
        "what a deleted contact leaves behind holds marks alone",
        "contacts/adapters/dynamodb/contact_items.py",
        '        "trace": {"BOOL": True},\n',
        '        "trace": {"BOOL": True},\n        "was": {"S": contact.email or ""},\n',
        ("contract/test_contact_store_races.py::TestLeftovers::test_a_trace_holds_no_personal_data_and_has_an_end",),
    ),
    Guard(
        10,
        "a byte that does not fit is told without the bytes around it",
        "contacts/tabular/text_blocks.py",
        '                code="FILE_ENCODING",\n            ) from None',
        '                code="FILE_ENCODING",\n            ) from error',
        ("unit/tabular/test_csv_encodings.py::test_message_holds_nothing_of_the_file",),
    ),
    Guard(
        10,
        "no events are logged",
        "template.yaml",
        "        # Powertools' own switches. POWERTOOLS_LOGGER_LOG_EVENT stays off: events carry personal data.\n",
        '        POWERTOOLS_LOGGER_LOG_EVENT: "true"\n',
        ("unit/template/test_functions.py::test_events_are_never_logged",),
    ),
)
