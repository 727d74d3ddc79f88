"""Attacks on people's accounts: guessing, stale sessions, stolen links, roles that reach too far."""

import datetime
import json
import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest
from django.core import mail
from django.db import connection, connections
from django.test import Client
from django.urls import reverse

from conftest import make_member, user_of
from kith.kit import clock, tenancy
from kith.kit.actors import Actor
from kith.kit.errors import TooMany
from kith.tenants import actions, jobs, queries
from kith.tenants.models import Invitation, TokenFamily
from tests.faults import letters

pytestmark = pytest.mark.django_db(databases=["default", "counters"])

PASSWORD = "correct horse battery"


def test_other_spellings_of_a_name_share_one_count_of_failures(alice: Actor) -> None:
    """PostgreSQL takes a dotless i for an i; that and the e-mail address must not buy further guesses.

    The sixth is told "not right" although it is: which spellings lead to one account is nobody's business.
    """
    user = user_of(alice)
    user.username = f"rissi-{user.username}"
    user.save()
    for number, login in enumerate(
        [user.username, user.email, user.username.replace("i", "\u0131"), user.username.replace("s", "\u017f"),
         user.username.upper()]
    ):  # fmt: skip
        with pytest.raises(actions.SignInRefused):
            _sign_in(login, "wrong", address=f"192.0.2.{number}")
    with pytest.raises(actions.SignInRefused):
        _sign_in(user.username, PASSWORD, address="192.0.2.99")
    (letter,) = letters.deliver(to=user.email)
    actions.unlock(token=letters.link(letter).split("/")[2], address="192.0.2.99", now=clock.now())
    _sign_in(user.username, PASSWORD, address="192.0.2.99")


def _sign_in(login: str, password: str, *, address: str) -> Any:
    return actions.sign_in(
        username=login, password=password, tenant_slug=None, address=address, now=clock.now()
    )


def test_a_changed_password_ends_the_sessions_of_the_api(alice: Actor) -> None:
    """Whoever took the old password is out, refresh token and all."""
    user = user_of(alice)
    pair, _seat, _user = _sign_in(user.username, PASSWORD, address="192.0.2.1")
    client = Client()
    client.force_login(user)
    new = {
        "oldpassword": PASSWORD,
        "password1": "another horse battery",
        "password2": "another horse battery",
    }
    answer = client.post(reverse("account_change_password"), new)
    assert answer.status_code == 302
    with pytest.raises(actions.RefreshRefused):
        actions.refresh_tokens(refresh=pair.refresh, now=clock.now())
    with tenancy.use(alice.tenant_id):
        assert not TokenFamily.objects.filter(ended_at=None).exists()


def test_a_reset_link_points_at_the_installation_whatever_host_was_claimed(alice: Actor) -> None:
    """Allowed hosts come with any port, and the port would be the attacker's."""
    Client().post(
        reverse("account_reset_password"), {"email": user_of(alice).email}, headers={"host": "localhost:6666"}
    )
    (message,) = letters.deliver()
    assert "localhost:6666" not in str(message.message())
    assert Client().get(letters.link(message)).status_code == 302


def test_the_queue_holds_no_secret_of_an_invitation(in_acme: Any, alice: Actor) -> None:
    """Jobs stay in their table long after they ran; a link found there would open the organization."""
    row = actions.invite(email="new@example.com", role="admin", actor=alice, now=clock.now())
    with connection.cursor() as cursor:
        cursor.execute("select args from procrastinate_jobs where task_name = 'tenants.send_invitation'")
        ((arguments,),) = cursor.fetchall()
    jobs.send_invitation(**json.loads(arguments))
    (message,) = mail.outbox
    found = re.search(r"/invitations?/([^/\s]+)", str(message.body))
    assert found is not None
    assert found[1] not in str(arguments)
    assert queries.offered(found[1], now=clock.now()).pk == row.pk


def test_a_withdrawn_invitation_gets_no_new_link(in_acme: Any, alice: Actor) -> None:
    """Not even when the job comes late."""
    row = actions.invite(email="new@example.com", role="admin", actor=alice, now=clock.now())
    before = bytes(Invitation.objects.get(pk=row.pk).token_hash)
    actions.withdraw_invitation(invitation=row, actor=alice, now=clock.now())
    with pytest.raises(queries.InvitationGone):
        actions.renew_link(invitation=row)
    assert bytes(Invitation.objects.get(pk=row.pk).token_hash) == before


@pytest.mark.django_db(transaction=True, databases=["default", "counters"])
def test_guesses_at_the_same_moment_are_counted_one_by_one(committed: Any) -> None:
    """Twenty at once get five answers; a right password counts for nothing and forgives nothing."""
    user = user_of(make_member(committed("guess"), "gus", "viewer"))

    def guess(number: int) -> bool:
        try:
            _sign_in(user.username, "wrong", address=f"192.0.2.{number}")
        except actions.SignInRefused:
            return True
        except TooMany:
            return False
        finally:
            connections.close_all()
        raise AssertionError("a wrong password was taken")

    for _right in range(6):
        _sign_in(user.username, PASSWORD, address="192.0.2.200")
    with ThreadPoolExecutor(10) as pool:
        assert sum(pool.map(guess, range(20))) == 5


def test_invitations_are_no_way_to_flood_mailboxes(in_acme: Any, alice: Actor, frozen: Any) -> None:
    """Pass: of 20 invitations that are taken back and sent again to one address 5 letters go out, of 150 to others
    95, so that it is 100 of one organization in a day; the day after, the next one.
    """

    def ask(address: str) -> int:
        try:
            row = actions.invite(email=address, role="viewer", actor=alice, now=clock.now())
        except TooMany:
            return 0
        actions.withdraw_invitation(invitation=row, actor=alice, now=clock.now())
        return 1

    assert sum(ask("victim@example.com") for _time in range(20)) == 5
    assert sum(ask(f"victim-{number}@example.com") for number in range(150)) == 95
    with connection.cursor() as cursor:
        cursor.execute("select count(*) from procrastinate_jobs where task_name = 'tenants.send_invitation'")
        assert cursor.fetchone() == (100,)
    frozen.advance(datetime.timedelta(days=1, seconds=1))
    assert ask("victim@example.com") == 1
