"""Nobody gets at another organization's rows: not by any operation, page, role or id, and not by SQL.

The operations come from the APIs' own description and the pages from the URL map, so a new one is tried
without being named here.
"""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from django.db import DatabaseError, connection, models, transaction
from django.http import JsonResponse
from django.test import Client

from kith.kit import tenancy
from kith.tenants.rules import PERMISSIONS
from tests.faults.calls import (
    at_home,
    browser,
    caller,
    names_a_row,
    operations,
    pages,
    parameters,
    send,
    text,
)
from tests.faults.worlds import CODE, MARK, THE_ID, World, build, owned, rows_of, taken_back
from tests.guards.surface import Entry

ROLES = ("owner", "admin", "manager", "agent", "viewer", "auditor")
# A foreign id that only narrows what is looked for: it finds nothing.
FILTERS = {"POST /api/v1/referrals/export", "POST /api/v1/participants/export"}
# Public on purpose: whoever has the code may use it, members of another organization included.
BY_CODE = {
    "POST /api/v1/public/referrals": "the form of a referral page, without signing in",
    "POST /api/referrals": "the older form of the same",
}


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: Any) -> Iterator[World]:
    """Both organizations, in a transaction that is taken back after the last test of this module."""
    with django_db_blocker.unblock(), taken_back():
        yield build()


def foreign_rows(found: Any) -> Iterator[dict[str, Any]]:
    """Every object of an answer that is about the foreign id."""
    if isinstance(found, dict):
        if str(THE_ID) in found.values():
            yield found
        for value in found.values():
            yield from foreign_rows(value)
    elif isinstance(found, list):
        for value in found:
            yield from foreign_rows(value)


def refuses_each_row(response: Any) -> bool:
    """A bulk answer: each foreign id is named, and each is refused with a code."""
    rows = list(foreign_rows(json.loads(text(response))))
    return bool(rows) and all(
        row.get("code") and not row.get("ok") and row.get("status") != "success" for row in rows
    )


def verdict(entry: Entry, role: str, response: Any, sent: str) -> str:
    """What is wrong with the answer, or nothing."""
    status, shown = response.status_code, text(response)
    if status >= 500:
        return f"{status}: a defect"
    if MARK in shown:
        return f"{status}: shows Rival's data: …{shown[max(0, shown.index(MARK) - 80) :][:200]}…"
    if entry.permission and role not in PERMISSIONS[entry.permission]:
        return "" if status == 403 else f"{status} without {entry.permission}, not 403"
    if names_a_row(entry):
        return "" if status == 404 else f"{status} for a foreign row, not 404: {shown[:200]}"
    narrows = entry.method == "GET" or str(entry) in FILTERS
    if str(THE_ID) in sent and not narrows and status < 300 and not refuses_each_row(response):
        return f"{status} with a foreign id in it: {shown[:200]}"
    return ""


# --- the API ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("entry", operations(), ids=str)
def test_an_operation_never_reaches_another_organization(world: World, entry: Entry) -> None:
    if str(entry) in BY_CODE:
        assert entry.reason, "only what is public may be open by code"
        return
    before = rows_of(world.rival)
    wrong = []
    for role in ROLES:
        with taken_back():
            client = caller(world, role)
            response, sent = send(client, entry)
            wrong += [f"{role}: {problem}" for problem in [verdict(entry, role, response, sent)] if problem]
            changed = {table for table, rows in rows_of(world.rival).items() if rows != before[table]}
            wrong += [f"{role}: changed Rival's {sorted(changed)}"] if changed else []
    assert not wrong, "\n".join([str(entry), *wrong])


def test_every_operation_is_described_and_every_exception_exists() -> None:
    missing = []
    for entry in operations():
        try:
            parameters(entry)
        except KeyError:
            missing.append(str(entry))
    assert not missing
    assert not (set(BY_CODE) | FILTERS) - {str(entry) for entry in operations()}


def test_the_ids_are_real_rival_itself_reaches_its_rows(world: World) -> None:
    """Without this, every 404 above could come from an id that exists nowhere."""
    reached, missed = [], []
    for entry in (each for each in operations() if names_a_row(each) and each.method == "GET"):
        with taken_back():
            response, sent = send(at_home(world), entry)
        found = missed if response.status_code == 404 else reached
        found.append(str(entry))
        # The same answer, given to Acme, would have been noticed.
        assert response.status_code == 404 or verdict(entry, "owner", response, sent), entry
    # Files and accounts that Rival's bare rows do not have are rightly missing.
    assert len(reached) >= len(missed) * 2, missed


def test_a_bulk_answer_that_did_it_is_noticed() -> None:
    done = {"data": {"results": [{"id": str(THE_ID), "ok": True, "code": ""}]}}
    refused = {"data": {"results": [{"id": str(THE_ID), "ok": False, "code": "not_found"}]}}
    assert not refuses_each_row(JsonResponse(done))
    assert not refuses_each_row(JsonResponse({"data": {}}))
    assert refuses_each_row(JsonResponse(refused))


# --- the pages ----------------------------------------------------------------------------------------


def visit(client: Client, entry: Entry, slug: str, method: str) -> Any:
    """GET or POST the page of the organization `slug` with foreign ids in its path."""
    named = {"uuid": THE_ID, "int": 1, "slug": CODE.lower()}
    url = entry.url(lambda kind, name: slug if name in {"tenant", "slug"} else named.get(kind, CODE))
    return getattr(client, method)(url, {"name": "Eli Evers", "ids": str(THE_ID), "rows": str(THE_ID)})


@pytest.mark.parametrize("entry", pages(), ids=str)
def test_a_page_never_reaches_another_organization(world: World, entry: Entry) -> None:
    before = rows_of(world.rival)
    names = [name for _, name in entry.parameters if name not in {"tenant", "slug"}]
    wrong = []
    for role in ROLES:
        client = browser(world, role)
        lacks = bool(entry.permission) and role not in PERMISSIONS[entry.permission]
        for method in ("get", "post"):
            with taken_back():
                elsewhere = visit(client, entry, world.rival.slug, method)
                at_home = visit(client, entry, world.acme.slug, method)
                changed = rows_of(world.rival) != before
            said = [
                (elsewhere, {404}),
                (at_home, {403, 405} if lacks else {404, 405} if names else set(range(200, 500))),
            ]
            for response, allowed in said:
                if response.status_code not in allowed or MARK in text(response).replace(
                    world.rival.slug, ""
                ):
                    wrong.append(f"{role} {method}: {response.status_code}, not {sorted(allowed)[:2]}")
            wrong += [f"{role} {method}: changed Rival's rows"] if changed else []
    assert not wrong, "\n".join([str(entry), *wrong])


# --- the database itself ------------------------------------------------------------------------------


@pytest.mark.parametrize("model", owned(), ids=lambda model: model._meta.db_table)
def test_sql_of_the_application_sees_and_writes_one_tenant_only(
    world: World, model: type[models.Model]
) -> None:
    table = model._meta.db_table
    with taken_back(), tenancy.use(world.acme.id), connection.cursor() as cursor:
        cursor.execute(f"select count(*) from {table} where tenant_id = %s", [world.rival.id])
        assert cursor.fetchone() == (0,)
        cursor.execute(f"select count(*) from {table} where tenant_id is distinct from %s", [world.acme.id])
        assert cursor.fetchone() == (0,)
        if model.Fence.writes == "all":  # type: ignore[attr-defined]
            for statement in (f"update {table} set tenant_id = tenant_id", f"delete from {table}"):
                cursor.execute(f"{statement} where tenant_id = %s", [world.rival.id])
                assert cursor.rowcount == 0, statement
    with tenancy.use(world.rival.id), connection.cursor() as cursor:
        cursor.execute(f"select count(*) from {table}")
        assert cursor.fetchone()[0] > 0, "Rival has no row here: the test would prove nothing"


@pytest.mark.parametrize("model", owned(), ids=lambda model: model._meta.db_table)
def test_sql_of_the_application_cannot_insert_for_another_tenant(
    world: World, model: type[models.Model]
) -> None:
    table = model._meta.db_table
    columns = [
        field.column for field in model._meta.local_fields if not isinstance(field, models.GeneratedField)
    ]
    row: dict[str, Any] = {}
    with tenancy.use(world.rival.id), connection.cursor() as cursor:
        cursor.execute(f"select row_to_json(r) from {table} r limit 1")
        row = cursor.fetchone()[0]
        row = json.loads(row) if isinstance(row, str) else row
    insert = (
        f"insert into {table} ({', '.join(columns)}) overriding system value"
        f" select {', '.join(columns)} from json_populate_record(null::{table}, %s)"
    )
    with taken_back(), tenancy.use(world.acme.id), connection.cursor() as cursor:
        with pytest.raises(DatabaseError) as refused, transaction.atomic():
            cursor.execute(insert, [json.dumps(row)])
    words = str(refused.value)
    assert "row-level security" in words or "permission denied" in words, words


def test_no_tenant_at_all_sees_nothing(world: World) -> None:
    with taken_back(), connection.cursor() as cursor:
        cursor.execute("select set_config('app.tenant_id', '', true), set_config('role', 'none', true)")
        for model in owned():
            cursor.execute(f"select count(*) from {model._meta.db_table}")
            assert cursor.fetchone() == (0,), model._meta.db_table


def test_the_search_functions_know_the_tenant_in_force_only(world: World) -> None:
    with connection.cursor() as cursor:
        cursor.execute(r"select proname from pg_proc where proname like '%%\_matching' and prosecdef", [])
        functions = [name for (name,) in cursor.fetchall()]
    assert functions

    def found(function: str) -> int:
        with connection.cursor() as cursor:
            cursor.execute(f"select count(*) from {function}(%s)", [[MARK]])
            return int(cursor.fetchone()[0])

    for function in functions:
        with tenancy.use(world.acme.id):
            assert found(function) == 0, function
        with tenancy.use(world.rival.id):
            assert found(function) > 0, function
        with taken_back(), connection.cursor() as cursor:
            cursor.execute("select set_config('app.tenant_id', '', true), set_config('role', 'none', true)")
            assert found(function) == 0, function
