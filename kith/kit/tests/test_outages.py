"""The database fails in every way it can: an outage is answered, a defect stays one."""

import contextlib
import json
from typing import Any

import pytest
from django.db import DatabaseError, IntegrityError, connection
from django.http import HttpResponse
from django.test import Client, RequestFactory

from kith.kit import outages, patience, starting, tenancy
from kith.kit.errors import Unavailable
from kith.kit.html import refusal
from tests.machine import until


def met(statement: str) -> DatabaseError:
    """What Django raises for a statement that fails."""
    try:
        with connection.cursor() as cursor:
            cursor.execute(statement)
    except DatabaseError as error:
        return error
    raise AssertionError(f"{statement} does not fail")


def raising(code: str) -> str:
    """A statement that fails with a code of PostgreSQL."""
    return f"do $$ begin raise exception 'no' using errcode = '{code}'; end $$"


@pytest.mark.parametrize("code", ["57014", "55P03", "53300", "53100", "40P01", "57P01", "25006", "58030"])
def test_an_outage_is_one(transactional_db: None, code: str) -> None:
    assert outages.is_outage(met(raising(code)))


@pytest.mark.parametrize("code", ["22P02", "23505", "42601", "54000", "P0001"])
def test_a_defect_is_none(transactional_db: None, code: str) -> None:
    assert not outages.is_outage(met(raising(code)))
    assert not outages.is_outage(IntegrityError("twice"))
    assert not outages.is_outage(ValueError("none of the database's"))


def limits() -> dict[str, str]:
    with connection.cursor() as cursor:
        found = {}
        for name in patience.BRIEF.settings():
            cursor.execute(f"show {name}")
            found[name] = cursor.fetchone()[0]
        return found


def test_outside_a_transaction_the_role_itself_is_brief(transactional_db: None) -> None:
    assert limits() == patience.BRIEF.settings()


def test_a_scope_waits_as_long_as_its_caller_may(committed: Any) -> None:
    tenant = committed("patience")
    with tenancy.use(tenant.id):
        assert limits()["statement_timeout"] == "15min"
        with connection.cursor() as cursor:
            cursor.execute("set local lock_timeout = '500ms'")
        with tenancy.use(tenant.id):  # what is inside does not lengthen what was shortened
            assert limits()["lock_timeout"] == "500ms"
        assert limits()["lock_timeout"] == "500ms"
    with patience.use(patience.BRIEF), tenancy.use(tenant.id):
        assert limits() == patience.BRIEF.settings()
    assert limits() == patience.BRIEF.settings()


def reconnected() -> bool:
    with contextlib.suppress(DatabaseError), connection.cursor() as cursor:
        cursor.execute("select 1")
        return True
    return False


def test_a_silent_server_is_given_up_and_the_connection_replaced(transactional_db: None) -> None:
    limited = patience.Patience(statement=60, lock=60, idle=60, answer=1)
    with patience.use(limited):
        error = met("set statement_timeout = 0; select pg_sleep(30)")
    assert outages.is_outage(error)
    assert "within 1 s" in str(error)
    assert connection.connection.closed
    assert not connection.is_usable()
    connection.close()
    assert outages.is_outage(met("select 1"))  # nobody asks for a second
    until(reconnected, 10, "a new connection")
    assert connection.is_usable()


def test_a_page_that_meets_an_outage_says_when_to_come_again(rf: RequestFactory) -> None:
    layer = outages.Outages(lambda request: HttpResponse())
    assert layer.process_exception(rf.get("/"), ValueError()) is None
    for path, expected in (("/p/x/", "text/html"), ("/api/v1/programs", "application/json")):
        request = rf.get(path)
        answer = outages._unavailable(request, None)
        assert (answer.status_code, answer["Retry-After"]) == (503, "5")
        assert answer["Content-Type"].startswith(expected)
    assert json.loads(answer.content)["code"] == "unavailable"
    assert "be right back" in refusal(rf.get("/p/x/"), Unavailable(retry_after=5)).content.decode()


@pytest.mark.django_db
def test_a_full_disk_makes_it_unready(monkeypatch: pytest.MonkeyPatch) -> None:
    def said() -> tuple[int, dict[str, Any]]:
        answer = Client().get("/api/health")
        return answer.status_code, answer.json()["data"]

    status, data = said()
    assert (status, data["ready"], data["disk"]) == (200, True, "free")
    monkeypatch.setattr(starting, "LEAST_FREE_BYTES", 2**62)
    status, data = said()
    assert (status, data["ready"], data["disk"], data["database"]) == (503, False, "full", "up")
