from __future__ import annotations

import re
import string

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from contacts.domain.seeded_ids import seeded_uuid
from contacts.domain.tracking_key import job_of_tracking_key, tracking_key

JOB = "0f8fad5b-d9cb-469f-a165-70867728950e"
KEY = f"bcc:j:{JOB}"


@pytest.mark.parametrize(
    ("source", "reference", "key"),
    [
        (None, None, KEY),
        ("", "", KEY),
        ("ios", None, f"{KEY}:s:ios"),
        (None, "run-7", f"{KEY}:r:run-7"),
        ("ios-sim", "run_7.b", f"{KEY}:s:ios-sim:r:run_7.b"),
        ("iOS 17", "a:b:c", f"{KEY}:s:iOS-17:r:a-b-c"),
        ("x:r:forged", None, f"{KEY}:s:x-r-forged"),
        ("häkchen", "一二", f"{KEY}:s:h-kchen:r:-"),
        ("two\nlines", "\x00", f"{KEY}:s:two-lines:r:-"),
        ("s" * 65, "r" * 129, f"{KEY}:s:{'s' * 64}:r:{'r' * 128}"),
    ],
)
def test_made_from_what_the_client_gave(source, reference, key):
    assert tracking_key(JOB, source, reference) == key
    assert job_of_tracking_key(key) == JOB


@settings(deadline=None)
@given(seed=st.text(), source=st.none() | st.text(), reference=st.none() | st.text())
def test_every_key_names_its_job_and_stays_short(seed, source, reference):
    job_id = seeded_uuid("bulk_create", seed)
    key = tracking_key(job_id, source, reference)
    assert job_of_tracking_key(key) == job_id
    assert len(key) < 256
    assert set(key) <= set(string.ascii_letters + string.digits + ".:_-")
    assert re.fullmatch(r"bcc:j:[^:]+(:s:[^:]+)?(:r:[^:]+)?", key)


@settings(deadline=None)
@given(st.text(alphabet="bcjsr:-0af", max_size=60))
def test_what_is_read_as_a_key_could_have_been_made(text):
    job_id = job_of_tracking_key(text)
    assert job_id is None or text.startswith(f"bcc:j:{job_id}")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "bcc:j:",
        JOB,
        f"bcc:{JOB}",
        f" {KEY}",
        f"{KEY}\n",
        f"{KEY}:",
        f"{KEY}:s:",
        f"{KEY}:r:",
        f"{KEY}:x:y",
        f"{KEY}:r:b:s:a",
        f"{KEY}:s:a b",
        f"{KEY}:s:a:r:b:r:c",
        f"{KEY}:s:{'s' * 65}",
        f"{KEY}:r:{'r' * 129}",
        KEY.upper(),
        f"bcc:j:{JOB.replace('-', '')}",
        f"bcc:j:{JOB[:-1]}",
        f"bcc:j:{JOB}0",
        f"bcc:j:{'g' * 8}{JOB[8:]}",
    ],
)
def test_anything_else_names_no_job(text):
    assert job_of_tracking_key(text) is None
