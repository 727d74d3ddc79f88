"""Hostile input at every operation: refused with a sentence that names the field, never a defect, nothing stored.

The operations and their fields come from the APIs' own description, so a new one is tried without being
named here. The caller is the owner of an organization with rows of every kind, whose ids stand in the
paths: input is read, not turned away for another reason.
"""

import itertools
import json
from collections.abc import Iterator, Sequence
from typing import Any

import pytest
from django.test import Client

from tests.faults import hostile
from tests.faults.calls import (
    at_home,
    body_schema,
    caller,
    description,
    operations,
    parameters,
    text,
    url_of,
)
from tests.faults.worlds import World, build, rows_of, taken_back
from tests.guards.surface import Entry

WRITES = [entry for entry in operations() if entry.method != "GET"]
TAKING = [entry for entry in operations() if body_schema(entry) is not None]
# Whoever posts without signing in is counted by address.
_addresses = (f"198.51.{high}.{low}" for high in itertools.count() for low in range(1, 255))


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: Any) -> Iterator[World]:
    """Both organizations, in a transaction that is taken back after the last test of this module."""
    with django_db_blocker.unblock(), taken_back():
        yield build()


def post(client: Client, entry: Entry, body: bytes, kind: str = "application/json") -> Any:
    """The response to a raw body."""
    return client.generic(
        entry.method, url_of(entry), body, content_type=kind, REMOTE_ADDR=next(_addresses),
    )  # fmt: skip


def fault(response: Any, statuses: set[int], *, named: bool = False) -> str:
    """What is wrong with a refusal: its status, its envelope, or that it names no field."""
    if response.status_code not in statuses:
        return f"{response.status_code}, not {sorted(statuses)[:3]}: {text(response)[:200]}"
    found = json.loads(text(response))
    if set(found) != {"status", "code", "message", "details", "request_id"} or not found["message"]:
        return f"{response.status_code} without the envelope: {found}"
    fields = found["details"].get("fields", {})
    if named and not (fields and all(fields.values())):
        return f"{response.status_code} names no field: {found}"
    return ""


def no_defect(response: Any) -> str:
    """What is wrong with an answer that may be success."""
    return "" if response.status_code < 400 else fault(response, set(range(400, 500)))


# --- whole bodies -------------------------------------------------------------------------------------


@pytest.mark.parametrize("entry", TAKING, ids=str)
def test_no_body_that_cannot_be_read_does_anything(world: World, entry: Entry) -> None:
    wrong = []
    with taken_back():
        client, before = at_home(world), rows_of(world.rival)
        for name, raw in hostile.RAW.items():
            problem = fault(post(client, entry, raw), {400, 422}, named=name != "fifty levels")
            wrong += [f"{name}: {problem}"] if problem else []
        for kind in hostile.MEDIA_TYPES:
            problem = fault(post(client, entry, b"{}", kind), {415})
            wrong += [f"as {kind}: {problem}"] if problem else []
        problem = fault(post(client, entry, b"{" + b" " * hostile.BIG + b"}"), {413})
        wrong += [f"10 MB: {problem}"] if problem else []
        changed = {table for table, rows in rows_of(world.rival).items() if rows != before[table]}
    wrong += [f"changed {sorted(changed)}"] if changed else []
    assert not wrong, "\n".join([str(entry), *wrong])


# --- single fields ------------------------------------------------------------------------------------


# (kind of value, its number) that a run has sent.
Sent = set[tuple[str, int]]


def some(kind: str, values: Sequence[Any], start: int, every: int, sent: Sent) -> Iterator[Any]:
    """One of every so many values, from the start-th on: at least one, and others for the next field."""
    for number in range(start % min(every, len(values)) if values else 0, len(values), every):
        sent.add((kind, number))
        yield values[number]


def refused(entry: Entry, world: World, *, every: int, sent: Sent, shift: int = 0) -> list[str]:
    """What was wrong when each field was given what it cannot hold, taking one of every so many values."""
    whole, schema = description(entry)[1], body_schema(entry)
    assert schema is not None
    valid, wrong = hostile.everything(schema, whole), []
    with taken_back():
        client, before = at_home(world), rows_of(world.rival)
        for start, (path, each) in enumerate(hostile.fields(schema, whole), shift):
            never = some("never", hostile.NEVER, start, every, sent)
            wrong_types = some("type", hostile.wrong_for(each, whole), start, every, sent)
            for value in (*never, *wrong_types):
                answer = post(client, entry, hostile.put(valid, path, value))
                problem = fault(answer, {400, 422}, named=True)
                wrong += [f"{'.'.join(path)} = {value!r:.60}: {problem}"] if problem else []
        changed = {table for table, rows in rows_of(world.rival).items() if rows != before[table]}
    return [*wrong, f"changed {sorted(changed)}"] if changed else wrong


def odd(entry: Entry, world: World, *, every: int, sent: Sent, shift: int = 0) -> list[str]:
    """What was a defect of each field's odd texts, taking one of every so many."""
    whole, schema = description(entry)[1], body_schema(entry)
    assert schema is not None
    valid, wrong = hostile.everything(schema, whole), []
    with taken_back():
        client = at_home(world)
        for start, (path, each) in enumerate(hostile.fields(schema, whole), shift):
            if "string" not in (hostile.kinds(each, whole) or {"string"}):
                continue
            for value in some("odd", hostile.ODD, start, every, sent):
                with taken_back():
                    problem = no_defect(post(client, entry, hostile.put(valid, path, value)))
                wrong += [f"{'.'.join(path)} = {value!r:.60}: {problem}"] if problem else []
    return wrong


@pytest.mark.parametrize("entry", TAKING, ids=str)
def test_no_field_takes_what_it_cannot_hold_and_none_breaks(world: World, entry: Entry) -> None:
    sent: Sent = set()
    wrong = refused(entry, world, every=8, sent=sent) + odd(entry, world, every=12, sent=sent)
    assert not wrong, "\n".join([str(entry), *wrong])


@pytest.mark.faults
def test_every_hostile_value_in_every_field(world: World) -> None:
    """Each field of each operation takes a third of the values of each kind, and each value stands in some field.

    Pass: 0 defects, 0 taken that cannot be held, 0 rows changed, 0 values not sent.
    """
    sent, total, wrong = Sent(), 0, {}
    for each in TAKING:
        wrong[str(each)] = [
            *refused(each, world, every=3, sent=sent, shift=total),
            *odd(each, world, every=3, sent=sent, shift=total),
        ]
        total += len(list(hostile.fields(body_schema(each) or {}, description(each)[1])))
    print(
        f"hostile values: {len(sent)} in {total} fields of {len(TAKING)} operations,"
        f" {sum(map(len, wrong.values()))} taken or broken"
    )
    known = {"never": hostile.NEVER, "odd": hostile.ODD}
    assert not {(kind, number) for kind, values in known.items() for number in range(len(values))} - sent
    assert not any(wrong.values()), {name: found[:5] for name, found in wrong.items() if found}


# --- addresses ----------------------------------------------------------------------------------------


@pytest.mark.parametrize("entry", [each for each in operations() if parameters(each)], ids=str)
def test_no_parameter_of_an_address_is_a_defect(world: World, entry: Entry) -> None:
    wrong = []
    with taken_back():
        client = at_home(world)
        for start, (name, place, _schema) in enumerate(parameters(entry)):
            for value in ("a%00b", *hostile.IN_ADDRESSES[start % 3 :: 3]):
                problem = in_address(client, entry, name, place, value)
                wrong += [f"{name} = {value:.60}: {problem}"] if problem else []
    assert not wrong, "\n".join([str(entry), *wrong])


def in_address(client: Client, entry: Entry, name: str, place: str, value: str) -> str:
    """What is wrong with the answer to an address with that text, percent-encoded, in a parameter."""
    url = url_of(entry, **({name: value} if place == "path" else {}))
    with taken_back():
        response = client.generic(
            entry.method, url.partition("?")[0], b"{}", content_type="application/json",
            QUERY_STRING=f"{name}={value}" if place == "query" else "", REMOTE_ADDR=next(_addresses),
        )  # fmt: skip
    return fault(response, {400, 404, 422}) if "%00" in value else no_defect(response)


def test_thousands_of_parameters_and_long_addresses_are_refused_or_ignored(world: World) -> None:
    wrong = []
    with taken_back():
        client = at_home(world)
        for entry in operations():
            if entry.method != "GET":
                continue
            for query in ("&".join(f"p{n}={n}" for n in range(5000)), "&" * 10_000, "page=" + "1" * 100_000):
                response = client.get(url_of(entry), QUERY_STRING=query, REMOTE_ADDR=next(_addresses))
                problem = no_defect(response)
                wrong += [f"{entry} {query:.20}: {problem}"] if problem else []
    assert not wrong, "\n".join(wrong)


# --- who asks comes first -----------------------------------------------------------------------------


@pytest.mark.parametrize("entry", WRITES, ids=str)
def test_who_may_not_is_told_so_before_the_body_is_read(world: World, entry: Entry) -> None:
    """Else a stranger learns from the complaints what the operation takes."""
    with taken_back():
        viewer = caller(world, "viewer")
        for garbage in (b"garbage", b"", b'{"no_such_field": 1}', b"\xff"):
            if entry.permission:
                problem = fault(post(viewer, entry, garbage), {403})
                assert not problem, f"{entry} by a viewer: {problem}"
            if entry.permission or entry.operation.auth_callbacks:  # type: ignore[union-attr]
                problem = fault(post(Client(), entry, garbage), {401})
                assert not problem, f"{entry} by nobody: {problem}"
