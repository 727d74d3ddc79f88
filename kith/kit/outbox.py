"""The outbox: events are rows of the transaction that made them true, delivered soon after.

A consumer reads below the visibility horizon (`event_horizon()`), so a transaction that commits late
is never skipped, and moves its cursor in the same transaction as its effects, so nothing happens twice.
There is no NOTIFY on the write path; the scheduler polls.
"""

import datetime
import json
import logging
from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

import orjson
from django.db import connection, transaction
from django.utils.module_loading import import_string

from kith.kit import clock, tenancy
from kith.kit.events import StoredEvent, as_data
from kith.kit.ids import uuid7
from kith.kit.models import EventCursor, EventFailure, OutboxEvent

log = logging.getLogger("kith.outbox")

BATCH = 200
MAX_ATTEMPTS = 8
Subscriptions = Mapping[str, Sequence[tuple[str, str]]]

_COLUMNS = "position, id, tenant_id, type, subject_type, subject_id, actor, request_id, occurred_at, data"


def publish(event: Any, *, subject_type: str, subject_id: UUID, now: datetime.datetime) -> None:
    """Write one event into the outbox, in the current transaction and for the tenant in force."""
    scope = tenancy.current()
    OutboxEvent.objects.create(
        tenant_id=tenancy.current_tenant_id(),
        type=event.event_name,
        subject_type=subject_type,
        subject_id=subject_id,
        actor=scope.actor.ref,
        request_id=scope.request_id,
        occurred_at=now,
        data=as_data(event),
    )


def publish_many(events: Iterable[tuple[UUID, Any]], *, subject_type: str, now: datetime.datetime) -> None:
    """As `publish` for each (subject id, event), in one statement."""
    scope, rows = tenancy.current(), list(events)
    if not rows:
        return
    # The encoder writes dataclasses, ids and times as `as_data` does, many times as fast.
    written = [(uuid7(), event.event_name, subject_id, event) for subject_id, event in rows]
    with connection.cursor() as db:
        # One document, since a driver takes longer over arrays of thousands than the server over the insert.
        db.execute(
            "insert into kit_outboxevent"
            " (tenant_id, id, type, subject_type, subject_id, actor, request_id, occurred_at, data)"
            " select %s, (made ->> 0)::uuid, made ->> 1, %s, (made ->> 2)::uuid, %s, %s, %s, made -> 3"
            " from jsonb_array_elements(%s::jsonb) made",
            [
                tenancy.current_tenant_id(),
                subject_type,
                scope.actor.ref,
                scope.request_id,
                now,
                orjson.dumps(written).decode(),
            ],
        )


def consumers(subscriptions: Subscriptions) -> dict[str, dict[str, list[str]]]:
    """Turn "event -> [(consumer, handler)]" into "consumer -> event -> [handler]"."""
    found: dict[str, dict[str, list[str]]] = {}
    for event_type, handlers in subscriptions.items():
        for consumer, path in handlers:
            found.setdefault(consumer, {}).setdefault(event_type, []).append(path)
    return found


def deliver(subscriptions: Subscriptions) -> int:
    """One round: give every consumer its next batch. Returns how many events were handled."""
    return sum(_deliver_to(consumer, handlers) for consumer, handlers in consumers(subscriptions).items())


def drain(subscriptions: Subscriptions) -> int:
    """Deliver until a round finds nothing; for the command line, demo data and tests."""
    total = 0
    while handled := deliver(subscriptions):
        total += handled
    return total


def _deliver_to(consumer: str, handlers: Mapping[str, Sequence[str]]) -> int:
    with tenancy.across_tenants("the relay serves every tenant"):
        cursor = _locked_cursor(consumer)
        if cursor is None:
            return 0
        _yield_to_people()
        events, horizon = _next_events(cursor, list(handlers))
        for stored in events:
            _handle(consumer, stored, handlers[stored.type])
        if len(events) < BATCH:
            # Everything below the horizon is done, also the events of other types.
            cursor.upto_txid, cursor.upto_position = horizon, 0
        else:
            cursor.upto_txid, cursor.upto_position = _txid_of(events[-1].position), events[-1].position
        cursor.moved_at = clock.now()
        cursor.save()
    return len(events)


def _yield_to_people() -> None:
    """A batch holds the rows of many events; where a person waits for one and we for theirs, we give way.

    Half the time after which PostgreSQL looks for deadlocks; the event is tried again soon.
    """
    with connection.cursor() as db:
        db.execute("set local lock_timeout = '500ms'")


def _locked_cursor(consumer: str) -> EventCursor | None:
    """The consumer's cursor, or None while another process holds it."""
    EventCursor.objects.bulk_create(
        [EventCursor(consumer=consumer, moved_at=clock.now())], ignore_conflicts=True
    )
    return EventCursor.objects.select_for_update(skip_locked=True).filter(pk=consumer).first()


def _next_events(cursor: EventCursor, types: list[str]) -> tuple[list[StoredEvent], str]:
    with connection.cursor() as db:
        db.execute("select event_horizon()::text")
        horizon = db.fetchone()[0]
        db.execute(
            f"select {_COLUMNS} from kit_outboxevent"  # noqa: S608 - column names above
            " where (txid, position) > (%s::xid8, %s) and txid < %s::xid8 and type = any(%s)"
            " order by txid, position limit %s",
            [cursor.upto_txid, cursor.upto_position, horizon, types, BATCH],
        )
        return [_stored(row) for row in db.fetchall()], horizon


def _stored(row: tuple[Any, ...]) -> StoredEvent:
    values = dict(zip(_COLUMNS.split(", "), row, strict=True))
    if isinstance(values["data"], str):
        values["data"] = json.loads(values["data"])
    return StoredEvent(**values)


def _txid_of(position: int) -> str:
    with connection.cursor() as db:
        db.execute("select txid::text from kit_outboxevent where position = %s", [position])
        return str(db.fetchone()[0])


def _handle(consumer: str, stored: StoredEvent, paths: Sequence[str]) -> None:
    try:
        _run(stored, paths)
    except Exception as error:
        log.exception("event not digested", extra={"consumer": consumer, "event": stored.type})
        EventFailure.objects.create(
            tenant_id=stored.tenant_id,
            consumer=consumer,
            position=stored.position,
            error=repr(error)[:2000],
            due_at=clock.now() + datetime.timedelta(seconds=5),
        )


def _run(stored: StoredEvent, paths: Sequence[str]) -> None:
    with tenancy.use(stored.tenant_id, request_id=stored.request_id):
        for path in paths:
            import_string(path)(stored, now=clock.now())


def retry_failures(subscriptions: Subscriptions) -> int:
    """Try again what is due; back-off doubles from 5 s. Returns how many succeeded."""
    mended = 0
    handlers = consumers(subscriptions)
    with tenancy.across_tenants("the relay serves every tenant"):
        due = EventFailure.objects.select_for_update(skip_locked=True).filter(
            due_at__lte=clock.now(), attempts__lt=MAX_ATTEMPTS
        )
        for failure in due[:BATCH]:
            mended += _retry(failure, handlers.get(failure.consumer, {}))
    return mended


def _retry(failure: EventFailure, handlers: Mapping[str, Sequence[str]]) -> int:
    with connection.cursor() as db:
        db.execute(f"select {_COLUMNS} from kit_outboxevent where position = %s", [failure.position])  # noqa: S608
        stored = _stored(db.fetchone())
    try:
        with transaction.atomic():
            _run(stored, handlers.get(stored.type, ()))
    except Exception as error:
        failure.attempts += 1
        failure.error = repr(error)[:2000]
        failure.due_at = clock.now() + datetime.timedelta(seconds=5 * 2**failure.attempts)
        failure.save()
        return 0
    failure.delete()
    return 1


def lag_seconds() -> float:
    """Age of the oldest event some consumer has not passed yet; 0 when all are up to date."""
    with tenancy.across_tenants("health looks at the whole installation"), connection.cursor() as db:
        db.execute(
            "select coalesce(extract(epoch from now() - min(e.occurred_at)), 0) from kit_outboxevent e"
            " join kit_eventcursor c on (e.txid, e.position) > (c.upto_txid::xid8, c.upto_position)"
        )
        return float(db.fetchone()[0])
