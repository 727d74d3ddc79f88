"""Stolen and raced tokens, and who is out after signing out: told to real threads and through real requests."""

import threading
from collections.abc import Callable
from typing import Any

import pytest
from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import connections
from django.test import Client
from django.urls import reverse

from conftest import make_member, user_of
from kith.audit.models import AuditEntry
from kith.kit import clock, tenancy
from kith.kit.actors import Actor
from kith.tenants import actions, jobs, rules
from kith.tenants.models import ApiKey, Member, RefreshToken, Tenant, TokenFamily, User
from tests.faults import letters

pytestmark = pytest.mark.django_db(databases=["default", "counters"])

PASSWORD = "correct horse battery"
ME = "/api/v1/me"


def pair_of(actor: Actor) -> actions.TokenPair:
    with tenancy.use(actor.tenant_id):
        return actions.open_token_family(member_id=actor.id, now=clock.now())


def me(access: str) -> int:
    """The status of a call with this access token."""
    return int(Client().get(ME, headers={"authorization": f"Bearer {access}"}).status_code)


def refresh(token: str) -> Any:
    return Client().post(
        "/api/v1/auth/refresh", {"refresh_token": token}, content_type="application/json",
        headers={"x-request-id": "the-replayed-request"},
    )  # fmt: skip


def is_out(pair: actions.TokenPair) -> bool:
    """Neither token of the pair opens anything."""
    return me(pair.access) == 401 and refresh(pair.refresh).status_code == 401


# --- one use each -------------------------------------------------------------------------------------


def test_of_fifty_refreshes_at_once_exactly_one_succeeds(committed: Any) -> None:
    """Pass: 50 threads, 1 success, 49 refusals; afterwards one live token at most, and the family is over."""
    actor = make_member(committed("race"), "rob", "viewer")
    pair = pair_of(actor)
    won, lost, started = [], [], threading.Barrier(50)

    def trade() -> None:
        started.wait()
        try:
            won.append(actions.refresh_tokens(refresh=pair.refresh, now=clock.now()))
        except actions.RefreshRefused:
            lost.append(1)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=trade) for _ in range(50)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert (len(won), len(lost)) == (1, 49)
    # The forty-nine were copies: the winner's client has to sign in again, too.
    assert is_out(won[0])
    with tenancy.use(actor.tenant_id):
        assert RefreshToken.objects.filter(used_at=None).count() == 1
        assert TokenFamily.objects.get().ended_reason == "refresh token used twice"
    print(f"50 refreshes at once: {len(won)} success, {len(lost)} refused, family ended")


def test_a_replay_ends_every_descendant_within_one_request(in_acme: Any, alice: Actor) -> None:
    """Pass: after a chain of 5, one replay of its first token, and 0 of 10 tokens open anything any more."""
    chain = [pair_of(alice)]
    other = pair_of(alice)
    for _ in range(4):
        chain.append(actions.refresh_tokens(refresh=chain[-1].refresh, now=clock.now()))
    assert {me(pair.access) for pair in chain} == {200}
    assert refresh(chain[0].refresh).status_code == 401
    assert all(is_out(pair) for pair in chain)
    assert me(other.access) == 200, "another client of the same person is not concerned"


def test_a_replay_is_in_the_trail(acme: Any, alice: Actor) -> None:
    pair = pair_of(alice)
    actions.refresh_tokens(refresh=pair.refresh, now=clock.now())
    refresh(pair.refresh)
    with tenancy.use(acme.id):
        (family,) = TokenFamily.objects.exclude(ended_at=None)
        entry = AuditEntry.objects.get(table_name="tenants_tokenfamily", row_id=str(family.pk), op="U")
    assert entry.diff["ended_reason"] == ["", "refresh token used twice"]
    assert (entry.actor, entry.request_id) == ("system", "the-replayed-request")


def test_the_trail_holds_no_token(in_acme: Any, alice: Actor) -> None:
    pair = pair_of(alice)
    again = actions.refresh_tokens(refresh=pair.refresh, now=clock.now())
    told = " ".join(str(diff) for diff in AuditEntry.objects.values_list("diff", flat=True))
    assert all(secret not in told for secret in (pair.refresh, pair.access, again.refresh, again.access))


def test_expired_refresh_tokens_are_refused_and_forgotten(in_acme: Any, alice: Actor, frozen: Any) -> None:
    pair = pair_of(alice)
    frozen.advance(rules.REFRESH_LIFETIME)
    assert refresh(pair.refresh).status_code == 401
    assert actions.forget_expired_tokens(now=clock.now()) == 1
    assert not RefreshToken.objects.exists()


# --- who is out ---------------------------------------------------------------------------------------


def signs_out(actor: Actor, access: str) -> None:
    answer = Client().post("/api/v1/auth/sign-out", headers={"authorization": f"Bearer {access}"})
    assert answer.status_code == 200


def removes(actor: Actor, _access: str) -> None:
    owner = make_member(Tenant.objects.get(pk=actor.tenant_id), "owen", "owner")
    with tenancy.use(actor.tenant_id, actor=owner):
        actions.remove_member(member=Member.objects.get(pk=actor.id), actor=owner, now=clock.now())


def changes_role(actor: Actor, _access: str) -> None:
    owner = make_member(Tenant.objects.get(pk=actor.tenant_id), "olga", "owner")
    with tenancy.use(actor.tenant_id, actor=owner):
        member = Member.objects.get(pk=actor.id)
        actions.change_role(member=member, role="manager", actor=owner, now=clock.now())


def is_made_inactive(actor: Actor, _access: str) -> None:
    User.objects.filter(pk=user_of(actor).pk).update(is_active=False)


def leaves_everywhere(actor: Actor, _access: str) -> None:
    client = signed_in(actor)
    answer = client.post(reverse("tenants:sign_out_everywhere"))
    assert answer["Location"] == reverse("account_login")


def changes_password(actor: Actor, _access: str) -> None:
    new = {"oldpassword": PASSWORD, "password1": "another horse", "password2": "another horse"}
    assert signed_in(actor).post(reverse("account_change_password"), new).status_code == 302


def resets_password(actor: Actor, _access: str) -> None:
    Client().post(reverse("account_reset_password"), {"email": user_of(actor).email})
    (letter,) = letters.deliver(to=user_of(actor).email)
    client = Client()
    form = client.get(letters.link(letter), follow=True)
    new = {"password1": "another horse", "password2": "another horse"}
    assert client.post(form.request["PATH_INFO"], new).status_code == 302


def signed_in(actor: Actor) -> Client:
    """A browser that signed in on the page, with the password."""
    client = Client()
    client.post(reverse("account_login"), {"login": user_of(actor).username, "password": PASSWORD})
    assert "_auth_user_id" in client.session
    return client


def is_in(client: Client) -> bool:
    answer: Any = client.get("/")
    return not answer["Location"].startswith(reverse("account_login")) if answer.status_code == 302 else True


@pytest.mark.parametrize(
    "happens", [removes, changes_role, is_made_inactive, leaves_everywhere, changes_password, resets_password]
)
def test_every_browser_and_every_client_is_out_at_once(
    happens: Callable[[Actor, str], None], acme: Any, alice: Actor, bob: Actor
) -> None:
    browsers, clients = [signed_in(bob), signed_in(bob)], [pair_of(bob), pair_of(bob)]
    bystander, pair = signed_in(alice), pair_of(alice)
    assert all(is_in(browser) for browser in browsers)
    happens(bob, clients[0].access)
    assert not any(is_in(browser) for browser in browsers)
    assert all(is_out(client) for client in clients)
    assert is_in(bystander)
    assert me(pair.access) == 200


def test_signing_out_of_the_api_ends_all_of_its_clients_and_no_browser(acme: Any, bob: Actor) -> None:
    browser, clients = signed_in(bob), [pair_of(bob), pair_of(bob)]
    signs_out(bob, clients[0].access)
    assert all(is_out(client) for client in clients)
    assert is_in(browser)


def test_signing_out_of_a_browser_ends_its_session_on_the_server(acme: Any, bob: Actor) -> None:
    """A copied cookie is worth nothing any more, and the other browser goes on."""
    browser, other, thief = signed_in(bob), signed_in(bob), Client()
    thief.cookies.update(browser.cookies)
    assert is_in(thief)
    browser.post(reverse("account_logout"))
    assert not is_in(thief)
    assert is_in(other)


def test_a_password_change_keeps_the_browser_it_was_made_in(acme: Any, bob: Actor) -> None:
    browser = signed_in(bob)
    new = {"oldpassword": PASSWORD, "password1": "another horse", "password2": "another horse"}
    browser.post(reverse("account_change_password"), new)
    assert is_in(browser)


def test_clients_of_every_organization_end(acme: Any, rival: Any, bob: Actor) -> None:
    user = user_of(bob)
    with tenancy.use(rival.id):
        there = actions.add_member(user=user, role="viewer", now=clock.now())
        pair = actions.open_token_family(member_id=there.id, now=clock.now())
        Tenant.objects.filter(pk=rival.id).update(status="suspended")
    actions.sign_out_everywhere(user=user, now=clock.now())
    with tenancy.use(rival.id):
        Tenant.objects.filter(pk=rival.id).update(status="active")
        ended = AuditEntry.objects.get(table_name="tenants_tokenfamily", op="U")
    assert is_out(pair), "also of one that was suspended meanwhile"
    assert ended.actor == f"member:{there.id}"
    assert ended.diff["ended_reason"] == ["", "signed out everywhere"]


def test_the_session_is_another_one_after_signing_in(acme: Any, bob: Actor) -> None:
    """Whoever gave the browser a session beforehand does not share what it becomes."""
    client, planter = Client(), Client()
    session = client.session
    session["planted"] = True
    session.save()
    planted = session.session_key
    planter.cookies[settings.SESSION_COOKIE_NAME] = planted
    client.get(reverse("account_login"))
    token = client.cookies[settings.CSRF_COOKIE_NAME].value
    client.post(reverse("account_login"), {"login": user_of(bob).username, "password": PASSWORD})
    assert is_in(client)
    assert client.session.session_key != planted
    assert client.cookies[settings.CSRF_COOKIE_NAME].value != token
    assert not is_in(planter)
    assert not Session.objects.filter(session_key=planted).exists()


def test_old_sessions_are_swept(acme: Any, bob: Actor, frozen: Any) -> None:
    signed_in(bob)
    Session.objects.update(expire_date=clock.now())
    jobs.forget_old()
    assert not Session.objects.exists()


# --- keys ---------------------------------------------------------------------------------------------


def key_of(actor: Actor, name: str, scopes: tuple[str, ...] = ("tenants.*",)) -> actions.NewKey:
    return actions.create_api_key(name=name, scopes=list(scopes), actor=actor, now=clock.now())


def test_a_revoked_key_takes_along_what_was_made_with_it(in_acme: Any, alice: Actor) -> None:
    """Pass: 3 generations of keys, 1 revocation, 0 of 4 keys open anything, 4 rows in the trail by one actor."""
    first, bystander = key_of(alice, "first"), key_of(alice, "bystander")
    makers = [actions.authenticate_key(first.text, now=clock.now())[0]]
    made = [first]
    for name in ("second", "third"):
        made.append(key_of(makers[-1], name))
        makers.append(actions.authenticate_key(made[-1].text, now=clock.now())[0])
    made.append(key_of(makers[0], "sister"))
    # One in the middle has ended already: what it made has not.
    ApiKey.objects.filter(pk=made[1].row.pk).update(revoked_at=clock.now())
    actions.revoke_api_key(key=first.row, actor=alice, now=clock.now())
    assert {me(key.text) for key in made} == {401}
    assert me(bystander.text) == 200
    told = AuditEntry.objects.filter(table_name="tenants_apikey", op="U", diff__has_key="revoked_at")
    assert {entry.row_id for entry in told} == {str(key.row.pk) for key in made}
    assert {entry.actor for entry in told} == {alice.ref}


def test_a_key_that_was_revoked_a_moment_ago_makes_no_key(in_acme: Any, alice: Actor) -> None:
    first = key_of(alice, "first")
    maker, _limit = actions.authenticate_key(first.text, now=clock.now())
    actions.revoke_api_key(key=first.row, actor=alice, now=clock.now())
    with pytest.raises(actions.keys.KeyRefused):
        key_of(maker, "late")
    assert not ApiKey.objects.filter(name="late").exists()
