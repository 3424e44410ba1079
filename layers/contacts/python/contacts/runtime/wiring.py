"""Which adapter stands behind which port: the one place that names concrete adapters."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from contacts.runtime import clients
from contacts.runtime.settings import Settings
from contacts.runtime.utc_clock import utc_now

if TYPE_CHECKING:
    from contacts.bulk_ports import BulkJobStore, CollectionStore, SliceQueue
    from contacts.export_ports import AuditLog, ExportJobStore, ExportRunner
    from contacts.ports import (
        Clock,
        ClosingTriesStore,
        ContactOutbox,
        ContactStore,
        EventPublisher,
        FileLinks,
        FileStore,
        IdempotencyStore,
        JobRunner,
        JobStore,
        SegmentStore,
    )

# Adapters are imported by the parts that build them: a function pays, in start-up time too, for what it uses alone.
# ruff: noqa: PLC0415


class Wiring:
    """The ports of one function, each built on first use.

    Tests put their own in: `Wiring(settings, jobs=MemoryJobStore())`.
    """

    def __init__(self, settings: Settings | None = None, **parts: Any) -> None:
        unknown = [name for name in parts if not isinstance(getattr(type(self), name, None), cached_property)]
        if unknown:
            raise TypeError(f"no such part: {', '.join(unknown)}")
        self.settings = settings or Settings()
        # A cached property looks here before it builds anything.
        self.__dict__.update(parts)

    @cached_property
    def clock(self) -> Clock:
        return utc_now

    @cached_property
    def contacts(self) -> ContactStore:
        from contacts.adapters.dynamodb.contact_store import DynamoContactStore

        return DynamoContactStore(
            reads=clients.dynamodb(),
            writes=clients.dynamodb_sending_once(),
            table=self.settings.contacts_table,
            clock=self.clock,
        )

    @cached_property
    def jobs(self) -> JobStore:
        from contacts.adapters.dynamodb.job_store import DynamoJobStore

        return DynamoJobStore(
            client=clients.dynamodb(),
            table=self.settings.jobs_table,
            clock=self.clock,
            retention_days=self.settings.job_retention_days,
        )

    @cached_property
    def closing_tries(self) -> ClosingTriesStore:
        from contacts.adapters.dynamodb.closing_tries_store import DynamoClosingTriesStore

        return DynamoClosingTriesStore(client=clients.dynamodb(), table=self.settings.jobs_table, clock=self.clock)

    @cached_property
    def segments(self) -> SegmentStore:
        from contacts.adapters.dynamodb.segment_store import DynamoSegmentStore

        return DynamoSegmentStore(client=clients.dynamodb(), table=self.settings.jobs_table)

    @cached_property
    def bulk_jobs(self) -> BulkJobStore:
        from contacts.adapters.dynamodb.bulk_job_store import DynamoBulkJobStore

        return DynamoBulkJobStore(client=clients.dynamodb(), table=self.settings.jobs_table, clock=self.clock)

    @cached_property
    def slice_queue(self) -> SliceQueue:
        from contacts.adapters.sqs_slices import SqsSliceQueue
        from contacts.domain.bulk_job import BulkKind

        queue_urls = {
            BulkKind.CREATE: self.settings.create_slices_queue_url,
            BulkKind.DELETE: self.settings.delete_slices_queue_url,
        }
        return SqsSliceQueue(client=clients.sqs(), queue_urls=queue_urls)

    @cached_property
    def collections(self) -> CollectionStore:
        from contacts.adapters.dynamodb.collection_store import DynamoCollectionStore

        return DynamoCollectionStore(client=clients.dynamodb(), table=self.settings.jobs_table)

    @cached_property
    def exports(self) -> ExportJobStore:
        from contacts.adapters.dynamodb.export_job_store import DynamoExportJobStore

        return DynamoExportJobStore(client=clients.dynamodb(), table=self.settings.jobs_table, clock=self.clock)

    @cached_property
    def audit_log(self) -> AuditLog:
        from contacts.adapters.dynamodb.audit_log import DynamoAuditLog

        return DynamoAuditLog(client=clients.dynamodb(), table=self.settings.jobs_table, clock=self.clock)

    @cached_property
    def export_runner(self) -> ExportRunner:
        from contacts.adapters.stepfunctions import StepFunctionsExportRunner

        return StepFunctionsExportRunner(
            client=clients.stepfunctions(), state_machine_arn=self.settings.export_state_machine_arn
        )

    @cached_property
    def idempotency(self) -> IdempotencyStore:
        from contacts.adapters.dynamodb.idempotency_store import DynamoIdempotencyStore

        return DynamoIdempotencyStore(client=clients.dynamodb(), table=self.settings.jobs_table, clock=self.clock)

    @cached_property
    def outbox(self) -> ContactOutbox:
        from contacts.adapters.dynamodb.contact_outbox import DynamoContactOutbox

        return DynamoContactOutbox(client=clients.dynamodb(), table=self.settings.jobs_table, clock=self.clock)

    @cached_property
    def files(self) -> FileStore:
        from contacts.adapters.s3_files import S3Files

        return S3Files(client=clients.s3(), bucket=self.settings.files_bucket)

    @cached_property
    def links(self) -> FileLinks:
        from contacts.adapters.s3_links import S3Links

        client = clients.s3()
        return S3Links(client=client, bucket=self.settings.files_bucket, region=client.meta.region_name)

    @cached_property
    def runner(self) -> JobRunner:
        from contacts.adapters.stepfunctions import StepFunctionsRunner

        return StepFunctionsRunner(
            client=clients.stepfunctions(),
            import_state_machine_arn=self.settings.import_state_machine_arn,
            rollback_state_machine_arn=self.settings.rollback_state_machine_arn,
        )

    @cached_property
    def events(self) -> EventPublisher:
        from contacts.adapters.eventbridge import EventBridgePublisher

        return EventBridgePublisher(client=clients.events(), bus=self.settings.event_bus_name)
