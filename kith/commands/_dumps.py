"""pg_dump and pg_restore: the right ones, called without a password in sight, refusals in one sentence."""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

import psycopg
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from kith.kit import programs
from kith.kit.provision import SYSTEM_ROLE
from kith.kit.starting import CannotStart, Exit

LOCK_PATIENCE_MS = 60_000
# Roles, extensions and the schema are there before anything is restored.
_ELSEWHERE = re.compile(r"\d+; \d+ \d+ (EXTENSION|SCHEMA|COMMENT - (EXTENSION|SCHEMA))\b")


@contextmanager
def dumping(connection: psycopg.Connection, url: str, snapshot: str) -> Iterator[IO[bytes]]:
    """The dump of `url` as a stream, as of an exported snapshot. Raises CannotStart when pg_dump fails.

    As the crossing role with row security on: its policy hides nothing, whereas the owner sees no row.
    """
    command = [str(programs.fitting("pg_dump", connection.info.server_version // 10000)), "--format=custom"]
    command += [f"--snapshot={snapshot}", f"--role={SYSTEM_ROLE}", "--enable-row-security", "--schema=public"]
    command += ["--no-unlogged-table-data", f"--lock-wait-timeout={LOCK_PATIENCE_MS}"]
    with tempfile.TemporaryFile() as said:
        process = _start([*command, _address(url)], url, stdout=subprocess.PIPE, stderr=said)
        try:
            assert process.stdout is not None  # noqa: S101 -- a pipe was asked for
            yield process.stdout
        except BaseException:
            process.kill()
            raise
        finally:
            code = process.wait()
        _judge("pg_dump", code, said)


def load(dump: Callable[[], IO[bytes]], url: str, server: int) -> None:
    """Fill the empty database `url` from a dump, everything owned by its owner. Raises CannotStart.

    `dump` opens the dump anew each time: its table of contents is read first.
    """
    program = str(programs.fitting("pg_restore", server))
    with tempfile.NamedTemporaryFile("w", suffix=".list") as wanted:
        listing = _fed([program, "--list"], url, dump)
        wanted.writelines(line for line in listing.splitlines(True) if not _ELSEWHERE.match(line))
        wanted.flush()
        command = [program, "--no-owner", "--no-privileges", "--exit-on-error", f"--use-list={wanted.name}"]
        _fed([*command, f"--dbname={_address(url)}"], url, dump)


def _fed(command: list[str], url: str, dump: Callable[[], IO[bytes]]) -> str:
    with tempfile.TemporaryFile() as said, tempfile.TemporaryFile() as out:
        process = _start(command, url, stdin=subprocess.PIPE, stdout=out, stderr=said)
        with dump() as source, suppress(BrokenPipeError):
            assert process.stdin is not None  # noqa: S101 -- a pipe was asked for
            with process.stdin:
                while chunk := source.read(1 << 20):
                    process.stdin.write(chunk)
        _judge(Path(command[0]).name, process.wait(), said)
        out.seek(0)
        return out.read().decode()


def _start(command: list[str], url: str, **streams: object) -> subprocess.Popen[bytes]:
    password = conninfo_to_dict(url).get("password")
    environment = {**os.environ, **({"PGPASSWORD": str(password)} if password else {})}
    return subprocess.Popen(command, env=environment, **streams)  # type: ignore[call-overload,no-any-return]  # noqa: S603


def _address(url: str) -> str:
    parts = {name: str(value) for name, value in conninfo_to_dict(url).items() if name != "password"}
    return make_conninfo(**parts)


def _judge(name: str, code: int, said: IO[bytes]) -> None:
    if code:
        said.seek(0)
        reason = " ".join(said.read().decode(errors="replace").split())[-600:]
        raise CannotStart(f"PostgreSQL's {name} failed: {reason or f'exit code {code}'}", Exit.FAILED)
