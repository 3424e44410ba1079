"""Where a job's objects lie in the bucket. The prefix comes first, so that lifecycle rules can tell them apart."""

from __future__ import annotations

from urllib.parse import quote


def upload_key(tenant: str, upload_id: str) -> str:
    """A client's upload, before any job knows of it."""
    return f"uploads/{_safe(tenant)}/{upload_id}"


def uploads_prefix(tenant: str) -> str:
    """Everything that this tenant has uploaded."""
    return f"uploads/{_safe(tenant)}/"


def staged_part_key(tenant: str, job: str, part: int) -> str:
    """The valid rows of one part, a JSON line each."""
    return f"staged/{_safe(tenant)}/{job}/part-{part:05d}.jsonl"


def manifest_key(tenant: str, job: str) -> str:
    """The list of the parts, written when all of them are there."""
    return f"staged/{_safe(tenant)}/{job}/manifest.json"


def staged_errors_key(tenant: str, job: str) -> str:
    """Rows that staging rejected, a JSON line each, with all of their cells, in the file's order."""
    return f"staged/{_safe(tenant)}/{job}/errors.jsonl"


def staged_error_list_key(tenant: str, job: str) -> str:
    """The same rows without their cells, as clients page through them while the job runs."""
    return f"staged/{_safe(tenant)}/{job}/error-list.jsonl"


def plans_prefix(tenant: str, job: str, part: int) -> str:
    """All plans of one part."""
    return f"undo/{_safe(tenant)}/{job}/part-{part:05d}/"


def plan_key(tenant: str, job: str, part: int, round_: int) -> str:
    """The plan of one round of one part: before- and after-images, the undo log."""
    return f"{plans_prefix(tenant, job, part)}round-{round_:03d}.json"


def undo_logs_prefix(tenant: str, job: str) -> str:
    """The plans of all parts of an import, and nothing else; what follows is the number of the part."""
    return f"undo/{_safe(tenant)}/{job}/part-"


def shared_contacts_prefix(tenant: str, job: str) -> str:
    """Which contacts more than one part of an import may have written."""
    return f"undo/{_safe(tenant)}/{job}/shared/"


def shared_contacts_key(tenant: str, job: str, part: int, digest: str) -> str:
    """The ids of those that one part found so in one decision; `digest` is that of the object."""
    return f"{shared_contacts_prefix(tenant, job)}part-{part:05d}-{digest}.json"


def rollback_plans_prefix(tenant: str, job: str, run: int, part: int) -> str:
    """All plans of one part of a rollback: see `RollbackPart.part`."""
    return f"undo/{_safe(tenant)}/{job}/rollback-{run:04d}/part-{part:05d}/"


def rollback_plan_key(tenant: str, job: str, run: int, part: int, round_: int) -> str:
    """The plan of one round of one part of a rollback."""
    return f"{rollback_plans_prefix(tenant, job, run, part)}round-{round_:03d}.json"


def rollback_manifest_key(tenant: str, job: str, run: int) -> str:
    """The list of the parts that a rollback goes through."""
    return f"undo/{_safe(tenant)}/{job}/rollback-{run:04d}/manifest.json"


def rollback_part_outcome_key(tenant: str, job: str, run: int, mode: str, part: int) -> str:
    """What one pass of a rollback found for each contact of one part."""
    return f"results/{_safe(tenant)}/{job}/rollback-{run:04d}/{mode}/part-{part:05d}.json"


def rollback_outcomes_key(tenant: str, job: str, run: int) -> str:
    """What became of every contact in a rollback, a JSON line each, in the order of the file's rows."""
    return f"results/{_safe(tenant)}/{job}/rollback-{run:04d}/outcomes.jsonl"


def rollback_csv_key(tenant: str, job: str, run: int) -> str:
    """The same as CSV."""
    return f"results/{_safe(tenant)}/{job}/rollback-{run:04d}/outcomes.csv"


def part_outcome_key(tenant: str, job: str, part: int) -> str:
    """What became of each row of one part."""
    return f"results/{_safe(tenant)}/{job}/parts/part-{part:05d}.json"


def errors_key(tenant: str, job: str) -> str:
    """All rows in error, a JSON line each, without their cells, in the file's order."""
    return f"results/{_safe(tenant)}/{job}/errors.jsonl"


def errors_csv_key(tenant: str, job: str) -> str:
    """The failed rows in the file's own columns, to be corrected and imported again."""
    return f"results/{_safe(tenant)}/{job}/errors.csv"


def results_csv_key(tenant: str, job: str) -> str:
    """Every row's outcome."""
    return f"results/{_safe(tenant)}/{job}/results.csv"


def bulk_entries_key(tenant: str, job: str) -> str:
    """The entries of a bulk job, a JSON line each, in the request's order."""
    return f"bulk/{_safe(tenant)}/{job}/entries.jsonl"


def bulk_plans_prefix(tenant: str, job: str, slice_: int) -> str:
    """All plans of one slice of a bulk job."""
    return f"bulk/{_safe(tenant)}/{job}/plans/slice-{slice_:05d}/"


def bulk_plan_key(tenant: str, job: str, slice_: int, round_: int) -> str:
    """The plan of one round of one slice of a bulk job."""
    return f"{bulk_plans_prefix(tenant, job, slice_)}round-{round_:03d}.json"


def bulk_outcomes_key(tenant: str, job: str, slice_: int) -> str:
    """What became of each entry of one slice of a bulk job."""
    return f"bulk/{_safe(tenant)}/{job}/outcomes/slice-{slice_:05d}.json"


def exports_prefix(tenant: str, job: str) -> str:
    """Every file that the attempts of an export have left."""
    return f"exports/{_safe(tenant)}/{job}/"


def export_key(tenant: str, job: str, attempt: int, ending: str) -> str:
    """The file of one attempt of an export."""
    return f"{exports_prefix(tenant, job)}attempt-{attempt:04d}/contacts.{ending}"


def deletions_key(tenant: str, job: str) -> str:
    """What a bulk delete job did with each contact, for operators, longer than the job can be asked for."""
    return f"deletions/{_safe(tenant)}/{job}.json"


def _safe(tenant: str) -> str:
    # A tenant's name comes from a token: no slash in it may reach another tenant's prefix.
    quoted = quote(tenant, safe="")
    # A name of dots alone would be a step within a path.
    return quoted if quoted.strip(".") else quoted.replace(".", "%2E")
