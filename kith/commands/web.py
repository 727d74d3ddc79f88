"""`kith web`: the web server alone."""

import importlib

import click

import kith.env
from kith.commands import _installation


@click.command(help="Serve pages and API; migrations must have been run.")
def command() -> None:
    """Granian; a few threads per process, because requests mostly wait for the database."""
    from granian import Granian
    from granian.constants import HTTPModes, Interfaces
    from granian.log import LogLevels

    _installation.resolve()
    _load()
    Granian(
        "kith.wsgi:application",
        address=kith.env.env.bind,
        port=kith.env.env.port,
        interface=Interfaces.WSGI,
        # Nobody needs more than HTTP/1.1 from behind a proxy; what is not spoken cannot be abused.
        http=HTTPModes.http1,
        websockets=False,
        workers=kith.env.env.web_workers,
        blocking_threads=4,
        log_level=LogLevels.warning,
        respawn_failed_workers=True,
        workers_kill_timeout=15,
    ).serve()


def _load() -> None:
    """Import the application before the workers are forked: one that is killed is replaced in no time."""
    from django.db import connections
    from django.urls import get_resolver

    importlib.import_module("kith.wsgi")
    list(get_resolver().url_patterns)
    connections.close_all()
