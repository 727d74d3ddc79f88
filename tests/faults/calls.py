"""Requests to every operation and page, made from the API's own description and the URL map.

A new operation or page is called without being named anywhere.
"""

import functools
import json
import re
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from kith import api as wiring
from kith.kit import clock, tenancy
from kith.tenants import actions
from tests.faults import bodies
from tests.faults.worlds import World
from tests.guards.surface import Entry, entries

# Text in a path that names a row of one tenant.
FOREIGN_TEXT = {"code", "slug", "external_id"}


@functools.cache
def described() -> dict[str, tuple[dict[str, Any], dict[str, Any]]]:
    """ "GET /api/v1/…/{id}" -> (the operation's description, the whole description)."""
    found = {}
    for api, prefix in ((wiring.api, "/api/v1/"), (wiring.compat_api, "/api/")):
        whole = json.loads(json.dumps(api.get_openapi_schema(path_prefix=prefix), default=str))
        for path, methods in whole["paths"].items():
            for method, operation in methods.items():
                found[f"{method.upper()} {path}"] = (operation, whole)
    return found


def operations() -> list[Entry]:
    """Every operation of every API."""
    return [entry for entry in entries() if entry.operation is not None]


def pages() -> list[Entry]:
    """Every page of the console, below an organization's own path."""
    return [entry for entry in entries() if entry.operation is None and re.match(r"t/<", entry.path)]


def portal_pages() -> list[Entry]:
    """Every page of the portal, below an organization's own path."""
    return [entry for entry in entries() if entry.operation is None and re.match(r"p/<", entry.path)]


def parameters(entry: Entry) -> list[tuple[str, str, dict[str, Any]]]:
    """(name, place, schema) of each parameter of an operation."""
    operation, whole = description(entry)
    found = operation.get("parameters", [])
    return [(each["name"], each["in"], bodies.resolve(each["schema"], whole)) for each in found]


def names_a_row(entry: Entry) -> bool:
    """Whether the path itself holds an id or a code."""
    return any(
        place == "path" and (schema.get("format") == "uuid" or name in FOREIGN_TEXT)
        for name, place, schema in parameters(entry)
    )


def description(entry: Entry) -> tuple[dict[str, Any], dict[str, Any]]:
    """(the operation, the whole description it stands in)."""
    return described()[f"{entry.method} /" + re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", entry.path)]


def body_schema(entry: Entry, kind: str = "application/json") -> dict[str, Any] | None:
    """The schema of its body of that media type, if it takes one."""
    operation, whole = description(entry)
    content = operation.get("requestBody", {}).get("content", {})
    return bodies.resolve(content[kind]["schema"], whole) if kind in content else None


def url_of(entry: Entry, **values: Any) -> str:
    """Its path with valid values, or those given, in its parameters."""
    whole = description(entry)[1]
    given = {name: bodies.example(name, schema, whole) for name, _, schema in parameters(entry)} | values
    return entry.url(lambda _, name: given[name])


def send(client: Client, entry: Entry) -> tuple[Any, str]:
    """The response to the smallest valid request with foreign ids, and what was sent besides the path."""
    whole = description(entry)[1]
    url, call = url_of(entry), getattr(client, entry.method.lower())
    form, schema = body_schema(entry, "multipart/form-data"), body_schema(entry)
    if form is not None:
        data = bodies.body(form, whole)
        return call(url, {**data, "file": SimpleUploadedFile("people.csv", b"name,email\n")}), json.dumps(
            data
        )
    if schema is not None:
        sent = json.dumps(bodies.body(schema, whole))
        return call(url, sent, content_type="application/json"), sent
    query = {
        name: bodies.example(name, schema, whole)
        for name, place, schema in parameters(entry)
        if place == "query" and schema.get("format") == "uuid"
    }
    return call(url, query_params=query), json.dumps(query)


def caller(world: World, role: str) -> Client:
    """A client with the access token of Acme's member of that role, from an address of its own."""
    with tenancy.use(world.acme.id):
        pair = actions.open_token_family(member_id=world.members[role].id, now=clock.now())
    return Client(raise_request_exception=False, headers={"authorization": f"Bearer {pair.access}"})


def browser(world: World, role: str) -> Client:
    """A signed-in browser of Acme's member of that role."""
    client = Client(raise_request_exception=False)
    client.force_login(world.users[role])
    return client


def text(response: Any) -> str:
    """What came back, files included."""
    content = b"".join(response.streaming_content) if response.streaming else response.content
    return content.decode("utf-8", "replace").lower()


def at_home(world: World) -> Client:
    """A client of Rival's owner."""
    with tenancy.use(world.rival.id):
        pair = actions.open_token_family(member_id=world.charlie.id, now=clock.now())
    return Client(raise_request_exception=False, headers={"authorization": f"Bearer {pair.access}"})
