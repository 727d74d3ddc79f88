"""No id can be tried out: with whatever body, another organization's row is answered as one that exists nowhere.

A body is held against the description before the row is looked for, so a bad one is answered by 422 whichever row
was meant. That tells nobody anything as long as the answers are the same: this is what is compared here.
"""

import json
import re
import uuid
from collections.abc import Iterator
from typing import Any

import pytest
from django.test import Client

from tests.faults import bodies, hostile
from tests.faults.calls import (
    FOREIGN_TEXT,
    body_schema,
    browser,
    caller,
    description,
    operations,
    pages,
    parameters,
    text,
    url_of,
)
from tests.faults.worlds import CODE, NAMED, THE_ID, World, build, taken_back
from tests.guards.surface import Entry

NOWHERE = uuid.UUID("01977777-7777-7777-8777-000000000000")
# What stands in Rival's rows, and what stands in nobody's, of the same form.
WORDS = {CODE: "QZVR5432", CODE.lower(): "qzvr5432", str(NAMED["external_id"]): "QZVR-1"}
# Ids and codes of what was made or of the request, moments, and secrets of forms and scripts.
ALWAYS_NEW = re.compile(
    rf"(?!{NOWHERE})\b[0-9a-f]{{8}}(-[0-9a-f]{{4}}){{3}}-[0-9a-f]{{12}}\b|\d{{4}}-\d\d-\d\dt[\d:.]+z?"
    r'|"code":"[2-9a-hj-np-z]{8}"'
    r"|(csrf\w*\W+(value)?|nonce)\W+[\w/+=-]{10,}"
)
# Codes are for whoever has them: the form of a referral page says what it knows of a code to everybody.
BY_CODE = {"POST /api/v1/public/referrals", "POST /api/referrals"}


@pytest.fixture(scope="module")
def world(django_db_setup: None, django_db_blocker: Any) -> Iterator[World]:
    """Both organizations, in a transaction that is taken back after the last test of this module."""
    with django_db_blocker.unblock(), taken_back():
        yield build()


def elsewhere(sent: str) -> str:
    """The same address or body about rows that exist nowhere."""
    for word, other in {str(THE_ID): str(NOWHERE), **WORDS}.items():
        sent = sent.replace(word, other)
    return sent


def told(response: Any) -> tuple[int, str, list[str]]:
    """What the caller can see of an answer, without what is different each time."""
    shown = ALWAYS_NEW.sub("", elsewhere(text(response)))
    return response.status_code, shown, sorted(name for name, _ in response.items())


def bad_and_good(entry: Entry) -> list[str]:
    """Bodies of every kind of fault, and the valid ones with ids of rows in them."""
    whole, schema = description(entry)[1], body_schema(entry)
    if schema is None:
        return [""]
    valid = hostile.everything(schema, whole)
    one_wrong = [
        hostile.put(valid, path, value).decode()
        for path, each in hostile.fields(schema, whole)
        for value in hostile.wrong_for(each, whole)[:1]
    ]
    smallest = json.dumps(bodies.body(schema, whole))
    return ["garbage", "{}", '{"no_such_field": 1}', "[]", *one_wrong, smallest, json.dumps(valid)]


OPERATIONS = [
    each
    for each in operations()
    if any(elsewhere(sent) != sent for sent in (url_of(each), *bad_and_good(each))) or parameters(each)
]


@pytest.mark.parametrize("entry", OPERATIONS, ids=str)
def test_a_foreign_row_is_answered_as_one_that_exists_nowhere(world: World, entry: Entry) -> None:
    if str(entry) in BY_CODE:
        assert entry.reason, "only what is public may tell of a code"
        return
    wrong, client = [], caller(world, "owner")
    queries = [name for name, place, _ in parameters(entry) if place == "query"]
    for body in bad_and_good(entry):
        for query in ("", "&".join(f"{name}={THE_ID}" for name in queries), "page=x&limit=-1")[
            : 1 + 2 * bool(queries)
        ]:
            url = url_of(entry)
            foreign, nowhere = (ask(client, entry, *each) for each in (
                (url, query, body), (elsewhere(url), elsewhere(query), elsewhere(body)),
            ))  # fmt: skip
            if foreign != nowhere:
                wrong.append(f"{body:.60} ?{query:.40}: {foreign} but {nowhere}")
    assert not wrong, "\n".join([str(entry), *wrong[:5]])


def ask(client: Client, entry: Entry, url: str, query: str, body: str) -> tuple[int, str, list[str]]:
    """What one call tells; nothing of it stays."""
    with taken_back():
        return told(
            client.generic(entry.method, url, body, content_type="application/json", QUERY_STRING=query)
        )


def test_the_foreign_rows_are_there_and_would_be_told(world: World) -> None:
    """Rival's own caller gets another answer for its row than for one that exists nowhere."""
    from tests.faults.calls import at_home

    seen = 0
    for entry in OPERATIONS:
        if entry.method == "GET" and url_of(entry) != elsewhere(url_of(entry)):
            here = ask(at_home(world), entry, url_of(entry), "", "")
            seen += here != ask(at_home(world), entry, elsewhere(url_of(entry)), "", "")
    assert seen >= 8


@pytest.mark.parametrize("entry", [each for each in pages() if len(each.parameters) > 1], ids=str)
def test_a_page_tells_nothing_of_a_foreign_row(world: World, entry: Entry) -> None:
    known = {"uuid": THE_ID, "int": 1, "slug": CODE.lower()}
    url = entry.url(
        lambda kind, name: world.acme.slug if name in {"tenant", "slug"} else known.get(kind, CODE)
    )
    client = browser(world, "owner")
    for form in ({}, {"name": "x", "ids": str(THE_ID)}, {"amount": "x", "reason": "x" * 5000, "to": CODE}):
        for method in ("get", "post"):
            with taken_back():
                foreign = told(getattr(client, method)(url, form))
            with taken_back():
                nowhere = told(
                    getattr(client, method)(elsewhere(url), json.loads(elsewhere(json.dumps(form))))
                )
            assert foreign == nowhere, (method, form)


def test_every_kind_of_name_in_a_path_has_its_counterpart() -> None:
    """Else a foreign row would be compared with itself."""
    for entry in OPERATIONS:
        for name, place, schema in parameters(entry):
            if place == "path" and (schema.get("format") == "uuid" or name in FOREIGN_TEXT):
                assert url_of(entry) != elsewhere(url_of(entry)), f"{entry}: {name}"
