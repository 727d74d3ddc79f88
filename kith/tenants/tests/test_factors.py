"""Second factors: setting them up, signing in with them, rules about them, and taking them off."""

import datetime
import re
from collections.abc import Iterator
from typing import Any

import pytest
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal import auth as totp
from django.core import mail
from django.test import Client
from django.urls import reverse

from conftest import user_of
from kith.audit.models import AuditEntry
from kith.kit import clock, limits, tenancy
from kith.kit.actors import Actor
from kith.kit.keyring import keyring
from kith.tenants import actions, jobs, queries
from kith.tenants.actions.factors import PURPOSE
from kith.tenants.models import Member, User

PASSWORD = "correct horse battery"
pytestmark = pytest.mark.django_db(databases=["default", "counters"])


@pytest.fixture(autouse=True)
def fresh_address() -> Iterator[None]:
    """Failures of other tests from this address do not count."""
    limits.clear("sign-in|address|127.0.0.1")
    yield
    limits.clear("sign-in|address|127.0.0.1")


def give_app(user: User) -> str:
    secret = totp.generate_totp_secret()
    totp.TOTP.activate(user, secret)
    return secret


def code_of(secret: str, ahead: int = 0) -> str:
    counter = list(totp.yield_hotp_counters_from_time())[1 + ahead]
    return str(totp.format_hotp_value(totp.hotp_value(secret, counter)))


def wrong(secret: str) -> str:
    right = {code_of(secret, ahead) for ahead in (-1, 0, 1)}
    return next(code for code in ("000000", "111111", "222222", "333333") if code not in right)


def rule(tenant: Any, actor: Actor, **values: Any) -> None:
    with tenancy.use(tenant.id, actor=actor):
        named = {f"signin.{name}": value for name, value in values.items()}
        actions.set_settings(values=named, actor=actor, now=clock.now())


def enter(user: User, **sent: Any) -> Any:
    client = Client()
    answer = client.post("/accounts/login/", {"login": user.username, "password": PASSWORD, **sent})
    return client, answer


def is_in(client: Client, tenant: Any) -> bool:
    return bool(client.get(f"/t/{tenant.slug}/settings/").status_code == 200)


# --- setting up ---------------------------------------------------------------------------------------


def test_an_app_is_set_up_with_a_code_and_recovery_codes_are_shown_once(alice: Actor, acme: Any) -> None:
    client, _answer = enter(user_of(alice))
    page = client.get("/accounts/2fa/totp/activate/")
    secret = client.session[totp.SECRET_SESSION_KEY]
    assert b"data:image/svg+xml;base64" in page.content
    assert client.post("/accounts/2fa/totp/activate/", {"code": wrong(secret)}).status_code == 200
    assert not queries.has_factor(user_of(alice))
    done = client.post("/accounts/2fa/totp/activate/", {"code": code_of(secret)})
    assert done.url == "/accounts/2fa/recovery-codes/"
    shown = client.get(done.url).content.decode()
    codes = re.findall(r'<li class="code">(\d{8})</li>', shown)
    assert len(set(codes)) == 10
    again = client.get(done.url).content.decode()
    assert not any(code in again for code in codes)
    assert client.get("/accounts/2fa/recovery-codes/download/").status_code == 403


def test_secrets_are_sealed_and_follow_a_new_master_key(alice: Actor, settings: Any) -> None:
    user = user_of(alice)
    secret = give_app(user)
    row = Authenticator.objects.get(user=user)
    assert secret not in str(row.data)
    former, new = settings.KITH_MASTER_KEY, "A" * 43 + "="
    settings.KITH_KEYS_FOLLOWED = False
    settings.KITH_MASTER_KEY, settings.KITH_MASTER_KEY_PREVIOUS = new, [former]
    sealed = Authenticator.objects.exclude(type=Authenticator.Type.WEBAUTHN).count()
    assert actions.reseal_factors() == sealed  # also of people whom a test that really commits left behind
    assert actions.reseal_factors() == 0
    settings.KITH_MASTER_KEY_PREVIOUS = []
    row.refresh_from_db()
    assert keyring().unseal(row.data["secret"], purpose=PURPOSE) == secret


# --- signing in ---------------------------------------------------------------------------------------


def test_the_password_alone_does_not_open_and_a_code_is_good_once(alice: Actor, acme: Any) -> None:
    user = user_of(alice)
    secret = give_app(user)
    client, answer = enter(user)
    assert answer.url.startswith("/accounts/2fa/authenticate/")
    assert not is_in(client, acme)
    code = code_of(secret)
    client.post("/accounts/2fa/authenticate/", {"code": code})
    assert is_in(client, acme)
    other, _answer = enter(user)
    said = other.post("/accounts/2fa/authenticate/", {"code": code})
    assert b"used already" in said.content
    assert not is_in(other, acme)


def test_a_recovery_code_is_good_once(alice: Actor, acme: Any) -> None:
    from allauth.mfa.recovery_codes.internal.auth import RecoveryCodes

    user = user_of(alice)
    give_app(user)
    code = RecoveryCodes.activate(user).get_unused_codes()[0]
    found = []
    for _attempt in range(2):
        client, _answer = enter(user)
        client.post("/accounts/2fa/authenticate/", {"code": code})
        found.append(is_in(client, acme))
    assert found == [True, False]
    assert queries.recovery_codes_left(user) == 9


def test_five_wrong_codes_lock_like_five_wrong_passwords(alice: Actor, acme: Any) -> None:
    user = user_of(alice)
    secret = give_app(user)
    said = []
    for number in range(6):
        client = Client(REMOTE_ADDR=f"192.0.2.{number}")
        client.post("/accounts/login/", {"login": user.username, "password": PASSWORD})
        said.append(client.post("/accounts/2fa/authenticate/", {"code": wrong(secret)}).content)
        if number == 4:
            last = client
    assert [b"used already" in text for text in said[:5]] == [True] * 5
    paused = last.post("/accounts/2fa/authenticate/", {"code": code_of(secret)})
    assert b"Too many failed attempts" in paused.content
    assert not is_in(last, acme)
    call = {"username": user.username, "password": PASSWORD, "second_factor": code_of(secret)}
    answer = Client(REMOTE_ADDR="198.51.100.7").post(
        "/api/v1/auth/token", call, content_type="application/json"
    )
    assert answer.status_code in (401, 429)


# --- calls --------------------------------------------------------------------------------------------


@pytest.mark.parametrize("path", ["/api/v1/auth/token", "/api/auth/login"])
def test_a_call_wants_the_code_too(path: str, alice: Actor) -> None:
    user = user_of(alice)
    secret = give_app(user)

    def call(**sent: str) -> Any:
        body = {"username": user.username, "password": PASSWORD, **sent}
        return Client().post(path, body, content_type="application/json")

    bare = call()
    assert (bare.status_code, "second_factor_required" in bare.content.decode()) == (401, True)
    refused = call(second_factor=wrong(secret))
    assert (refused.status_code, "second_factor_refused" in refused.content.decode()) == (401, True)
    code = code_of(secret)
    assert call(second_factor=code).status_code == 200
    assert call(second_factor=code).status_code == 401


def test_a_call_of_somebody_who_owes_a_factor_is_refused(alice: Actor, bob: Actor, acme: Any) -> None:
    rule(acme, alice, second_factor="admins")
    owing, free = user_of(alice), user_of(bob)
    found = {}
    for user in (owing, free):
        body = {"username": user.username, "password": PASSWORD}
        found[user] = Client().post("/api/v1/auth/token", body, content_type="application/json")
    assert (found[owing].status_code, "second_factor_missing" in found[owing].content.decode()) == (403, True)
    assert found[free].status_code == 200


# --- the organization's rule --------------------------------------------------------------------------


def test_whoever_owes_a_factor_sets_it_up_before_anything_else(alice: Actor, bob: Actor, acme: Any) -> None:
    rule(acme, alice, second_factor="admins")
    client, _answer = enter(user_of(alice))
    sent = client.get(f"/t/{acme.slug}/settings/")
    assert (sent.status_code, sent.url) == (302, "/accounts/security/")
    assert b"A second factor is required by Acme" in client.get(sent.url).content
    client.get("/accounts/2fa/totp/activate/")
    client.post("/accounts/2fa/totp/activate/", {"code": code_of(client.session[totp.SECRET_SESSION_KEY])})
    assert is_in(client, acme)
    assert is_in(enter(user_of(bob))[0], acme), "the rule is about owners and administrators"


def test_the_last_factor_stays_while_it_is_wanted(alice: Actor, acme: Any) -> None:
    rule(acme, alice, second_factor="everybody")
    user = user_of(alice)
    secret = give_app(user)
    client, _answer = enter(user)
    client.post("/accounts/2fa/authenticate/", {"code": code_of(secret)})
    client.post("/accounts/2fa/totp/deactivate/")
    assert queries.has_factor(user)
    rule(acme, alice, second_factor="optional")
    client.post("/accounts/2fa/totp/deactivate/")
    assert not queries.has_factor(user)


def test_the_page_of_rules_saves_and_shows_who_complies(alice: Actor, bob: Actor, acme: Any) -> None:
    client, _answer = enter(user_of(alice))
    url = f"/t/{acme.slug}/settings/signin/"
    sent = {"second_factor": "everybody", "session_hours": "8", "email_code": "on"}
    assert client.post(url, sent).status_code == 303
    with tenancy.use(acme.id):
        assert queries.setting("signin.session_hours") == 8
        assert queries.setting("signin.email_code") is True
    assert client.get(url).content.count(b"At the next sign-in") == 2
    bad = client.post(url, {**sent, "session_hours": "400"})
    assert bad.status_code == 422
    assert enter(user_of(bob))[0].get(url).status_code in (302, 403)


def test_a_session_ends_in_its_time(alice: Actor, acme: Any) -> None:
    rule(acme, alice, session_hours=2)
    client, _answer = enter(user_of(alice))
    start = clock.now()
    with clock.frozen(start + datetime.timedelta(minutes=119)):
        assert is_in(client, acme)
    with clock.frozen(start + datetime.timedelta(minutes=121)):
        assert not is_in(client, acme)


# --- taking it off ------------------------------------------------------------------------------------


def test_an_administrator_takes_a_factor_off_and_the_trail_and_the_person_know(
    alice: Actor, bob: Actor, acme: Any
) -> None:
    lost = user_of(bob)
    give_app(lost)
    url = reverse("tenants:factor_reset", args=[acme.slug, bob.id])
    client, _answer = enter(user_of(alice))
    assert client.post(url).status_code == 303
    assert not queries.has_factor(lost)
    with tenancy.use(acme.id):
        entry = AuditEntry.objects.filter(table_name="tenants_member", row_id=bob.id, op="U").latest("id")
    assert (entry.actor, "factor_reset_at" in entry.diff) == (alice.ref, True)
    jobs.send_notice(user_id=str(lost.pk), what="factor_reset")
    assert mail.outbox[-1].to == [lost.email]
    assert "taken off" in mail.outbox[-1].subject


def test_a_factor_of_somebody_with_another_place_is_the_operators(
    alice: Actor, bob: Actor, acme: Any, rival: Any
) -> None:
    lost = user_of(bob)
    give_app(lost)
    with tenancy.use(rival.id):
        actions.add_member(user=lost, role="viewer", now=clock.now())
    with tenancy.use(acme.id, actor=alice):
        member = Member.objects.select_related("user").get(pk=bob.id)
        with pytest.raises(actions.OnlyOperator):
            actions.reset_factor(member=member, actor=alice, now=clock.now())
        with pytest.raises(actions.RoleNotYours):
            actions.reset_factor(member=member, actor=bob, now=clock.now())
    assert queries.has_factor(lost)
