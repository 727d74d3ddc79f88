"""Limits across real web processes, headers nobody may forge, and how long a refusal takes."""

import datetime
import statistics
import time
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pytest
from django.core.cache import cache
from django.test import Client

from conftest import make_member, user_of
from tests.faults.installation import Installation, Team, installation
from tests.machine import TRUST, until

pytestmark = [pytest.mark.faults, pytest.mark.timed]

PUBLIC = "/api/v1/auth/refresh"
NOT_A_TOKEN = {"refresh_token": "nobody's"}
TRIES, TOLERANCE = 40, 0.20


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Installation]:
    """Two web processes behind one proxy of ours."""
    folder = tmp_path_factory.mktemp("limits")
    with installation(folder, KITH_WEB_WORKERS="2", KITH_TRUSTED_PROXIES="1") as made:
        assert len(made.web_workers()) == 2
        yield made


@pytest.fixture(scope="module")
def team(house: Installation) -> Team:
    """An organization of that installation."""
    return house.organization()


def many(house: Installation, count: int, headers: Any, path: str = PUBLIC) -> list[httpx.Response]:
    """That many calls through sixteen connections; `headers(number)` for each."""

    def call(number: int) -> httpx.Response:
        return httpx.post(
            f"{house.url}{path}", json=NOT_A_TOKEN, headers=headers(number), timeout=30, verify=TRUST
        )

    with ThreadPoolExecutor(16) as pool:
        return list(pool.map(call, range(count)))


def said(answers: list[httpx.Response]) -> Counter[int]:
    return Counter(answer.status_code for answer in answers)


def test_a_client_has_exactly_a_hundred_public_calls(house: Installation) -> None:
    """Pass: 150 calls, 2 web processes: 100 get through (401: no such token), 50 are 429; each says what is left."""
    answers = many(house, 150, lambda _: {"X-Forwarded-For": "203.0.113.1"})
    assert said(answers) == {401: 100, 429: 50}
    through = [answer for answer in answers if answer.status_code == 401]
    assert sorted(int(answer.headers["RateLimit-Remaining"]) for answer in through) == list(range(100))
    for answer in answers:
        assert answer.headers["RateLimit-Limit"] == "100"
        assert 0 < int(answer.headers["RateLimit-Reset"]) <= 900
        assert (answer.status_code == 429) == ("Retry-After" in answer.headers)
    print(f"150 public calls to 2 web processes: {dict(said(answers))}")


def test_success_says_what_is_left_as_well(house: Installation) -> None:
    answer = httpx.get(f"{house.url}/api/v1/me", headers={"X-Forwarded-For": "203.0.113.2"})
    assert (answer.status_code, answer.headers["RateLimit-Remaining"]) == (401, "99")


def test_no_header_makes_another_client(house: Installation) -> None:
    """Pass: 130 calls that each claim other senders before the one our proxy saw: 100 through, 30 refused."""

    def claims(number: int) -> list[tuple[str, str]]:
        name = ("X-Forwarded-For", "x-forwarded-for", "Forwarded", "X-Real-IP", "X_Forwarded_For")[number % 5]
        # Our proxy appends to the line, or adds one of its own; either comes last.
        return [(name, f"198.51.100.{number}"), ("X-Forwarded-For", f"10.0.0.{number}, 203.0.113.3")]

    answers = many(house, 130, claims)
    assert said(answers) == {401: 100, 429: 30}


def test_a_network_of_ipv6_is_one_client(house: Installation) -> None:
    """Pass: 120 calls from 120 addresses of one /64: 100 through; the next network has its own hundred."""
    answers = many(house, 120, lambda number: {"X-Forwarded-For": f"2001:db8:0:1::{number:x}"})
    assert said(answers) == {401: 100, 429: 20}
    assert said(many(house, 5, lambda _: {"X-Forwarded-For": "2001:db8:0:2::1"})) == {401: 5}


def test_each_key_has_its_own_limit(house: Installation, team: Team) -> None:
    """Pass: keys for 30 and 40 calls, 60 calls with each at once from one address: 30 and 40 get through."""
    keys = {}
    for limit in (30, 40):
        wanted = {"name": f"for {limit}", "scopes": ["participants.view"], "rate_limit": limit}
        made = httpx.post(f"{house.url}/api/v1/api-keys", json=wanted, headers=team.headers)
        keys[limit] = made.json()["data"]["text"]

    def call(number: int) -> tuple[int, int]:
        limit = (30, 40)[number % 2]
        answer = httpx.get(
            f"{house.url}/api/v1/me",
            headers={"Authorization": f"Bearer {keys[limit]}"},
            timeout=30,
            verify=TRUST,
        )
        assert answer.headers["RateLimit-Limit"] == str(limit)
        return limit, answer.status_code

    with ThreadPoolExecutor(16) as pool:
        answers = Counter(pool.map(call, range(120)))
    assert answers == {(30, 200): 30, (30, 429): 30, (40, 200): 40, (40, 429): 20}


def test_failures_are_counted_by_all_processes_together(house: Installation, team: Team) -> None:
    """Pass: 60 guesses at one account from 60 addresses and 60 from one address: 5 + 5 looked at, 1 letter."""

    def guess(username: str, address: str) -> int:
        body = {"username": username, "password": "wrong"}
        headers = {"X-Forwarded-For": address}
        return httpx.post(
            f"{house.url}/api/v1/auth/token", json=body, headers=headers, timeout=30, verify=TRUST
        ).status_code

    with ThreadPoolExecutor(16) as pool:
        account = Counter(pool.map(lambda n: guess(team.username, f"192.0.2.{n}"), range(60)))
        address = Counter(pool.map(lambda n: guess(f"nobody-{n}", "198.51.100.200"), range(60)))
    assert account == address == {401: 5, 429: 55}
    # Without an address of a mail server letters are files.
    folder = house.folder / "var" / "mail"
    letters = until(
        lambda: len(list(folder.glob("*"))) if folder.exists() else 0, 60, "the letter is written"
    )
    assert letters == 1
    print(f"2 x 60 guesses at 2 web processes: {dict(account)} and {dict(address)}, {letters} letter")


# --- how long it takes --------------------------------------------------------------------------------


@pytest.mark.django_db(databases=["default", "counters"])
@pytest.mark.usefixtures("slow_passwords")
@pytest.mark.parametrize("way", ["page", "call", "reset"])
def test_strangers_wait_as_long_as_colleagues(way: str, acme: Any, frozen: Any) -> None:
    """Pass: medians of 40 refusals each, taken in turns, differ by less than 20 %."""
    user = user_of(make_member(acme, "tim", "viewer"))
    times: dict[str, list[float]] = {user.username: [], "stranger": []}
    for number in range(TRIES + 3):
        frozen.advance(datetime.timedelta(minutes=16))
        for login in times:
            email = user.email if login == user.username else f"stranger-{number}@example.com"
            started = time.perf_counter()
            _refused(way, login, email, f"192.0.{number}.{len(login)}")
            times[login].append(time.perf_counter() - started)
    known, unknown = (statistics.median(found[3:]) for found in times.values())
    print(f"{way}: a known name takes {known * 1000:.1f} ms, an unknown one {unknown * 1000:.1f} ms")
    assert abs(known / unknown - 1) < TOLERANCE


def _refused(way: str, login: str, email: str, address: str) -> None:
    client = Client(REMOTE_ADDR=address)
    if way == "page":
        assert client.post("/accounts/login/", {"login": login, "password": "wrong"}).status_code == 200
    elif way == "call":
        body = {"username": login, "password": "wrong"}
        assert client.post("/api/v1/auth/token", body, content_type="application/json").status_code == 401
    else:
        cache.clear()  # how often a link may be asked for is another limit
        assert client.post("/accounts/password/reset/", {"email": email}).status_code == 302
