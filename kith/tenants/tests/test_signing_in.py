"""Codes by e-mail, proofs before what matters, browsers, and the library's pages in our frame."""

import datetime
import re
from typing import Any

import pytest
from allauth.usersessions.models import UserSession
from django.core import mail
from django.test import Client
from django.urls import reverse

from conftest import signed_in
from kith.kit import clock, tenancy
from kith.kit.actors import Actor
from kith.tenants import actions, jobs, queries, rules
from kith.tenants.models import ApiKey
from kith.tenants.tests.test_factors import (
    PASSWORD,
    code_of,
    enter,
    fresh_address,
    give_app,
    is_in,
    rule,
    user_of,
)
from tests.guards.surface import entries

pytestmark = pytest.mark.django_db(databases=["default", "counters"])
__all__ = ["fresh_address"]

LATER = datetime.timedelta(minutes=16)


# --- a code by e-mail -----------------------------------------------------------------------------------


def ask(user: Any, login: str = "") -> Client:
    client = Client()
    assert client.post("/accounts/code/", {"login": login or user.email}).url == "/accounts/code/confirm/"
    jobs.send_code(user_id=str(user.pk), language="en")
    return client


def mailed() -> str:
    found = re.match(r"\d{6}", mail.outbox[-1].subject)
    assert found
    return found[0]


def test_a_mailed_code_signs_in_once_where_the_organization_allows_it(alice: Actor, acme: Any) -> None:
    user = user_of(alice)
    ask(user)
    assert not mail.outbox, "not allowed yet"
    rule(acme, alice, email_code=True)
    client = ask(user)
    code = mailed()
    client.post("/accounts/code/confirm/", {"code": code})
    assert is_in(client, acme)
    other = Client()
    other.post("/accounts/code/", {"login": user.email})
    said = other.post("/accounts/code/confirm/", {"code": code})
    assert said.status_code == 422
    assert not is_in(other, acme)


def test_a_mailed_code_does_not_replace_the_second_factor(alice: Actor, acme: Any) -> None:
    rule(acme, alice, email_code=True)
    user = user_of(alice)
    secret = give_app(user)
    client = ask(user)
    step = client.post("/accounts/code/confirm/", {"code": mailed()})
    assert step.url.startswith("/accounts/2fa/authenticate/")
    assert not is_in(client, acme)
    client.post("/accounts/2fa/authenticate/", {"code": code_of(secret)})
    assert is_in(client, acme)


def test_five_wrong_mailed_codes_lock_and_strangers_see_the_same(alice: Actor, acme: Any) -> None:
    rule(acme, alice, email_code=True)
    user = user_of(alice)
    client = ask(user)
    code = mailed()
    bad = "000000" if code != "000000" else "111111"
    said = [client.post("/accounts/code/confirm/", {"code": bad}) for _ in range(5)]
    assert {answer.status_code for answer in said} == {422}
    assert client.post("/accounts/code/confirm/", {"code": code}).status_code == 422
    assert not is_in(client, acme)
    stranger = Client(REMOTE_ADDR="192.0.2.77")
    assert stranger.post("/accounts/code/", {"login": "nobody@example.com"}).url == "/accounts/code/confirm/"


def test_all_organizations_of_a_person_must_allow_codes(alice: Actor, acme: Any, rival: Any) -> None:
    rule(acme, alice, email_code=True)
    user = user_of(alice)
    with tenancy.use(rival.id):
        actions.add_member(user=user, role="viewer", now=clock.now())
    assert actions.make_code(user=user) == ""


# --- a proof before what matters ------------------------------------------------------------------------


def test_making_a_key_asks_again_after_a_while_and_keeps_what_was_typed(alice: Actor, acme: Any) -> None:
    client, _answer = enter(user_of(alice))
    url = reverse("tenants:keys", args=[acme.slug])
    sent = {"name": "Booking site", "scopes": ["referrals.view"]}

    def keys() -> int:
        with tenancy.use(acme.id):
            return ApiKey.objects.count()

    with clock.frozen(clock.now() + LATER):
        asked = client.post(url, sent)
        assert (asked.status_code, keys()) == (401, 0)
        assert b'name="name" value="Booking site"' in asked.content
        wrong = client.post(url, {**sent, "proof": "not my password"})
        assert (wrong.status_code, keys()) == (401, 0)
        assert client.post(url, {**sent, "proof": PASSWORD}).status_code == 200
        assert keys() == 1
        assert client.get(url).status_code == 200


def test_five_wrong_proofs_lock_the_account(alice: Actor, acme: Any) -> None:
    client, _answer = enter(user_of(alice))
    url = reverse("tenants:keys", args=[acme.slug])
    with clock.frozen(clock.now() + LATER):
        for _attempt in range(5):
            client.post(url, {"name": "x", "proof": "wrong wrong wrong"})
        assert b"Too many failed attempts" in client.post(url, {"name": "x", "proof": PASSWORD}).content


# --- browsers -------------------------------------------------------------------------------------------


def test_one_browser_is_signed_out_from_another(alice: Actor, acme: Any) -> None:
    user = user_of(alice)
    phone = Client(
        headers={"user-agent": "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0) Safari/605"},
        REMOTE_ADDR="192.0.2.44",
    )
    phone.post("/accounts/login/", {"login": user.username, "password": PASSWORD})
    desk, _answer = enter(user)
    shown = desk.get("/accounts/security/").content.decode()
    assert "Safari · iPhone" in shown
    assert "192.0.2.0" in shown
    assert "192.0.2.44" not in shown
    assert not UserSession.objects.filter(user=user, ip="192.0.2.44").exists()
    row = UserSession.objects.get(user=user, ip="192.0.2.0")
    assert desk.post(f"/accounts/sessions/{row.pk}/end/").status_code == 303
    assert (is_in(phone, acme), is_in(desk, acme)) == (False, True)


def test_all_other_browsers_are_signed_out_and_nobody_elses(alice: Actor, bob: Actor, acme: Any) -> None:
    one, two = enter(user_of(alice))[0], enter(user_of(alice))[0]
    other = enter(user_of(bob))[0]
    row = UserSession.objects.get(user=user_of(bob))
    assert one.post(f"/accounts/sessions/{row.pk}/end/").status_code == 404
    one.post("/accounts/sessions/end/")
    assert [is_in(each, acme) for each in (one, two, other)] == [True, False, True]


def test_a_new_password_leaves_one_browser(alice: Actor, acme: Any) -> None:
    one, two = enter(user_of(alice))[0], enter(user_of(alice))[0]
    sent = {
        "oldpassword": PASSWORD,
        "password1": "another horse battery",
        "password2": "another horse battery",
    }
    assert one.post("/accounts/password/change/", sent).status_code == 302
    assert (is_in(one, acme), is_in(two, acme)) == (True, False)
    assert len(queries.sessions_of(user_of(alice), key="")) == 1


@pytest.mark.parametrize(
    ("header", "words"),
    [
        ("Mozilla/5.0 (Windows NT 10.0; Win64; x64) Chrome/140.0 Safari/537.36 Edg/140.0", "Edge · Windows"),
        ("Mozilla/5.0 (Macintosh; Intel Mac OS X 14_5) Version/18 Safari/605.1", "Safari · Mac"),
        ("Mozilla/5.0 (Linux; Android 15) Chrome/140.0 Mobile Safari/537.36", "Chrome · Android"),
        ("curl/8.5", ""),
    ],
)
def test_a_browser_is_called_what_people_call_it(header: str, words: str) -> None:
    assert rules.device_of(header).words == words


# --- pages of the library -------------------------------------------------------------------------------


def library_pages() -> list[str]:
    """Every page of django-allauth that is routed, with values in its path."""
    found = [entry for entry in entries() if entry.name.startswith("allauth.")]
    return [entry.url(lambda kind, name: {"uidb36": "1", "key": "x", "pk": 1}[name]) for entry in found]


def test_every_page_of_the_library_stands_in_our_frame(alice: Actor) -> None:
    user = user_of(alice)
    give_app(user)
    seen = 0
    for url in library_pages():
        for client in (Client(), signed_in(alice)):
            answer = client.get(url, follow=True)
            if answer.headers["Content-Type"].startswith("text/html"):
                text = answer.content.decode()
                assert "public-main" in text or 'class="console"' in text, url
                assert "allauth" not in text.replace("/accounts/", ""), url
                seen += 1
    assert seen > 30


def test_every_template_of_the_library_that_can_be_shown_is_ours() -> None:
    from django.conf import settings
    from django.template.loader import get_template

    ours = settings.BASE / "kit" / "templates"
    shown = [
        "mfa/authenticate.html", "mfa/reauthenticate.html", "mfa/totp/activate_form.html",
        "mfa/totp/deactivate_form.html", "mfa/recovery_codes/index.html", "mfa/recovery_codes/generate.html",
        "mfa/recovery_codes/download.txt", "mfa/webauthn/add_form.html", "mfa/webauthn/edit_form.html",
        "mfa/webauthn/authenticator_confirm_delete.html", "mfa/webauthn/reauthenticate.html",
        "mfa/messages/totp_activated.txt", "mfa/messages/totp_deactivated.txt", "mfa/messages/webauthn_added.txt",
        "mfa/messages/webauthn_removed.txt", "mfa/messages/recovery_codes_generated.txt", "account/login.html",
        "account/logout.html", "account/password_change.html", "account/password_reset.html",
        "account/reauthenticate.html", "account/signup_closed.html", "account/account_inactive.html",
    ]  # fmt: skip
    for name in shown:
        origin = str(get_template(name).template.origin.name)  # type: ignore[attr-defined]
        assert origin.startswith(str(ours)), name
