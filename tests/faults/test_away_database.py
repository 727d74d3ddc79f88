"""The database is slow, full of connections, silent, cut off or gone: clear refusals, no loss, no help needed."""

import os
import shutil
import signal
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass

import httpx
import psycopg
import pytest

from kith.kit import provision
from kith.kit.embedded import Cluster
from tests.faults.funding import Answer, Writers, a_program, account_for, attempt, own_folder, writing
from tests.faults.installation import Installation, Team, installation
from tests.faults.wire import Wire, wire
from tests.machine import until

pytestmark = [pytest.mark.faults, pytest.mark.outage]

# A statement has 5 s, a silent server is given up after 6; who waited for its thread may then ask for 2 s more.
LONGEST_SECONDS = 10.0
BACK_SECONDS = 5.0


@dataclass(frozen=True)
class Site:
    """An installation on a server of its own, which is reached over a wire."""

    house: Installation
    cluster: Cluster
    wire: Wire
    team: Team
    program: str
    code: str

    def superuser(self) -> "psycopg.Connection[tuple[object, ...]]":
        """Past the wire."""
        return psycopg.connect(self.cluster.url(database="kith"), autocommit=True)

    def processes(self) -> list[int]:
        """The server and its back ends."""
        master = int((self.cluster.data / "postmaster.pid").read_text().splitlines()[0])
        return [master, *self.house.children_of(master)]

    def writing(self) -> AbstractContextManager[Writers]:
        """Eight writers."""
        return writing(self.house.url, self.team, self.program)


@pytest.fixture(scope="module")
def site() -> Iterator[Site]:
    """Two web processes, one organization, one customer."""
    folder = own_folder()
    cluster = Cluster(folder / "server")
    cluster.ensure()
    provision.create_owner(cluster.url(), "kith", "an owner's password")
    try:
        with wire(cluster.port) as line:
            address = cluster.url(provision.OWNER_ROLE, "kith", "an owner's password")
            given = address.replace(f":{cluster.port}/", f":{line.port}/")
            (folder / "house").mkdir()
            with installation(folder / "house", KITH_DATABASE_URL=given, KITH_WEB_WORKERS="2") as house:
                team = house.organization()
                person = {"name": "Dana Doe", "email": "dana@example.com"}
                made = httpx.post(
                    f"{house.url}/api/v1/participants", json=person, headers=team.headers, timeout=20
                )
                code = made.raise_for_status().json()["data"]["code"]
                yield Site(house, cluster, line, team, a_program(house.url, team), code)
    finally:
        cluster.stop()
        shutil.rmtree(folder)


def refused_clearly(answers: list[Answer]) -> Counter[int]:
    """Every answer came in time and is a success or a 503 that says when to come again; how many of each."""
    assert answers
    found = Counter(answer.status for answer in answers)
    assert set(found) <= {200, 503}, found
    assert max(answer.seconds for answer in answers) <= LONGEST_SECONDS
    refused = [answer for answer in answers if answer.status == 503]
    assert {(answer.code, answer.retry_after) for answer in refused} <= {("unavailable", "5")}
    return found


def refused_everywhere(site: Site) -> None:
    """A page, a link, a call and the health check, while the database is away."""
    page = attempt("GET", f"{site.house.url}/t/{site.team.slug}/", cookies={"kith_session": "x" * 32})
    link = attempt("GET", f"{site.house.url}/r/{site.code}")
    call = attempt("GET", f"{site.house.url}/api/v1/programs", headers=site.team.headers)
    health = attempt("GET", f"{site.house.url}/api/health")
    for answer in (page, link, call, health):
        assert answer.status == 503, answer
        assert answer.seconds <= LONGEST_SECONDS, answer
    for answer in (page, link, call):
        assert answer.retry_after == "5"


def back_within(site: Site, writers: Writers, moment: float) -> float:
    """Seconds from `moment` until money moved again."""
    until(lambda: any(a.status == 200 for a in writers.since(moment)), BACK_SECONDS + 20, "money moves again")
    first = min(answer.at for answer in writers.since(moment) if answer.status == 200) - moment
    assert first <= BACK_SECONDS
    return first


def worked_and_failed(site: Site, writers: Writers, what: str, began: float, ended: float) -> None:
    """Judge one outage and print its line."""
    back = back_within(site, writers, ended)
    site.house.await_ready(BACK_SECONDS)
    writers.over.set()
    during = writers.since(began, ended)
    found = refused_clearly(during)
    print(
        f"{what} for {ended - began:.0f} s: {found[503]} refusals with 503, longest answer"
        f" {max(a.seconds for a in during):.1f} s, money moved again after {back:.1f} s",
        end=", ",
    )


def test_a_statement_that_takes_too_long_is_refused(site: Site) -> None:
    """A locked table: 503 within 10 s, nothing done, others served; with no connection left: 503 at once."""
    with site.superuser() as other:
        with other.transaction():
            other.execute("lock table ledger_account in exclusive mode")
            body = {"amount_minor": 1, "reference": "while-locked"}
            path = f"{site.house.url}/api/v1/programs/{site.program}/budget/fund"
            money = attempt("POST", path, json=body, headers=site.team.headers)
            link = attempt("GET", f"{site.house.url}/r/{site.code}")
        assert (money.status, money.code, money.retry_after) == (503, "unavailable", "5")
        assert money.seconds <= LONGEST_SECONDS
        assert link.status == 302
        assert attempt("POST", path, json=body, headers=site.team.headers).status == 200
        other.execute("alter role kith_app connection limit 0")
        other.execute("select pg_terminate_backend(pid) from pg_stat_activity where usename = 'kith_app'")
        crowded = attempt("GET", f"{site.house.url}/api/v1/programs", headers=site.team.headers)
        other.execute("alter role kith_app connection limit -1")
        assert (crowded.status, crowded.code) == (503, "unavailable")
        assert attempt("GET", f"{site.house.url}/api/v1/programs", headers=site.team.headers).status == 200
    done = site.house.sql(
        "select count(*) from ledger_journal where idempotency_key like %s", "%:fund:while-locked"
    )
    assert done == [(1,)]
    print(
        f"locked table: 503 after {money.seconds:.1f} s; no connection left: 503 after {crowded.seconds:.2f} s"
    )


def test_a_server_that_hangs_holds_no_request(site: Site) -> None:
    """SIGSTOP for 15 s: each answer within 10 s, readiness 503 within 15 s, money moves 5 s after SIGCONT."""
    with site.writing() as writers:
        until(lambda: len(writers.acknowledged) > 20, 20, "money moves")
        began, stopped = time.monotonic(), site.processes()
        try:
            for pid in stopped:
                os.kill(pid, signal.SIGSTOP)
            until(lambda: attempt("GET", f"{site.house.url}/api/health").status == 503, 15, "unready")
            refused_everywhere(site)
            until(lambda: time.monotonic() > began + 15, 30, "15 s have passed")
        finally:
            ended = time.monotonic()
            for pid in stopped:
                os.kill(pid, signal.SIGCONT)
        worked_and_failed(site, writers, "server stopped", began, ended)
    print(account_for(site.house, writers))


def test_a_wire_that_carries_nothing_holds_no_request(site: Site) -> None:
    """Nothing forwarded for 30 s in the middle of transactions: answers within 10 s, back in 5 s, no half transfer."""
    with site.writing() as writers:
        until(lambda: len(writers.acknowledged) > 20, 20, "money moves")
        began = time.monotonic()
        site.wire.freeze()
        try:
            until(lambda: attempt("GET", f"{site.house.url}/api/health").status == 503, 15, "unready")
            refused_everywhere(site)
            until(lambda: time.monotonic() > began + 30, 40, "30 s have passed")
        finally:
            ended = time.monotonic()
            site.wire.thaw()
        worked_and_failed(site, writers, "wire frozen", began, ended)
        site.wire.cut()
    print(account_for(site.house, writers))


def test_a_server_that_is_gone_is_said_to_be_gone(site: Site) -> None:
    """Gone for 30 s: only 503 with Retry-After, readiness too within 15 s, back 5 s after the server, none lost."""
    with site.writing() as writers:
        until(lambda: len(writers.acknowledged) > 20, 20, "money moves")
        began = time.monotonic()
        os.kill(site.processes()[0], signal.SIGQUIT)
        try:
            until(lambda: attempt("GET", f"{site.house.url}/api/health").status == 503, 15, "unready")
            refused_everywhere(site)
            until(lambda: time.monotonic() > began + 30, 40, "30 s have passed")
        finally:
            site.cluster.ensure()
            ended = time.monotonic()
        worked_and_failed(site, writers, "server gone", began, ended)
    print(account_for(site.house, writers))
