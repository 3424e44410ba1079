"""One of everything that a tenant can have, so that another one can try to get at it."""

from __future__ import annotations

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import httpx

from tests.e2e import bulk_jobs, exports
from tests.e2e.api_operations import Operation, all_operations
from tests.e2e.http_client import Api, csv_file
from tests.e2e.minted_tokens import Mint

#: Which thing of `Belongings.ids` a path is about, by what it begins with.
_KIND_OF_PATH = {
    "/api/contacts/import/{": "import",
    "/api/contacts/export/{": "export",
    "/api/contacts/bulk-create/{": "bulk create",
    "/api/contacts/bulk-delete/{": "bulk delete",
    "/api/contacts/{": "contact",
    "/api/collections/{": "collection",
    "/api/segments/{": "segment",
}
#: The specification answers 403 to the id of another tenant's job, and so tells it from one that nobody has.
JOBS = {"import", "export", "bulk create", "bulk delete"}
MAPPING = {"E-mail": "email", "Name": "firstName", "Notes": "notes"}


def kind_of_path(path: str) -> str:
    """Which thing a path with a place for an id is about."""
    (kind,) = {kind for begin, kind in _KIND_OF_PATH.items() if path.startswith(begin)}
    return kind


def kind_of(operation: Operation) -> str:
    return kind_of_path(operation.path)


@dataclass(frozen=True)
class Belongings:
    """What one tenant has, at least two of everything that is listed.

    Attributes:
        marker: stands in every name and note of the tenant, in the names of tenant and user, and nowhere else.
        domain: that of its e-mail addresses.
        ids: of one thing of each kind.
        contact_ids: those of a bulk create job.
    """

    mint: Mint
    api: Api
    tenant: str
    marker: str
    domain: str
    ids: Mapping[str, str]
    contact_ids: tuple[str, ...]
    tracking_key: str
    upload_url: str
    export_url: str
    export_link: str

    @classmethod
    def of_new_tenant(cls, mint: Mint) -> Belongings:
        marker, domain = f"marker-{uuid.uuid4().hex}", f"d{uuid.uuid4().hex}.example"
        tenant = f"tenant-{marker}"
        api = mint.caller(tenant, f"user-{marker}")
        people = [(f"{name}@{domain}", f"{name} {marker}", marker) for name in ("ann", "bob", "cy")]
        rows = csv_file(tuple(MAPPING), *people, ("bad", f"dee {marker}", ""), ("worse", f"eve {marker}", ""))
        upload_url = api.upload(f"{marker}.csv", rows)
        body = {"fileName": f"{marker}.csv", "fileUrl": upload_url, "fieldMapping": MAPPING}
        job = api.wait(_made(api.post("/api/contacts/import", {**body, "options": {"segmentName": marker}}))["jobId"])
        assert (job["status"], job["createdCount"], job["errorCount"]) == ("completed", 3, 2), job
        more = csv_file(("E-mail",), (f"fay@{domain}",))
        second = api.run_import("more.csv", more, {"E-mail": "email"}, {"segmentName": f"{marker} 2"})
        assert second["createdCount"] == 1, second
        api.roll_back(job["jobId"], dryRun=True)
        collections = [_made(api.post("/api/collections", {"name": f"{marker} {n}"}))["id"] for n in range(2)]
        bulk = bulk_jobs.create(
            api,
            [{**each, "notes": marker} for each in bulk_jobs.people(3, domain)],
            collectionId=collections[0],
        )
        look = bulk_jobs.clean_up(api, trackingKey=bulk["trackingKey"], dryRun=True)
        export = exports.ended(api, exports.start(api, format="csv", selectedFields=["email", "notes"]))
        return cls(
            mint=mint,
            api=api,
            tenant=tenant,
            marker=marker,
            domain=domain,
            ids={
                "import": job["jobId"],
                "export": export["jobId"],
                "bulk create": bulk["jobId"],
                "bulk delete": look["jobId"],
                "contact": bulk["contactIds"][0],
                "collection": collections[0],
                "segment": next(each["id"] for each in api.pages("/api/segments") if each["name"] == marker),
            },
            contact_ids=tuple(bulk["contactIds"]),
            tracking_key=bulk["trackingKey"],
            upload_url=upload_url,
            export_url=export["fileUrl"],
            export_link=exports.link(api, export["jobId"]).json()["downloadUrl"],
        )

    def colleague(self) -> Api:
        """The API as another user of the tenant sees it, who may do everything."""
        return self.mint.caller(self.tenant, f"colleague-{self.marker}")

    def path_of(self, operation: Operation) -> str:
        """The operation's path, about the thing of this tenant."""
        return operation.path_of(self.ids[kind_of(operation)]) if operation.takes_id else operation.path

    def lists(self) -> dict[str, str]:
        """The path of every list that this tenant has, by the operation's name."""
        return {str(each): self.path_of(each) for each in all_operations() if "cursor" in each.parameters}

    def rest(self) -> None:
        """Wait until every job has ended: what is at work changes by itself."""
        for job in self.api.pages("/api/jobs"):
            match job["type"]:
                case "import":
                    if self.api.wait(job["jobId"])["rollback"]:
                        self.api.wait_for_rollback(job["jobId"])
                case "export":
                    exports.ended(self.api, job["jobId"])
                case "bulk_create":
                    bulk_jobs.ended(self.api, bulk_jobs.CREATE, job["jobId"])
                case "bulk_delete":
                    bulk_jobs.ended(self.api, bulk_jobs.DELETE, job["jobId"])

    def everything(self) -> dict[str, Any]:
        """All that any list shows to this tenant, and the jobs and things that have no list."""
        shown = {
            str(each): _made(self.api.get(self.path_of(each)))
            for each in all_operations()
            if each.method == "GET" and "cursor" not in each.parameters and not each.path.endswith("/download")
        }
        return {**shown, **{name: list(self.api.pages(path)) for name, path in self.lists().items()}}


def _made(answer: httpx.Response) -> dict[str, Any]:
    assert answer.is_success, answer.text
    return dict(answer.json())
