"""Documents that are made from the code. `python -m tests.guards.documents` writes them anew."""

import json
import re
from collections.abc import Callable
from dataclasses import fields
from pathlib import Path
from typing import Any

from tests.guards.source import ROOT

CONFIGURATION = "docs/configuration.md"
START, END = "<!-- table: made from kith/env.py -->", "<!-- end of table -->"


def shown(value: Any) -> str:
    """A default as it would be written in the environment."""
    if isinstance(value, bool):
        return "`true`" if value else "`false`"
    if isinstance(value, tuple):
        value = ",".join(value)
    return f"`{value}`" if str(value) else "empty"


def configuration_table(cls: type) -> str:
    """One row per variable of an Env class: name, default, meaning; secrets are marked."""
    rows = ["| variable | default | meaning |", "|---|---|---|"]
    for spec in fields(cls):
        meaning = spec.metadata["meaning"].replace("|", "\\|")
        mark = " **Secret.**" if spec.metadata["secret"] else ""
        rows.append(f"| `{spec.metadata['name']}` | {shown(spec.default)} | {meaning}.{mark} |")
    return "\n".join(rows)


def configuration() -> str:
    """The page with its table made anew; the words around it are kept."""
    from kith.env import Env

    text = (ROOT / CONFIGURATION).read_text()
    pattern = re.compile(f"{re.escape(START)}.*{re.escape(END)}", re.DOTALL)
    return pattern.sub(lambda _: f"{START}\n\n{configuration_table(Env)}\n\n{END}", text)


def openapi(api: Any, prefix: str) -> str:
    """The description of an API, sorted, the same on every machine."""
    return (
        json.dumps(api.get_openapi_schema(path_prefix=prefix), indent=1, sort_keys=True, default=str) + "\n"
    )


def _openapi() -> str:
    from kith.api import api

    return openapi(api, "/api/v1/")


def _older() -> str:
    from kith.api import compat_api

    return openapi(compat_api, "/api/")


MADE: dict[str, Callable[[], str]] = {
    CONFIGURATION: configuration,
    "docs/api/openapi.json": _openapi,
    "docs/api/older-calls.json": _older,
}


def write() -> list[Path]:
    """Write every document; returns those that changed."""
    changed = []
    for name, make in MADE.items():
        path, text = ROOT / name, make()
        if not path.exists() or path.read_text() != text:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
            changed.append(path)
    return changed


if __name__ == "__main__":
    import os

    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kith.settings")
    django.setup()
    for path in write():
        print(f"wrote {path.relative_to(ROOT)}")
