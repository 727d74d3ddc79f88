"""Events: nothing lost, nothing twice, a bad handler stops nobody."""

import threading
import uuid
from typing import Any

import pytest
from django.db import connection, connections, transaction

from kith.kit import clock, outbox, tenancy
from kith.kit.events import REGISTRY, StoredEvent, event
from kith.kit.models import EventFailure, Heartbeat, OutboxEvent

pytestmark = pytest.mark.django_db


@event("test.happened", outside=True)
class Happened:
    """Something, with a number."""

    number: int


# Only these tests know it; the product announces nothing of the kind.
REGISTRY.pop("test.happened")

seen: list[tuple[str, int]] = []
broken = threading.Event()


def note(stored: StoredEvent, *, now: Any) -> None:
    """Remember the event and write a row, as a real handler would."""
    if broken.is_set():
        raise RuntimeError("not today")
    Heartbeat.objects.update_or_create(process=f"test-{stored.position}", defaults={"at": now})
    seen.append((stored.subject_type, stored.data["number"]))


@pytest.fixture
def subscriptions() -> dict[str, list[tuple[str, str]]]:
    """One consumer of this test only; the module is importable by its path."""
    seen.clear()
    broken.clear()
    return {"test.happened": [(f"consumer-{uuid.uuid4()}", f"{__name__}.note")]}


def tell(number: int, subject_type: str = "thing") -> None:
    outbox.publish(
        Happened(number=number), subject_type=subject_type, subject_id=uuid.uuid4(), now=clock.now()
    )


def mine(tenant: Any) -> list[int]:
    return sorted(number for kind, number in seen if kind == str(tenant.id))


def test_each_event_is_handled_once(committed: Any, subscriptions: Any) -> None:
    tenant = committed("outbox")
    with tenancy.use(tenant.id):
        for number in range(3):
            tell(number, str(tenant.id))
    outbox.drain(subscriptions)
    outbox.drain(subscriptions)
    assert mine(tenant) == [0, 1, 2]


def test_an_event_of_a_rolled_back_transaction_never_happened(committed: Any, subscriptions: Any) -> None:
    tenant = committed("undone")
    with pytest.raises(ZeroDivisionError):
        _tell_and_fail(tenant)
    outbox.drain(subscriptions)
    assert mine(tenant) == []


def _tell_and_fail(tenant: Any) -> None:
    with tenancy.use(tenant.id):
        tell(1, str(tenant.id))
        _ = 1 / 0


def test_a_transaction_that_commits_late_is_not_skipped(committed: Any, subscriptions: Any) -> None:
    tenant = committed("late")
    written, may_commit = threading.Event(), threading.Event()

    def slow() -> None:
        with tenancy.use(tenant.id):
            tell(1, str(tenant.id))
            written.set()
            may_commit.wait(20)
        connections.close_all()

    thread = threading.Thread(target=slow)
    thread.start()
    assert written.wait(20)
    with tenancy.use(tenant.id):
        tell(2, str(tenant.id))
    outbox.drain(subscriptions)
    assert mine(tenant) == []  # the horizon holds both back
    may_commit.set()
    thread.join()
    outbox.drain(subscriptions)
    assert mine(tenant) == [1, 2]


def test_a_handler_that_fails_is_tried_again_and_others_go_on(committed: Any, subscriptions: Any) -> None:
    tenant = committed("broken")
    broken.set()
    with tenancy.use(tenant.id):
        tell(1, str(tenant.id))
    outbox.drain(subscriptions)
    broken.clear()
    with tenancy.use(tenant.id):
        tell(2, str(tenant.id))
        failure = EventFailure.objects.get()
        assert "not today" in failure.error
        EventFailure.objects.update(due_at=clock.now())
    outbox.drain(subscriptions)
    assert mine(tenant) == [2]
    assert outbox.retry_failures(subscriptions) >= 1
    assert mine(tenant) == [1, 2]
    with tenancy.use(tenant.id):
        assert not EventFailure.objects.exists()


def test_several_relays_at_once_deliver_once(committed: Any, subscriptions: Any) -> None:
    tenant = committed("relays")
    with tenancy.use(tenant.id):
        for number in range(60):
            tell(number, str(tenant.id))

    def relay() -> None:
        for _ in range(4):
            outbox.deliver(subscriptions)
        connections.close_all()

    threads = [threading.Thread(target=relay) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    outbox.drain(subscriptions)
    assert mine(tenant) == list(range(60))


def test_events_cannot_be_changed_or_removed(in_acme: Any) -> None:
    tell(1)
    for statement in ("update kit_outboxevent set type = 'x'", "delete from kit_outboxevent"):
        with pytest.raises(Exception, match=r"permission denied|append-only"), transaction.atomic():
            with connection.cursor() as cursor:
                cursor.execute(statement)
    assert OutboxEvent.objects.get().type == "test.happened"
