"""Invariants 3 and 7: whatever the file, the options and the contacts before, it ends as the plain loop does."""

from __future__ import annotations

from dataclasses import replace

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from contacts.domain.column_mapping import FAILURE_COLUMNS
from contacts.domain.import_job import BlankValues, DuplicateStrategy, ImportOptions, ImportStatus
from contacts.domain.segment import segment_id
from tests.support.import_model import ModelContact, ModelImport
from tests.support.import_world import HEADER, ID_HEADER, ID_MAPPING, MAPPING, TENANT, ImportWorld

SEGMENT = segment_id(TENANT, "VIP")
#: Two of these in one contact break its limit of 64 KB, one does not.
LARGE = "€" * 4_096
LARGE_NOTES = "€" * 14_000

emails = st.sampled_from(
    ["a@x.io", "A@X.io", " b@x.io ", "B@x.io", "c@x.io", "d@x.io", "e@x.io", "", "  ", "bad", "BAD"]
)
names = st.sampled_from(["", " ", "Ann", "Bob", "n" * 1_025, 'é,"\n;'])
phones = st.sampled_from(["", "1", "007", "+49 1", " "])
custom = st.sampled_from(["", "", "v", "w", LARGE])
notes = st.sampled_from(["", "", "n", LARGE_NOTES])
full_rows = st.tuples(emails, names, phones, notes, custom, custom).map(list)
ragged_rows = st.sampled_from([["a@x.io"], ["b@x.io", "B", "1", "", "", "", "too much", ""]])
files = st.lists(st.one_of(full_rows, full_rows, full_rows, full_rows, ragged_rows), max_size=14)
options = st.fixed_dictionaries(
    {
        "duplicate_strategy": st.sampled_from(DuplicateStrategy),
        "tags": st.sampled_from([(), ("t1",), ("t1", "t2")]),
        "segment_name": st.sampled_from([None, "VIP"]),
        "validate_email": st.booleans(),
        "validate_phone": st.booleans(),
        "blank_values": st.sampled_from(BlankValues),
    }
)
contacts_before = st.lists(
    st.tuples(
        st.sampled_from(["a@x.io", "B@x.io", "c@x.io", "bad"]),
        st.fixed_dictionaries(
            {},
            optional={
                "firstName": st.just("Ann"),
                "company": st.just("kept"),
                "customFields": st.sampled_from([{"a": "v"}, {"z": "kept"}, {"a": LARGE, "z": "kept"}]),
                "tags": st.sampled_from([["t1"], ["x"], [f"x{number}" for number in range(99)]]),
            },
        ),
        st.booleans(),
    ),
    max_size=4,
)


contacts_with_and_without_email = contacts_before.flatmap(
    lambda before: st.lists(st.booleans(), min_size=len(before), max_size=len(before)).map(
        lambda has_email: [
            each if has else (None, {"company": "kept", **each[1]}, each[2])
            for each, has in zip(before, has_email, strict=True)
        ]
    )
)
#: Can be an id, and names nobody.
GONE = "gone" * 9


def grown(world, before):
    """Put contacts into the world; returns them as the model knows them."""
    known = []
    for number, (email, values, in_segment) in enumerate(before):
        segments = ("other", SEGMENT) if in_segment else ("other",)
        made = world.add_contact(email, name=f"before{number}", values=values, segments=segments)
        known.append(ModelContact(tuple(made.created_by), (email or "").lower(), dict(made.values), in_segment))
    return known


def as_modelled(contact):
    return ModelContact(
        tuple(contact.created_by),
        (contact.email or "").lower(),
        dict(contact.values),
        SEGMENT in contact.segments,
        contact.version,
    )


def check_counts(job, outcomes):
    counts, kinds = job.counts, outcomes.kinds
    assert job.staged.total_rows == len(kinds) == counts.processed
    assert counts.created == kinds.count("created")
    assert counts.updated == kinds.count("updated")
    assert counts.errors == kinds.count("error")
    assert counts.skipped == kinds.count("skipped") + counts.errors
    assert counts.imported + counts.skipped == counts.processed


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(
    rows=files,
    options=options,
    before=contacts_before,
    parts=st.integers(1, 4),
    order=st.randoms(use_true_random=False),
)
def test_an_import_ends_as_the_plain_loop_does(rows, options, before, parts, order):
    world = ImportWorld()
    model = ModelImport(grown(world, before), ImportOptions(**options), MAPPING)
    world.submit(rows, parts=parts, **options)
    job = world.run(order=order, repeats=2)
    model.run("job", HEADER, rows)
    check_the_end(world, model, job, before)
    assert_failed_rows_are_listed(world, rows, model)


def check_the_end(world, model, job, before):
    assert job.status is ImportStatus.COMPLETED
    found = world.all_contacts()
    assert {c.made_by: c for c in map(as_modelled, found)} == {c.made_by: c for c in model.contacts}
    assert_holders_are_the_first(world, model)
    maker_of = {contact.id: tuple(contact.created_by) for contact in found}
    outcomes = world.outcomes()
    assert {row: (o, maker_of.get(i), reason) for row, (o, i, reason) in outcomes.items()} == model.outcomes
    check_counts(job, outcomes)
    joined = [c.id for c in found if SEGMENT in c.segments and not was_member(c, before)]
    assert world.members(SEGMENT) == sorted(joined)


def assert_holders_are_the_first(world, model):
    first = {}
    for contact in model.contacts:
        first.setdefault(contact.email, contact.made_by)
    first.pop("", None)
    holders = world.contacts.find_by_emails(TENANT, list(first))
    assert {email: tuple(contact.created_by) for email, contact in holders.items()} == first


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(
    rows=st.lists(st.tuples(st.integers(0, 5) | st.sampled_from(["", "no id"]), full_rows), max_size=14),
    options=options,
    before=contacts_with_and_without_email,
    parts=st.integers(1, 4),
    order=st.randoms(use_true_random=False),
)
def test_so_does_an_import_by_ids(rows, options, before, parts, order):
    world = ImportWorld()
    known = grown(world, before)
    ids = {tuple(contact.created_by): contact.id for contact in world.all_contacts()}
    model = ModelImport(known, ImportOptions(**options), ID_MAPPING, {id_: maker for maker, id_ in ids.items()})
    own_email = {ids[contact.made_by]: contact.email for contact in known}
    named = [*own_email, *[GONE] * 6]
    given_rows = [[named[name] if isinstance(name, int) else name, *row] for name, row in rows]
    if parts > 1:
        # Rows that move a contact, or name one that is gone, need not meet those of the same e-mail.
        given_rows = [
            [contact_id, own_email[contact_id], *rest] if contact_id in own_email else ["", email, *rest]
            for contact_id, email, *rest in given_rows
        ]
    world.submit(given_rows, header=ID_HEADER, mapping=ID_MAPPING, parts=parts, **options)
    job = world.run(order=order, repeats=2)
    model.run("job", ID_HEADER, given_rows)
    check_the_end(world, model, job, before)


def assert_failed_rows_are_listed(world, rows, model):
    header, failed = world.errors_csv()
    width = len(header) - len(FAILURE_COLUMNS)
    assert tuple(header[: len(HEADER)]) == HEADER
    expected = [(row, code) for row, (outcome, _, code) in model.outcomes.items() if outcome == "error"]
    assert [(int(cells[-3]), cells[-2]) for cells in failed] == expected
    for cells in failed:
        own = rows[int(cells[-3]) - 1]
        assert cells[:width] == [*own, *[""] * (width - len(own))]


def was_member(contact, before):
    job, _ = contact.created_by
    return job.startswith("before") and before[int(job.removeprefix("before"))][2]


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(rows=files, options=options)
def test_the_list_of_failed_rows_corrected_and_imported_again_fails_no_more(rows, options):
    world = ImportWorld()
    world.submit(rows, **options)
    failures = world.run().counts.errors
    header, failed = world.errors_csv()
    corrected = [[f"new{row[-3]}@x.io", *[""] * (len(row) - 4), *row[-3:]] for row in failed]
    world.submit(corrected, job_id="again", header=header, **options)
    again = world.run("again")
    assert again.counts == replace(again.counts, created=failures, updated=0, skipped=0, errors=0)
    assert again.staged.header == HEADER


@settings(max_examples=50, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(rows=st.lists(full_rows, max_size=14), options=options)
def test_imported_again_as_it_is_the_list_fails_for_the_same_reasons(rows, options):
    world = ImportWorld()
    options |= {"tags": (), "duplicate_strategy": DuplicateStrategy.CREATE}
    world.submit(rows, **options)
    world.run()
    header, failed = world.errors_csv()
    world.submit(failed, job_id="again", header=header, **options)
    assert world.run("again").counts.errors == len(failed)
    assert [row[-2] for row in world.errors_csv("again")[1]] == [row[-2] for row in failed]


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(rows=files, options=options, parts=st.integers(1, 3), strategy=st.sampled_from(["skip", "update"]))
def test_imported_twice_a_file_changes_nothing_more(rows, options, parts, strategy):
    options |= {"duplicate_strategy": DuplicateStrategy(strategy)}
    world = ImportWorld()
    world.submit(rows, job_id="first", parts=parts, **options)
    world.run("first")
    before = world.all_contacts()
    world.submit(rows, job_id="second", parts=parts, **options)
    assert world.run("second").counts.created == 0
    reasons = {reason for _, _, reason in world.outcomes("first").values()}
    # A row that broke a limit in the middle of a group can fit into what the group came to.
    if strategy == "skip" or not reasons & {"CONTACT_TOO_LARGE", "TOO_MANY_TAGS"}:
        assert world.all_contacts() == before
