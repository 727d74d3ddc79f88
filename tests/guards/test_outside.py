"""Kith opens no connection to anywhere but what it was configured with, so nobody can send it elsewhere.

An address that somebody typed is stored and shown, never fetched: there is nothing to forge a request with.
"""

import ast

from tests.guards.source import Module, at, dotted, none, product

# What opens connections, by the names under which it is imported.
CONNECTING = (
    "urllib.request", "http.client", "urllib3", "requests", "httpx", "aiohttp", "pycurl", "socket", "socketserver",
    "ssl", "smtplib", "ftplib", "poplib", "imaplib", "telnetlib", "xmlrpc", "asyncio", "websocket", "websockets",
    "paramiko", "boto3", "dns", "redis",
)  # fmt: skip
# Where a connection is opened, to what, and why nobody who calls Kith chooses where.
ALLOWED = {
    "kith/commands/_checks.py": {"redis": "the doctor asks the configured Redis"},
    "kith/commands/run.py": {"urllib.request": "asks its own web process whether it answers"},
    "kith/kit/embedded.py": {"socket": "a free port on this machine"},
    "kith/kit/limits.py": {"redis": "the configured Redis"},
    "kith/presets/providers/client.py": {
        "urllib.request": "`kith demo` calls the installation it is told to"
    },
}
# Mail goes through Django's, to the configured server; exceptions connect to nothing.
HARMLESS = {"redis.exceptions"}


def connecting(module: Module) -> dict[str, ast.AST]:
    """The names of CONNECTING that the module imports, each with the place."""
    found: dict[str, ast.AST] = {}
    for node in ast.walk(module.tree):
        if isinstance(node, ast.Import):
            names = [each.name for each in node.names]
        elif isinstance(node, ast.ImportFrom) and not node.level:
            names = [f"{node.module}.{each.name}" for each in node.names]
        elif isinstance(node, ast.Call) and dotted(node.func) in {
            "import_module",
            "importlib.import_module",
            "__import__",
        }:
            names = [str(each.value) for each in node.args if isinstance(each, ast.Constant)]
        else:
            continue
        for name in names:
            if any(f"{name}.".startswith(f"{each}.") for each in HARMLESS):
                continue
            found |= {each: node for each in CONNECTING if f"{name}.".startswith(f"{each}.")}
    return found


def outside(module: Module) -> list[str]:
    """Connections that are not in the table."""
    allowed = ALLOWED.get(module.path, {})
    return [
        at(module, node, f"{name} opens connections; Kith fetches nothing that somebody names")
        for name, node in connecting(module).items()
        if name not in allowed
    ]


def test_nothing_connects_to_where_somebody_says() -> None:
    none([found for module in product() for found in outside(module)])


def test_the_guard_sees_every_way_in() -> None:
    for offender in (
        "import urllib.request", "from urllib.request import urlopen", "from urllib import request", "import httpx",
        "from http import client", "import requests as r", "from socket import create_connection",
        "__import__('socket')", "import smtplib",
    ):  # fmt: skip
        assert outside(Module("kith/rewards/actions.py", offender)), offender
    for fine in (
        "from urllib.parse import urlsplit",
        "from django.http import HttpRequest",
        "import psycopg.errors",
    ):
        assert not outside(Module("kith/rewards/actions.py", fine)), fine


def test_no_exception_outlives_its_connection() -> None:
    used = {module.path: set(connecting(module)) for module in product()}
    none(
        [
            f"{path} needs no {name}"
            for path, names in ALLOWED.items()
            for name in names
            if name not in used.get(path, ())
        ]
    )
