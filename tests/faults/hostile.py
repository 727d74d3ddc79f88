"""What a hostile caller sends: whole bodies nobody should read, and values no field should take."""

import json
from collections.abc import Iterator
from typing import Any

from tests.faults import bodies

LEVELS = 100_000
BIG = 10 * 1024 * 1024
# Raw bodies that are no JSON object at all, by name.
RAW: dict[str, bytes] = {
    "deep lists": b"[" * LEVELS + b"]" * LEVELS,
    "deep objects": b'{"a":' * LEVELS + b"1" + b"}" * LEVELS,
    "fifty levels": b'{"a":' * 50 + b"1" + b"}" * 50,
    "invalid UTF-8": b'{"name": "\xff\xfe"}',
    "overlong UTF-8": b'{"name": "\xc0\x80"}',
    "a byte order mark": b"\xef\xbb\xbf{}",
    "UTF-16": "{}".encode("utf-16"),
    "NaN": b'{"name": NaN}',
    "Infinity": b'{"name": -Infinity}',
    "1e400": b'{"name": 1e400}',
    "a number of 5,000 digits": b'{"name": ' + b"9" * 5000 + b"}",
    "half an object": b'{"name":',
    "two objects": b"{}{}",
    "a name twice": b'{"name": "a", "name": "b"}',
    "a NUL in a name": b'{"na\\u0000me": 1}',
    "a bare NUL": b'{"name": "\x00"}',
    "a lone surrogate in a name": b'{"\\ud800": 1}',
    "an invisible name": b'{"\\u200b": 1}',
    "only a NUL": b"\0",
    "a list": b"[]",
    "a text": b'"x"',
    "a number": b"1",
    "null": b"null",
    "true": b"true",
    "an unknown field": b'{"no_such_field": 1}',
}
MEDIA_TYPES = ("text/plain", "application/x-www-form-urlencoded", "application/xml", "application/jsonx", "")

# Texts that must never be taken, whatever the field; "\ud800" travels as its escape.
NEVER = ("\0", "a\0b", "\x1b[31m", "\x7f", "\x9b", "\ud800", "\udfff\ud800", "\ufffe")
# Values no field of this kind takes; texts of any content are another matter.
WRONG: dict[str, tuple[Any, ...]] = {
    "string": (1, 1.5, True, [], {}, ["x"], {"a": "b"}, "x" * 100_000),
    "integer": ("x", "", 1.5, [], {}, 10**30, -(10**30), 2**63, 1e300, "9" * 30),
    "boolean": ("x", 2, [], {}, "9" * 30),
    "array": ("x", 1, {}, [[]], [{}], [None], {"0": "x"}, ["x"] * 100_000),
    "object": ("x", 1, [], [[]], True),
}
# Texts that are wrong for some fields and right for others: refused or kept as they are, never a defect.
ODD = (
    "", " ", "\u202egpj.exe", "a\u200bb", "\u0430cme", "=cmd|' /C calc'!A0", "<script>alert(1)</script>", "{{ 7*7 }}",
    "../../etc/passwd", "..\\..\\x", "%2e%2e%2f", "%s%n", "'; drop table x; --", "a\r\nBcc: x@example.com",
    "javascript:alert(1)", "//evil.example", "http://user:pw@localhost/", "http://[::1", "https://a.example\\@b",
    "0000-00-00", "0001-01-01", "9999-12-31", "0001-01-01T00:00:00+14:00", "9999-12-31T23:59:59-14:00",
    "2026-06-15T10:00:00", "-1", "1e400", "NaN", "\u0661\u0662", "0x10", "x@y", "a@" + "b" * 300, "\u0130" * 64,
    "01977777-7777-7777-8777-777777777777", "null", "[]", "\U0001f4a9" * 50, "\u0301" * 50,
)  # fmt: skip
# In addresses: what stands in a parameter of the path or query, percent-encoded.
IN_ADDRESSES = (
    "%00", "a%00b", "%1b", "%ff%fe", "%c0%80", "%ed%a0%80", "%zz", "%", "%25", "%2e%2e%2f%2e%2e%2f", "..%5c..%5c",
    "%0d%0aSet-Cookie:%20a=b", "9" * 30, "-1", "0", "NaN", "1e9", "%5B%5D", "%D0%B0cme", "%E2%80%AE", "'%22%3C%3E",
    "a" * 3000, "2026-13-45", "0001-01-01", "9999-12-31", "%D9%A1",
)  # fmt: skip


def everything(schema: dict[str, Any], whole: dict[str, Any]) -> dict[str, Any]:
    """A valid body with each property that is described, the optional ones included."""
    found = bodies.resolve(schema, whole)
    return {name: bodies.example(name, each, whole) for name, each in found.get("properties", {}).items()}


def fields(
    schema: dict[str, Any], whole: dict[str, Any], *path: str
) -> Iterator[tuple[tuple[str, ...], dict[str, Any]]]:
    """Each property with its path, those of objects inside the body included."""
    for name, each in bodies.resolve(schema, whole).get("properties", {}).items():
        yield (*path, name), each
        yield from fields(bodies.resolve(each, whole), whole, *path, name)


def put(body: dict[str, Any], path: tuple[str, ...], value: Any) -> bytes:
    """The body as JSON with that value in that place."""
    changed: dict[str, Any] = json.loads(json.dumps(body))
    inner = changed
    for name in path[:-1]:
        if not isinstance(inner.get(name), dict):
            inner[name] = {}
        inner = inner[name]
    inner[path[-1]] = value
    return json.dumps(changed).encode()


def kinds(schema: dict[str, Any], whole: dict[str, Any]) -> set[str]:
    """The JSON types a property may have; empty where anything goes."""
    schema = schema if "$ref" not in schema else bodies.resolve(schema, whole)
    options = schema.get("anyOf") or schema.get("oneOf") or schema.get("allOf") or [schema]
    if options == [schema]:
        words = {type(each) for each in schema.get("enum", [])}
        return {schema["type"]} if "type" in schema else ({"string"} if words == {str} else set())
    return set().union(*(kinds(option, whole) for option in options))


def wrong_for(schema: dict[str, Any], whole: dict[str, Any]) -> list[Any]:
    """Values that fit none of the types the property may have."""
    expected = kinds(schema, whole)
    if len(expected - {"null"}) != 1:
        return []
    return list(WRONG.get(next(iter(expected - {"null"})), ()))
