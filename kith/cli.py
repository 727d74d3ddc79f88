"""The command `kith`: one module of `kith.commands` per subcommand.

A module exposes `command` (a click command or group) and is called by its file's name, a trailing underscore
dropped and others turned into dashes. Django is ready before a module is imported, except for the few that
work before there is a database.
"""

from __future__ import annotations

import importlib
import pkgutil

import click
import psycopg
from django.db import DatabaseError

import kith.env
from kith import __version__, commands
from kith.commands import _installation
from kith.kit.starting import CannotStart, Exit, no_room

WITHOUT_DATABASE = {"run", "migrate", "credentials", "doctor", "backup", "restore"}
WITHOUT_DJANGO = WITHOUT_DATABASE | {"web"}


class Commands(click.Group):
    """Finds subcommands by looking into the folder and imports only the one that is asked for."""

    def list_commands(self, _ctx: click.Context) -> list[str]:
        """Every module that is not private."""
        modules = (module.name for module in pkgutil.iter_modules(commands.__path__))
        return sorted(_spoken(name) for name in modules if not name.startswith("_"))

    def get_command(self, _ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the module of that name, preparing Django when it wants it."""
        for module in pkgutil.iter_modules(commands.__path__):
            if _spoken(module.name) == cmd_name and not module.name.startswith("_"):
                return _load(module.name)
        return None

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Refuse, before anything is imported, what needs a database when there is none."""
        asks_for_help = bool({"-h", "--help"} & set(args))
        if args[0] in self.list_commands(ctx) and args[0] not in WITHOUT_DATABASE and not asks_for_help:
            _installation.require_database()
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> object:
        """Turn a refusal to start into its sentence and exit code."""
        try:
            return super().invoke(ctx)
        except CannotStart as error:
            raise _refusal(str(error), error.code) from None
        except (OSError, DatabaseError, psycopg.Error):
            # A full volume shows itself in many ways, a lost connection among them.
            if not no_room(kith.env.env.data_dir):
                raise
            raise _refusal(
                f"The volume of {kith.env.env.data_dir.absolute()} is full: No space left on device; make room, "
                "or set KITH_DATA_DIR to a folder on another one.",
                Exit.NO_ROOM,
            ) from None


def _refusal(text: str, code: Exit) -> click.ClickException:
    refusal = click.ClickException(text)
    refusal.exit_code = code  # type: ignore[misc]
    return refusal


def _spoken(module: str) -> str:
    return module.removesuffix("_").replace("_", "-")


def _load(name: str) -> click.Command | None:
    if name not in WITHOUT_DJANGO:
        _installation.resolve()
        _installation.boot()
    found = getattr(importlib.import_module(f"kith.commands.{name}"), "command", None)
    return found if isinstance(found, click.Command) else None


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.version_option(__version__, prog_name="kith")
def main() -> None:
    """Kith, a self-hosted referral platform."""
