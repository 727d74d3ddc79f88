"""Guessing passwords: how many guesses get through, what a guesser learns, and how the owner gets back in."""

import datetime
import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.core import mail
from django.db import connections
from django.test import Client
from django.urls import reverse

from conftest import make_member, user_of
from kith.kit import clock
from kith.kit.actors import Actor
from kith.kit.errors import TooMany
from kith.tenants import actions
from kith.tenants.actions.passwords import WINDOW_S
from kith.tenants.models import User
from tests.faults import letters

pytestmark = pytest.mark.django_db(databases=["default", "counters"])


PASSWORD = "correct horse battery"
LOGIN = "/accounts/login/"


def browse_in(login: str, password: str, address: str) -> Any:
    return Client(REMOTE_ADDR=address).post(LOGIN, {"login": login, "password": password})


def call_in(path: str) -> Callable[[str, str, str], Any]:
    def call(login: str, password: str, address: str) -> Any:
        body = {"username": login, "password": password}
        return Client(REMOTE_ADDR=address).post(path, body, content_type="application/json")

    return call


WAYS = {
    "page": browse_in,
    "call": call_in("/api/v1/auth/token"),
    "older call": call_in("/api/auth/login"),
}


def verdict(answer: Any) -> str:
    """in, refused or paused, whichever way it was said."""
    if answer.status_code == 302 or (answer.status_code == 200 and b"access_token" in answer.content):
        return "in"
    if answer.status_code == 200 and b'"token"' in answer.content:
        return "in"
    return "paused" if b"Too many failed attempts" in answer.content else "refused"


def at_once(count: int, work: Callable[[int], Any]) -> list[Any]:
    """What that many threads answer that start together, each with connections of its own."""
    answers, started = [], threading.Barrier(count)

    def run(number: int) -> None:
        started.wait()
        try:
            answers.append(work(number))
        finally:
            connections.close_all()

    threads = [threading.Thread(target=run, args=[number]) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(answers) == count
    return answers


def attempt(login: str, password: str, address: str) -> str:
    try:
        actions.check_password(login=login, password=password, address=address)
    except TooMany:
        return "paused"
    except actions.SignInRefused:
        return "refused"
    return "in"


# --- how many -----------------------------------------------------------------------------------------


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("then", WAYS)
def test_pages_and_calls_share_one_count(way: str, then: str, alice: Actor) -> None:
    """Pass: 5 failures by one way, each from an address of its own, and the right password waits by every way."""
    login = user_of(alice).username
    found = [verdict(WAYS[way](login, "wrong", f"192.0.2.{number}")) for number in range(6)]
    assert found == ["refused"] * 5 + ["paused"]
    assert verdict(WAYS[then](login, PASSWORD, "198.51.100.1")) == "paused"


def test_an_address_has_five_failures_whoever_it_tries(acme: Any, alice: Actor) -> None:
    found = [attempt(f"somebody-{number}", "wrong", "192.0.2.1") for number in range(6)]
    assert found == ["refused"] * 5 + ["paused"]
    assert attempt(user_of(alice).username, PASSWORD, "192.0.2.1") == "paused"
    assert attempt(user_of(alice).username, PASSWORD, "192.0.2.2") == "in"


def test_right_passwords_count_for_nothing_and_forgive_nothing(alice: Actor) -> None:
    login = user_of(alice).username
    found = [attempt(login, PASSWORD if number % 2 else "wrong", "192.0.2.1") for number in range(10)]
    assert found == ["refused", "in"] * 4 + ["refused", "paused"]


def test_what_was_refused_does_not_make_the_pause_longer(alice: Actor, frozen: Any) -> None:
    login = user_of(alice).username
    for _ in range(9):
        attempt(login, "wrong", "192.0.2.1")
    frozen.advance(datetime.timedelta(seconds=WINDOW_S - 1))
    assert attempt(login, PASSWORD, "192.0.2.1") == "paused"
    frozen.advance(datetime.timedelta(seconds=1))
    assert attempt(login, PASSWORD, "192.0.2.1") == "in"


def test_of_forty_guesses_at_once_five_get_through(committed: Any) -> None:
    """Pass: 40 threads on one account from 40 addresses, 5 looked at, 35 paused; the same for one address."""
    user = user_of(make_member(committed("guess"), "gus", "viewer"))
    login = user.username
    account = at_once(40, lambda number: attempt(login, "wrong", f"192.0.2.{number}"))
    address = at_once(40, lambda number: attempt(f"nobody-{number}", "wrong", "198.51.100.77"))
    for found in (account, address):
        assert (found.count("refused"), found.count("paused")) == (5, 35)
    assert [task for _, task, said in letters.queued() if said["user_id"] == str(user.pk)] == [
        "tenants.send_unlock"
    ]
    print("40 guesses at one account and 40 from one address at once: 5 and 5 got through, 1 letter")


def test_an_office_signs_in_at_nine(committed: Any) -> None:
    """Pass: 12 colleagues behind one address at once, 12 are in: what is not a failure takes nobody's place."""
    team = committed("office")
    logins = [user_of(make_member(team, "carl", "viewer")).username for _ in range(12)]
    assert at_once(12, lambda number: attempt(logins[number], PASSWORD, "203.0.113.50")) == ["in"] * 12


# --- the way back -------------------------------------------------------------------------------------


def locked(actor: Actor, address: str = "192.0.2.1") -> User:
    """The person, after five failures from there."""
    user = user_of(actor)
    for _ in range(5):
        attempt(user.username, "wrong", address)
    return user


def test_the_owner_unlocks_the_account_by_mail_once(alice: Actor) -> None:
    user = locked(alice)
    for number in range(5):
        attempt(user.email, "wrong", f"198.51.100.{number}")
    (letter,) = letters.deliver()
    assert letter.to == [user.email]
    assert letter.subject == "Too many failed attempts to sign in"
    path, client = letters.link(letter), Client(REMOTE_ADDR="192.0.2.1")
    assert b"Unlock my account" in client.get(path).content
    assert attempt(user.username, PASSWORD, "192.0.2.1") == "paused", "looking at the page unlocks nothing"
    assert client.post(path)["Location"] == LOGIN
    assert attempt(user.username, PASSWORD, "192.0.2.1") == "in"
    assert attempt(user.email, PASSWORD, "203.0.113.1") == "in"
    assert [client.get(path).status_code, client.post(path).status_code] == [404, 404]
    assert not letters.deliver()


def test_a_link_is_used_by_one_of_many(committed: Any) -> None:
    user = user_of(make_member(committed("unlock"), "una", "viewer"))
    token = actions.unlock_token(user=user, now=clock.now())

    def use(number: int) -> bool:
        try:
            actions.unlock(token=token, address=f"192.0.2.{number}", now=clock.now())
        except actions.UnlockGone:
            return False
        return True

    assert at_once(12, use).count(True) == 1


def test_a_link_lasts_as_long_as_a_lock(alice: Actor, frozen: Any) -> None:
    user = locked(alice)
    token = actions.unlock_token(user=user, now=clock.now())
    frozen.advance(datetime.timedelta(seconds=WINDOW_S))
    with pytest.raises(actions.UnlockGone):
        actions.unlock(token=token, address="192.0.2.1", now=clock.now())


@pytest.mark.parametrize("token", ["", "x", "a:b:c", "e30:1abcde:AAAA"])
def test_a_link_nobody_sent_unlocks_nothing(token: str, alice: Actor) -> None:
    user = locked(alice)
    real = actions.unlock_token(user=user, now=clock.now())
    for text in (token, real[:-1] + ("A" if real[-1] != "A" else "B")):
        with pytest.raises(actions.UnlockGone):
            actions.unlock(token=text, address="192.0.2.1", now=clock.now())
    assert attempt(user.username, PASSWORD, "192.0.2.9") == "paused"


def test_each_lock_sends_one_letter(alice: Actor, frozen: Any) -> None:
    for _ in range(3):
        user = user_of(alice)
        for number in range(12):
            attempt(user.username, "wrong", f"192.0.2.{number}")
        assert len(letters.deliver(to=user.email)) == 1
        frozen.advance(datetime.timedelta(seconds=WINDOW_S))


def test_a_new_password_lifts_the_lock(alice: Actor) -> None:
    user = locked(alice)
    client = Client()
    client.post(reverse("account_reset_password"), {"email": user.email})
    (letter,) = [each for each in letters.deliver() if each.subject == "Choose a new password"]
    form = client.get(letters.link(letter), follow=True)
    new = {"password1": "another horse", "password2": "another horse"}
    assert client.post(form.request["PATH_INFO"], new).status_code == 302
    assert attempt(user.username, "another horse", "203.0.113.1") == "in"


def test_the_queue_holds_neither_link_nor_address(alice: Actor) -> None:
    user = locked(alice)
    Client().post(reverse("account_reset_password"), {"email": user.email})
    found = letters.queued()
    assert [arguments for _, _, arguments in found] == [{"user_id": str(user.pk), "language": "en"}] * 2


# --- what a guesser learns ----------------------------------------------------------------------------


def shown(answer: Any, *names: str) -> tuple[Any, ...]:
    """What tells two answers apart: status, headers that matter, and the text without what was typed itself."""
    text = answer.content.decode()
    for name in (*names, answer.headers.get("X-Request-ID", "-")):
        text = text.replace(name, "*")
    for token in {
        part.split('"')[0]
        for mark in ('nonce="', 'csrfmiddlewaretoken" value="')
        for part in text.split(mark)[1:]
    }:
        text = text.replace(token, "*")
    return answer.status_code, answer.get("Location"), answer.get("Retry-After"), text


@pytest.mark.parametrize("way", WAYS)
def test_strangers_and_colleagues_get_the_same_answers(way: str, alice: Actor, frozen: Any) -> None:
    """Pass: 7 failures each for a known name, an unknown one and an inactive one: 7 times the same bytes."""
    known, gone = user_of(alice).username, "inactive-" + user_of(alice).username
    actions.create_user(username=gone, email="gone@example.com", name="", password=PASSWORD, now=clock.now())
    User.objects.filter(username=gone).update(is_active=False)
    unknown = known.replace("alice", "zorro")
    for number in range(7):
        answers = [
            shown(WAYS[way](login, password, f"192.0.{at}.{number}"), login)
            for at, (login, password) in enumerate([(known, "wrong"), (unknown, "wrong"), (gone, PASSWORD)])
        ]
        assert answers[0] == answers[1] == answers[2]


def test_a_forgotten_password_is_asked_for_by_anybody_alike(alice: Actor) -> None:
    email, url = user_of(alice).email, reverse("account_reset_password")
    known = shown(Client().post(url, {"email": email}), email)
    unknown = shown(Client().post(url, {"email": "nobody@example.com"}), "nobody@example.com")
    assert known == unknown
    assert len(letters.queued()) == 2, "both cost a row in the queue, so that both take equally long"
    assert [message.to for message in letters.deliver()] == [[email]]


def test_which_spellings_belong_together_is_not_told(alice: Actor) -> None:
    """Locked by name, the e-mail address is still answered as a stranger's would be."""
    user = locked(alice)
    for login in (user.email, "nobody@example.com"):
        found = [attempt(login, PASSWORD, f"198.51.{len(login)}.{number}") for number in range(6)]
        assert found == ["refused"] * 5 + ["paused"]


def test_the_page_says_what_to_do(alice: Actor) -> None:
    user = locked(alice)
    page = browse_in(user.username, PASSWORD, "203.0.113.1").content.decode()
    assert "Wait a quarter of an hour, or use the link in the e-mail" in page
    call = WAYS["call"](user.username, PASSWORD, "203.0.113.1")
    assert call.status_code == 429
    assert 0 < int(call["Retry-After"]) <= WINDOW_S
    assert not mail.outbox
