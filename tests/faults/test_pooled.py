"""Two organizations through PgBouncer as it is shipped: connections are shared, rows are not."""

import json
import os
import random
import re
import shutil
import subprocess
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path

import httpx
import psycopg
import pytest

from kith.kit import provision
from kith.kit.embedded import Cluster, is_free
from tests.faults.funding import own_folder
from tests.faults.installation import Installation, Team, installation
from tests.machine import ROOT, free_port, until, web

pytestmark = pytest.mark.faults

PGBOUNCER = shutil.which("pgbouncer", path="/usr/sbin:/usr/bin:/usr/local/sbin")
REQUESTS, CALLERS, PEOPLE = 10_000, 8, 30
POOL = 3


@dataclass(frozen=True)
class Side:
    """One organization: its team, the mark that each of its people's names bears, and their ids."""

    team: Team
    mark: str
    people: list[str]


@contextmanager
def pooling(folder: Path, cluster: Cluster) -> Iterator[int]:
    """PgBouncer with the shipped configuration, a small pool and the role's own secret; its port."""
    assert PGBOUNCER, "pgbouncer is missing; scripts/setup faults installs it"
    port = free_port()
    shipped = (ROOT / "deploy/pgbouncer/pgbouncer.ini").read_text()
    replaced = {
        "port=5432": f"port={cluster.port} application_name=pooled", "listen_port = 6432": f"listen_port = {port}",
        "/etc/pgbouncer/userlist.txt": str(folder / "userlist.txt"),
        "default_pool_size = 20": f"default_pool_size = {POOL}", "reserve_pool_size = 5": "reserve_pool_size = 0",
    }  # fmt: skip
    for theirs, ours in replaced.items():
        assert theirs in shipped, f"deploy/pgbouncer/pgbouncer.ini no longer says {theirs}"
        shipped = shipped.replace(theirs, ours)
    (folder / "pgbouncer.ini").write_text(shipped)
    with psycopg.connect(cluster.url()) as admin:
        row = admin.execute("select rolpassword from pg_authid where rolname = 'kith_app'").fetchone()
    assert row
    (folder / "userlist.txt").write_text(f'"kith_app" "{row[0]}"\n')
    as_user = ["-u", "nobody"] if os.geteuid() == 0 else []
    process = subprocess.Popen(
        [PGBOUNCER, "-q", *as_user, str(folder / "pgbouncer.ini")], stderr=subprocess.DEVNULL
    )
    try:
        until(lambda: not is_free("127.0.0.1", port), 10, "PgBouncer listens")
        yield port
    finally:
        process.terminate()
        process.wait(20)


@contextmanager
def pooled_web(house: Installation, cluster: Cluster, port: int) -> Iterator[str]:
    """A second `kith web` beside the installation's own, whose connections come from the pool; its address."""
    direct = house.app_url
    assert f":{cluster.port}/" in direct
    environment = {
        **house.environment, "KITH_DATABASE_URL": house.owner_url, "KITH_WEB_WORKERS": "2",
        "KITH_APP_DATABASE_URL": direct.replace(f":{cluster.port}/", f":{port}/"),
    }  # fmt: skip
    with web(environment) as url:
        yield url


def side(house: Installation, mark: str) -> Side:
    """An organization whose people all bear a mark in their names."""
    team = house.organization()
    with httpx.Client(base_url=f"{house.url}/api/v1", headers=team.headers, timeout=30) as client:
        ids = []
        for number in range(PEOPLE):
            person = {"name": f"{mark} {number}", "email": f"{mark.lower()}{number}@example.com"}
            made = client.post("/participants", json=person).raise_for_status()
            ids.append(made.json()["data"]["id"])
    return Side(team, mark, ids)


def one_call(
    connection: HTTPConnection, own: Side, other: Side, chance: random.Random, found: Counter[str]
) -> None:
    """One request of one of five kinds, and what it showed of the other organization."""
    mine, theirs = (f"/participants/{chance.choice(side.people)}" for side in (own, other))
    kind, path = chance.choice(
        [("list", "/participants?limit=20"), ("search", f"/participants?q={other.mark}"), ("own", mine),
         ("foreign", theirs), ("write", mine)]
    )  # fmt: skip
    headers = {**own.team.headers, "Content-Type": "application/json"}
    if kind == "write":
        connection.request("PATCH", f"/api/v1{path}", json.dumps({"name": f"{own.mark} new"}), headers)
    else:
        connection.request("GET", f"/api/v1{path}", headers=headers)
    got = connection.getresponse()
    text = got.read().decode()
    found["requests"] += 1
    found[f"{kind} {got.status}"] += 1
    found["own"] += text.count(f'"{own.mark} ')
    found["foreign rows"] += text.count(f'"{other.mark} ')


def test_ten_thousand_mixed_requests_see_no_foreign_row() -> None:
    """10,000 requests of two organizations over 3 shared connections: 0 rows of the other, every answer as expected."""
    folder = own_folder()
    cluster = Cluster(folder / "server")
    try:
        cluster.ensure()
        provision.create_owner(cluster.url(), "kith", "an owner's password")
        owner = cluster.url(provision.OWNER_ROLE, "kith", "an owner's password")
        with installation(folder / "house", KITH_DATABASE_URL=owner) as house:
            sides = side(house, "Aardvark"), side(house, "Zebra")
            with pooling(folder, cluster) as port, pooled_web(house, cluster, port) as url:
                found, shared = crowd(url, sides), backends(cluster)
    finally:
        cluster.stop()
        shutil.rmtree(folder, ignore_errors=True)
    print(
        f"{found['requests']} requests of two organizations over {shared} connections: {found['own']} own rows,"
        f" {found['foreign rows']} foreign ones"
    )
    assert found["requests"] == REQUESTS
    assert found["foreign rows"] == 0
    assert found["own"] > REQUESTS
    assert shared <= POOL
    kinds = {name for name in found if re.search(r" \d{3}$", name)}
    assert kinds == {"list 200", "search 200", "own 200", "foreign 404", "write 200"}


def crowd(url: str, sides: tuple[Side, Side]) -> Counter[str]:
    """Callers who change sides with every request; the sum of what they saw."""
    sums: list[Counter[str]] = []

    def caller(number: int) -> None:
        found, chance = Counter[str](), random.Random(number)
        sums.append(found)
        with closing(HTTPConnection(url.removeprefix("http://"), timeout=60)) as connection:
            for turn in range(REQUESTS // CALLERS):
                own, other = sides if (turn + number) % 2 else sides[::-1]
                one_call(connection, own, other, chance, found)

    threads = [threading.Thread(target=caller, args=(number,)) for number in range(CALLERS)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return sum(sums, Counter())


def backends(cluster: Cluster) -> int:
    """How many connections the pool holds to the database."""
    with psycopg.connect(cluster.url()) as admin:
        row = admin.execute(
            "select count(*) from pg_stat_activity where usename = 'kith_app' and application_name = 'pooled'"
        ).fetchone()
    assert row
    return int(row[0])
