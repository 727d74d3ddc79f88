"""`kith run`: the whole installation from one command."""

import os
import signal
import sys
import time
import urllib.error
import urllib.request
from typing import Any

import click

import kith.env
from kith.commands import _credentials, _installation
from kith.kit.embedded import Cluster, is_free
from kith.kit.processes import Child, DatabaseKeeper, Supervisor
from kith.kit.starting import CannotStart, Exit

PORT_PATIENCE_SECONDS = 5.0
PROCESSES = ("web", "worker", "scheduler")


class _Stopped(SystemExit):
    """A signal arrived while Kith was still being prepared."""


@click.command(help="Start everything: database if none is given, web, worker, scheduler.")
def command() -> None:
    """Blocks until SIGTERM or SIGINT; PostgreSQL stops last."""
    for signum in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
        signal.signal(signum, _stop_preparing)
    await_port(kith.env.env.bind, kith.env.env.port)
    server = _installation.cluster() if _installation.uses_embedded() else None
    with _installation.database(_say):
        _installation.boot()
        _installation.migrate(_say)
        _installation.collect_static(_say)
        _installation.note_address()
        first_time = _load_demo()
        _serve(first_time, server)
    _say("Kith has stopped.")


def await_port(host: str, port: int) -> None:
    """Wait a moment for the address to become free. Raises CannotStart when it stays taken."""
    deadline = time.monotonic() + PORT_PATIENCE_SECONDS
    while not is_free(host, port):
        if time.monotonic() > deadline:
            raise CannotStart(
                f"Port {port} on {host} is taken or cannot be used; "
                "end what listens there, or set KITH_PORT or KITH_BIND.",
                Exit.BUSY,
            )
        time.sleep(0.2)


def _load_demo() -> bool:
    from django.db import connections

    had = bool(_credentials.read())
    _installation.load_demo(_say if not had else lambda _: None)
    connections.close_all()
    return not had and bool(_credentials.read())


def _serve(first_time: bool, server: Cluster | None) -> None:
    children = [Child(name, [sys.executable, "-m", "kith", name]) for name in PROCESSES]
    supervisor = Supervisor(children, os.environ, _say)
    keeper = [DatabaseKeeper(server, _say, lambda: _follow(server, supervisor))] if server else []
    supervisor.start()
    try:
        supervisor.watch(_Greeting(first_time), *keeper)
    finally:
        _say("Stopping …")
        supervisor.stop()


def _follow(server: Cluster, supervisor: Supervisor) -> None:
    """Every process knows the address that the database had."""
    _installation.follow(server)
    supervisor.restart()


class _Greeting:
    """Says where to go, once, as soon as the web process answers."""

    def __init__(self, first_time: bool) -> None:
        self.first_time = first_time
        self.said = False

    def __call__(self) -> None:
        if not self.said and _answers():
            _welcome(self.first_time)
            self.said = True


def _answers() -> bool:
    host = {"0.0.0.0": "127.0.0.1", "::": "[::1]"}.get(kith.env.env.bind, kith.env.env.bind)  # noqa: S104
    try:
        urllib.request.urlopen(f"http://{host}:{kith.env.env.port}/api/health", timeout=2)
    except urllib.error.HTTPError:
        return True  # also a bad answer shows that the web process is there
    except OSError:
        return False
    return True


def _welcome(first_time: bool) -> None:
    rows = _credentials.read()
    _say(f"\nKith is ready: {kith.env.env.public_url}\n")
    if rows and first_time:
        _say("Sign in with one of these; the passwords are random and shown only now:\n")
        _say(_credentials.table(rows))
        _say("\n`make credentials` prints them again as JSON. Stop with Ctrl-C.\n")
    elif rows:
        _say("`make credentials` prints how to sign in. Stop with Ctrl-C.\n")
    else:
        _say("Stop with Ctrl-C.\n")


def _stop_preparing(*_: Any) -> None:
    raise _Stopped(130)


def _say(text: str) -> None:
    click.echo(text)
    sys.stdout.flush()
