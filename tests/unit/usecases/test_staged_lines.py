from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from contacts.domain.rows import StagedRow
from contacts.usecases.staged_lines import rows_of_lines, staged_line, staged_targets

MAPPING = {"Id": "id", "Mail": "email", "Note": "notes", "A": "customFields.a"}
TARGETS = staged_targets(MAPPING)

text = st.text(st.characters(exclude_categories=["Cs"]), max_size=8)
rows = st.builds(
    StagedRow,
    row=st.integers(1, 2**20),
    values=st.dictionaries(st.sampled_from(TARGETS), st.none() | text.filter(bool)),
    cells=st.lists(text, max_size=4),
    contact_id=st.none() | st.just("a" * 36),
)


@given(rows=st.lists(rows, min_size=1, max_size=5))
def test_rows_come_back_as_they_were(rows):
    lines = [staged_line(row, TARGETS) for row in rows]
    assert all(line.count(b"\n") == 1 and line.endswith(b"\n") for line in lines)
    assert rows_of_lines(b"".join(lines), TARGETS) == rows


def test_the_mappings_order_is_of_no_matter():
    assert staged_targets(dict(reversed(MAPPING.items()))) == TARGETS == ("customFields.a", "email", "notes")


def test_no_line_says_what_the_job_knows():
    names = [f"customFields.answer_to_question_{n}" for n in range(100)]
    row = StagedRow(1, dict.fromkeys(names, "1"), ["1"] * 100)
    assert len(staged_line(row, staged_targets({name: name for name in names}))) < 900
