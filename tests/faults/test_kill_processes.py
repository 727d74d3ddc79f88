"""kill -9 of every process of an installation under eight writers: nothing lost, nothing twice, back by itself."""

import random
import time
from collections.abc import Iterator
from functools import partial

import pytest

from tests.faults.installation import Installation, Team, installation
from tests.faults.writers import Writers
from tests.machine import select_nothing, until

pytestmark = [pytest.mark.faults, pytest.mark.timed]

BACK_SECONDS = 10.0


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """One installation for all of these tests: it has to survive them one after the other."""
    with installation(tmp_path_factory.mktemp("kill"), KITH_WEB_WORKERS="2") as made:
        yield made


@pytest.fixture(scope="module")
def team(house: Installation) -> Team:
    return house.organization()


def outermost(house: Installation, name: str) -> list[int]:
    return house.pids(name)[:1]


def answered_more_than(writers: Writers, count: int) -> bool:
    return len(writers.answered) > count


def killing(house: Installation, writers: Writers, victims: list[str]) -> list[float]:
    """Kill one after the other while the writers write; how long each time until a new call was answered."""
    chance, back = random.Random(7), []
    for victim in victims:
        select_nothing(chance.uniform(0.2, 1.0))
        running = house.web_workers if victim == "web worker" else partial(outermost, house, victim)
        pids = until(running, 3 * BACK_SECONDS, f"{victim} runs")
        moment = time.monotonic()
        house.kill_pid(chance.choice(pids), victim)
        back.append(writers.back_after(moment))
    return back


def test_the_database_killed_six_times(house: Installation, team: Team) -> None:
    """Pass: acknowledged = stored, 0 doubled, ledger 0 per currency, a new call answered in < 10 s each time."""
    with Writers(house, team) as writers:
        back = killing(house, writers, ["postgres"] * 6)
    said = writers.check()
    print(f"\n6 kills of PostgreSQL, back after {min(back):.1f} to {max(back):.1f} s: {said}")
    assert max(back) < BACK_SECONDS


def test_the_web_process_killed_twenty_times(house: Installation, team: Team) -> None:
    """Pass: as above; one process that answers is killed 16 times, the web process as a whole 4 times."""
    with Writers(house, team) as writers:
        back = killing(house, writers, (["web worker"] * 4 + ["web"]) * 4)
    said = writers.check()
    print(f"\n20 kills of the web process, back after {min(back):.1f} to {max(back):.1f} s: {said}")
    assert max(back) < BACK_SECONDS
    until(lambda: len(house.web_workers()) == 2, BACK_SECONDS, "both web workers run")


def test_the_scheduler_killed_five_times(house: Installation, team: Team) -> None:
    """Pass: every booking is rewarded exactly once, though whoever rewards them dies in the middle of it."""
    with Writers(house, team) as writers:
        for _kill in range(5):
            until(lambda: house.pids("scheduler"), BACK_SECONDS, "the scheduler runs again")
            seen = len(writers.answered)
            until(partial(answered_more_than, writers, seen + 20), 30, "there is something to deliver")
            house.kill("scheduler")
    print(f"\n5 kills of the scheduler: {writers.check()}")
