"""kill -9 of the worker in the middle of long work: it is taken up again, and nothing is there twice."""

import io
import logging
import random
from functools import partial
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.faults.installation import Installation, Team, house
from tests.machine import select_nothing, until

__all__ = ["house"]

pytestmark = pytest.mark.faults

logging.getLogger("httpx").setLevel(logging.WARNING)

ROWS = 100_000
EXPORTS = 12
KILLS = 5
# Silence of 20 s says that a worker is dead.
TAKEN_UP_SECONDS = 60.0
DONE_SECONDS = 240.0


def people() -> bytes:
    text = io.StringIO()
    text.write("name,email,external_id\n")
    for number in range(ROWS):
        text.write(f"Dana {number},dana{number}@example.com,KILL-{number}\n")
    return text.getvalue().encode()


class Desk:
    """What somebody with the key asks for and sees of their jobs."""

    def __init__(self, house: Installation, team: Team) -> None:
        self.house = house
        self.client = httpx.Client(base_url=f"{house.url}/api/v1", headers=team.headers, timeout=60)

    def start_import(self) -> str:
        sent = self.client.post("/participants/import", files={"file": ("people.csv", people(), "text/csv")})
        assert sent.status_code == 202, sent.text
        return str(sent.json()["data"]["id"])

    def start_export(self, kind: str) -> str:
        sent = self.client.post(f"/{kind}/export", json={"format": "csv"})
        assert sent.status_code == 202, sent.text
        return str(sent.json()["data"]["id"])

    def job(self, job_id: str) -> dict[str, Any]:
        answer = self.client.get(f"/jobs/{job_id}")
        assert answer.status_code == 200, answer.text
        found: dict[str, Any] = answer.json()["data"]
        return found

    def result(self, job_id: str) -> bytes:
        return self.client.get(f"/jobs/{job_id}/result").content

    def kill_worker(self) -> None:
        until(lambda: self.house.pids("worker"), 10, "a worker runs")
        self.house.kill("worker")

    def succeeded(self, job_id: str) -> bool:
        state = self.job(job_id)["state"]
        assert state != "failed", self.job(job_id)
        return bool(state == "succeeded")


def test_the_worker_killed_five_times(house: Installation) -> None:
    """Pass: an import of 100,000 rows killed while it checks and while it stores, and exports killed at random, are
    taken up again within 60 s; 100,000 rows stored, 0 twice; every export whole; 0 jobs or files left over.
    """
    desk, chance = Desk(house, house.organization()), random.Random(5)
    # Of the last successful run nothing may have been done before.
    importing = desk.start_import()
    until(lambda: desk.job(importing)["done"] > 0, 60, "rows are checked")
    desk.kill_worker()
    assert house.sql("select count(*) from participants_participant") == [(0,)]
    exports = [desk.start_export(kind) for _ in range(EXPORTS // 2) for kind in ("participants", "referrals")]
    for _kill in range(KILLS - 2):
        select_nothing(chance.uniform(1.5, 3.0))
        desk.kill_worker()
    until(lambda: storing(house), TAKEN_UP_SECONDS + DONE_SECONDS, "rows are stored")
    desk.kill_worker()
    assert house.sql("select count(*) from participants_participant") == [(0,)]
    begun = started_at(house, importing)
    until(lambda: started_at(house, importing) > begun, TAKEN_UP_SECONDS, "the import is taken up again")
    for job in [importing, *exports]:
        until(partial(desk.succeeded, job), DONE_SECONDS, f"job {job} is done")
    assert house.sql(
        "select count(*), count(distinct email), count(distinct external_id) from participants_participant"
    ) == [(ROWS, ROWS, ROWS)]
    assert (
        sum(desk.job(importing)["counts"][name] for name in ("created", "updated", "unchanged", "bad"))
        == ROWS
    )
    for job in exports:
        rows = sum(desk.job(job)["counts"].values())
        assert len(desk.result(job).splitlines()) == rows + 1
    assert house.sql("select count(*) from procrastinate_jobs where args ? 'job_id'") == [(0,)]
    assert not list(Path(house.folder / "var").glob("**/imports/*"))
    again = house.said.count("job of a dead worker queued again")
    print(
        f"\n{KILLS} kills of the worker, {again} jobs begun again: {ROWS:,} rows stored once, {EXPORTS} exports whole"
    )
    assert again >= 2


def started_at(house: Installation, job_id: str) -> Any:
    return house.sql("select started_at from kit_job where id = %s", job_id)[0][0]


def storing(house: Installation) -> bool:
    """Whether checked rows are on their way into the table: imports of an organization take turns there."""
    lock = "select 1 from pg_locks where locktype = 'advisory' and granted and classid::int8 ="
    return bool(house.sql(f"{lock} (hashtext('participants.import')::int8 & 4294967295)"))
