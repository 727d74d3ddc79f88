"""Requests made from the API's own description: the smallest valid one, with a foreign id wherever one fits."""

import datetime
import re
from typing import Any

from tests.faults.worlds import CODE, NAMED, NOW, THE_ID

EXAMPLES: dict[str, Any] = {
    **NAMED,
    "name": "Eli Evers",
    "full_name": "Eli Evers",
    "iban": "NL91ABNA0417164300",
    "bic": "ABNANL2A",
    "holder": "Eli Evers",
    "phone": "+31612345678",
    "amount": "10.00",
    "reason": "a reason",
    "scopes": ["referrals.view"],
    "role": "viewer",
    "format": "csv",
    "what": "customers",
    "number": 1,
    "label": {"en": "Seen"},
    "referral_code": CODE,
    "referralCode": CODE,
    "email": "eli@example.com",
}

# Tried in turn where a description asks for a pattern.
PATTERNS = ("some", "new", "SOME", "NL", "EUR", "10.00", "10", "+31612345678", "#1d5fe0", "2026-06", CODE)


def resolve(schema: dict[str, Any], whole: dict[str, Any]) -> dict[str, Any]:
    """Follow references and take the first alternative that is not null."""
    while True:
        if "$ref" in schema:
            schema = whole["components"]["schemas"][schema["$ref"].rpartition("/")[2]]
        elif "anyOf" in schema or "oneOf" in schema or "allOf" in schema:
            options = schema.get("anyOf") or schema.get("oneOf") or schema["allOf"]
            schema = next((option for option in options if option.get("type") != "null"), {})
        else:
            return schema


def example(name: str, schema: dict[str, Any], whole: dict[str, Any]) -> Any:
    """A valid value for the property `name`; a foreign id for every UUID."""
    found = resolve(schema, whole)
    if found.get("format") == "uuid":
        return str(THE_ID)
    if found.get("type") == "object" and isinstance(EXAMPLES.get(name), dict):
        return EXAMPLES[name]
    if name in EXAMPLES and not isinstance(EXAMPLES[name], (list, dict)) and found.get("type") == "string":
        return EXAMPLES[name] if "enum" not in found else found["enum"][0]
    if "const" in found or "enum" in found:
        return found.get("const", found.get("enum", [None])[0])
    kind = found.get("type")
    if kind == "object" or "properties" in found:
        return body(found, whole)
    if kind == "array":
        return EXAMPLES.get(name) or [example(name.rstrip("s"), found.get("items", {}), whole)]
    if kind in {"integer", "number"}:
        return max(found.get("minimum", 1), found.get("exclusiveMinimum", 0) + 1, 1)
    if kind == "boolean":
        return True
    return _text(name, found)


def _text(name: str, found: dict[str, Any]) -> str:
    by_format = {
        "date": NOW.date().isoformat(),
        "date-time": (NOW + datetime.timedelta(days=1)).isoformat(),
        "email": EXAMPLES["email"],
        "uri": "https://example.com/",
    }
    text = by_format.get(found.get("format", ""), f"some {name}".replace("_", " "))
    if "pattern" in found:
        text = next((each for each in (text, *PATTERNS) if re.search(found["pattern"], each)), text)
    return text[: found.get("maxLength", 200)].ljust(found.get("minLength", 0), "x")


def wants_id(schema: dict[str, Any], whole: dict[str, Any]) -> bool:
    """Whether a value, or what a list holds, is an id."""
    found = resolve(schema, whole)
    return found.get("format") == "uuid" or ("items" in found and wants_id(found["items"], whole))


def body(schema: dict[str, Any], whole: dict[str, Any]) -> dict[str, Any]:
    """The required properties, and every optional one that names a row."""
    found = resolve(schema, whole)
    required = set(found.get("required", []))
    if not required and found.get("minProperties", 0) == 0:
        required = set(list(found.get("properties", {}))[:1])
    return {
        name: example(name, each, whole)
        for name, each in found.get("properties", {}).items()
        if name in required or wants_id(each, whole)
    }
