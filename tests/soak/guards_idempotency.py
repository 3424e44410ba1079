"""Guards of invariant 2: the same key and body give the same job, and a key is its user's."""

from __future__ import annotations

from tests.soak.guards_model import Guard

SAME_KEY_SAME_JOB = (
    Guard(
        2,
        "another body under the same key is refused",
        "contacts/usecases/do_once.py",
        "if standing.fingerprint != claim.fingerprint:",
        "if False:",
        ("unit/usecases/test_do_once.py::test_other_body_is_refused",),
    ),
    Guard(
        2,
        "path and query belong to the body",
        "contacts/runtime/http_api.py",
        'body=[event["rawPath"], sent, event.get("queryStringParameters")]',
        "body=[sent]",
        ("unit/api/test_idempotency.py::test_query_parameters_are_part_of_the_request",),
    ),
    Guard(
        2,
        "a key is its tenant's",
        "contacts/usecases/do_once.py",
        "_digest([self.tenant, self.user, self.route, self.key])",
        "_digest([self.user, self.route, self.key])",
        ("unit/api/test_idempotency.py::test_keys_belong_to_tenant_and_user",),
    ),
    Guard(
        2,
        "a key is its user's",
        "contacts/usecases/do_once.py",
        "_digest([self.tenant, self.user, self.route, self.key])",
        "_digest([self.tenant, self.route, self.key])",
        ("unit/api/test_idempotency.py::test_keys_belong_to_tenant_and_user",),
    ),
    Guard(
        2,
        "of two claims the first one stands",
        "contacts/adapters/dynamodb/idempotency_store.py",
        'f"attribute_not_exists(pk) OR {EXPIRES_AT} <= :now"',
        'f"attribute_not_exists(pk) OR {EXPIRES_AT} <= :now OR {EXPIRES_AT} > :now"',
        ("contract/test_idempotency_store.py::test_the_first_claim_stands",),
    ),
    Guard(
        2,
        "of two answers the first one stands",
        "contacts/adapters/dynamodb/idempotency_store.py",
        "attribute_not_exists(answer) AND ",
        "",
        ("contract/test_idempotency_store.py::test_the_first_answer_stands",),
    ),
    Guard(
        2,
        "a second request works with the seed of the first",
        "contacts/usecases/do_once.py",
        "operation(standing.seed)",
        "operation(fresh_seed)",
        ("unit/usecases/test_do_once.py::test_crash_leaves_the_seed_for_the_next_try",),
    ),
    Guard(
        2,
        "an answer that stands is given again",
        "contacts/usecases/do_once.py",
        "if standing.answer is not None:",
        "if False:",
        ("unit/usecases/test_do_once.py::test_replay_does_not_run_again",),
    ),
    Guard(
        2,
        "what the first request asked for stands",
        "contacts/usecases/bulk_slices.py",
        'if files.put_if_absent(key, b"".join(orjson.dumps(record) + b"\\n" for record in records)):',
        'files.put(key, b"".join(orjson.dumps(record) + b"\\n" for record in records))\n    if True:',
        ("unit/usecases/test_bulk_races.py::test_a_clean_up_that_starts_again_while_its_first_one_deletes",),
    ),
    Guard(
        2,
        "a job's id is made once",
        "contacts/adapters/dynamodb/job_table.py",
        '"ConditionExpression": UNUSED,',
        '"ConditionExpression": f"{UNUSED} OR {UNEXPIRED}",',
        ("contract/test_job_store.py::TestCreating::test_an_id_that_is_taken_is_refused_and_its_job_stays",),
    ),
    Guard(
        2,
        "a key is kept for a day from the last change of its job",
        "contacts/adapters/dynamodb/idempotency_store.py",
        "        if self._is_kept(standing, now):",
        '        if now < int(standing["claimedAt"]["N"]) + _KEPT_SECONDS:',
        (
            "contract/test_idempotency_store.py::TestKeysOfJobs::"
            "test_a_key_is_kept_as_long_as_its_job_changes_and_a_day_more",
        ),
    ),
    Guard(
        2,
        "a key is kept while its job waits",
        "contacts/adapters/dynamodb/idempotency_store.py",
        "return OPEN_KEY in found or now <",
        "return now <",
        (
            "contract/test_idempotency_store.py::TestKeysOfJobs::"
            "test_a_key_is_kept_while_its_job_waits_however_long_that_takes",
        ),
    ),
    Guard(
        2,
        "of several that find a key over one takes it",
        "contacts/adapters/dynamodb/idempotency_store.py",
        '"attribute_not_exists(pk) OR seed = :over"',
        '"attribute_not_exists(pk) OR seed = :over OR attribute_exists(seed)"',
        ("contract/test_idempotency_store.py::TestKeysOfJobs::test_of_many_that_find_a_key_over_one_takes_it",),
    ),
    Guard(
        2,
        "a route tells which job its key is about",
        "contacts/usecases/do_once.py",
        "job_id=job_id(fresh_seed) if job_id else None,",
        "job_id=None,",
        (
            "unit/api/test_idempotency.py::test_key_of_a_job_is_kept_while_it_is_open_and_for_24_hours_from_its_last_change",
        ),
    ),
)
