"""Members, invitations, keys, tokens and settings: what happens, what is refused, what races do."""

import datetime
import threading
from typing import Any

import pytest
from django.core import mail

from kith.kit import clock, tenancy
from kith.kit.errors import Invalid, NotSignedIn, TooMany
from kith.kit.money import Money
from kith.tenants import actions, queries
from kith.tenants.models import ApiKey, Invitation, Member, SettingValue, Tenant, TokenFamily
from kith.tenants.providers.mail import send_invitation

pytestmark = pytest.mark.django_db(databases=["default", "counters"])


def test_a_tenant_slug_is_unique_and_plain(acme: Any, now: datetime.datetime) -> None:
    values = {"name": "X", "currency": "EUR", "locale": "en", "timezone": "UTC", "now": now}
    with pytest.raises(actions.SlugTaken):
        actions.create_tenant(slug=acme.slug, **values)
    for slug in ("Acme", "a", "acmé", "a--b", "api", "-a"):
        with pytest.raises(actions.BadSlug):
            actions.create_tenant(slug=slug, **values)


def test_settings_are_typed_versioned_and_inherited(in_acme: Any, alice: Any, now: datetime.datetime) -> None:
    assert queries.setting("rewards.default_amount") == Money(2500, "EUR")
    actions.set_setting(key="rewards.default_amount", value="40.00", actor=alice, now=now)
    actions.set_setting(key="rewards.default_amount", value="45.00", actor=alice, now=now)
    assert queries.setting("rewards.default_amount") == Money(4500, "EUR")
    assert SettingValue.objects.filter(key="rewards.default_amount").count() == 2
    for key, value in (
        ("rewards.hold_days", "14"),
        ("rewards.hold_days", -1),
        ("nope", 1),
        ("rewards.auto_approve", 1),
    ):
        with pytest.raises(actions.SettingRefused):
            actions.set_setting(key=key, value=value, actor=alice, now=now)
    assert SettingValue.objects.count() == 2


def test_a_secret_setting_is_stored_encrypted_and_shown_as_set(in_acme: Any, alice: Any, now: Any) -> None:
    actions.set_setting(key="payouts.debtor_iban", value="NL91ABNA0417164300", actor=alice, now=now)
    row = SettingValue.objects.get(key="payouts.debtor_iban")
    assert row.value is None
    assert b"ABNA" not in bytes(row.secret)
    assert queries.setting("payouts.debtor_iban") == "NL91ABNA0417164300"
    shown = {setting["key"]: setting["value"] for setting in queries.settings_shown()}
    assert shown["payouts.debtor_iban"] is True


def test_the_last_owner_stays(in_acme: Any, alice: Any, now: datetime.datetime) -> None:
    owner = Member.objects.get(pk=alice.id)
    with pytest.raises(actions.LastOwner):
        actions.change_role(member=owner, role="viewer", actor=alice, now=now)
    with pytest.raises(actions.LastOwner):
        actions.remove_member(member=owner, actor=alice, now=now)
    assert Member.objects.get(pk=alice.id).role == "owner"


def test_an_invitation_is_taken_once(in_acme: Any, alice: Any, now: datetime.datetime) -> None:
    invited = actions.invite(email="New@Example.com", role="manager", actor=alice, now=now)
    with pytest.raises(actions.AlreadyMember):
        actions.invite(email="new@example.com", role="viewer", actor=alice, now=now)
    token = actions.renew_link(invitation=invited)
    assert token.encode() not in bytes(Invitation.objects.get().token_hash)
    values = {
        "username": f"new-{in_acme.slug}",
        "name": "New",
        "password": "a long enough one",
        "user": None,
        "now": now,
    }
    user, member_id = actions.accept_invitation(token=token, **values)
    assert Member.objects.get(pk=member_id).role == "manager"
    assert user.email == "new@example.com"
    with pytest.raises(queries.InvitationGone):
        actions.accept_invitation(token=token, **values)


def test_an_invitation_tells_the_hour_as_the_organization_has_it(
    in_acme: Any, alice: Any, now: datetime.datetime
) -> None:
    invited = actions.invite(email="new@example.com", role="viewer", actor=alice, now=now)
    invited.expires_at = datetime.datetime(2026, 7, 1, 23, 30, tzinfo=datetime.UTC)
    invited.tenant.timezone = "Europe/Amsterdam"
    send_invitation(invitation=invited, token="t")
    (letter,) = mail.outbox
    assert "Jul 2, 2026, 01:30" in letter.body or "2 Jul 2026, 01:30" in letter.body


def test_an_administrator_cannot_make_owners(in_acme: Any, now: datetime.datetime) -> None:
    from conftest import make_member

    admin = make_member(in_acme, "adam", "admin")
    with pytest.raises(actions.RoleNotYours):
        actions.invite(email="x@example.com", role="owner", actor=admin, now=now)
    assert not Invitation.objects.exists()


def test_a_key_works_has_two_slots_and_ends(in_acme: Any, alice: Any, now: datetime.datetime) -> None:
    first = actions.create_api_key(name="shop", scopes=["referrals.*"], actor=alice, now=now)
    second = actions.create_api_key(name="shop", scopes=["referrals.view"], actor=alice, now=now)
    with pytest.raises(actions.ApiKeyLimit):
        actions.create_api_key(name="shop", scopes=["referrals.view"], actor=alice, now=now)
    actor, _limit = actions.authenticate_key(first.text, now=now)
    assert actor.may("referrals.create")
    assert not actor.may("participants.view")
    assert actor.tenant_id == in_acme.id
    actions.revoke_api_key(key=first.row, actor=alice, now=now)
    for text in (first.text, second.text + "x", "kith_live_nothing"):
        with pytest.raises(NotSignedIn):
            actions.authenticate_key(text, now=now)
    actions.create_api_key(name="shop", scopes=["referrals.view"], actor=alice, now=now)
    assert ApiKey.objects.filter(revoked_at=None).count() == 2


def test_a_key_cannot_do_more_than_its_maker(in_acme: Any, now: datetime.datetime) -> None:
    from conftest import make_member

    manager = make_member(in_acme, "mia", "manager")
    with pytest.raises(actions.keys.ScopesNotYours):
        actions.create_api_key(name="big", scopes=["tenants.*"], actor=manager, now=now)
    with pytest.raises(Invalid):
        actions.create_api_key(name="odd", scopes=["nothing.at_all"], actor=manager, now=now)


def test_a_key_makes_no_stronger_key_and_counts_as_its_maker(
    in_acme: Any, alice: Any, now: datetime.datetime
) -> None:
    made = actions.create_api_key(name="keys", scopes=["tenants.keys"], actor=alice, now=now)
    weak, _limit = actions.authenticate_key(made.text, now=now)
    with pytest.raises(actions.keys.ScopesNotYours):
        actions.create_api_key(name="strong", scopes=["payouts.*"], actor=weak, now=now)
    assert weak.principal == alice.ref
    again = actions.create_api_key(name="second", scopes=["tenants.keys"], actor=weak, now=now)
    assert again.row.created_by == alice.ref


def test_sign_in_refuses_alike_and_limits_failures(committed: Any, now: datetime.datetime) -> None:
    from conftest import make_member

    tenant = committed("signin")
    member = make_member(tenant, "sam", "viewer")
    with tenancy.use(tenant.id):
        user = Member.objects.get(pk=member.id).user
    values = {"tenant_slug": tenant.slug, "address": f"192.0.2.1-{tenant.slug}"}
    for _ in range(3):
        pair, seat, _user = actions.sign_in(
            username=user.email, password="correct horse battery", now=clock.now(), **values
        )
    assert seat.role == "viewer"
    assert pair.expires_in == 300
    for number in range(5):
        with pytest.raises(actions.SignInRefused):
            actions.sign_in(username=user.username, password=f"wrong {number}", now=clock.now(), **values)
    with pytest.raises(TooMany):
        actions.sign_in(username=user.username, password="correct horse battery", now=clock.now(), **values)


def test_a_refresh_token_works_once_and_a_second_use_ends_the_family(committed: Any) -> None:
    from conftest import make_member

    tenant = committed("refresh")
    member = make_member(tenant, "rita", "viewer")
    with tenancy.use(tenant.id):
        first = actions.open_token_family(member_id=member.id, now=clock.now())
    second = actions.refresh_tokens(refresh=first.refresh, now=clock.now())
    with pytest.raises(actions.RefreshRefused):
        actions.refresh_tokens(refresh=first.refresh, now=clock.now())
    with pytest.raises(actions.RefreshRefused):
        actions.refresh_tokens(refresh=second.refresh, now=clock.now())
    with tenancy.use(tenant.id):
        assert TokenFamily.objects.get().ended_reason == "refresh token used twice"


def test_of_many_refreshes_at_once_exactly_one_succeeds(committed: Any) -> None:
    from django.db import connections

    from conftest import make_member

    tenant = committed("race")
    member = make_member(tenant, "rob", "viewer")
    with tenancy.use(tenant.id):
        pair = actions.open_token_family(member_id=member.id, now=clock.now())
    outcomes: list[str] = []

    def refresh() -> None:
        try:
            actions.refresh_tokens(refresh=pair.refresh, now=clock.now())
            outcomes.append("ok")
        except actions.RefreshRefused:
            outcomes.append("refused")
        finally:
            connections.close_all()

    threads = [threading.Thread(target=refresh) for _ in range(16)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["ok", *["refused"] * 15]


def test_organizations_do_not_see_each_other(acme: Any, rival: Any, alice: Any, charlie: Any) -> None:
    with tenancy.use(rival.id):
        assert not Member.objects.filter(pk=alice.id).exists()
        assert Member.objects.filter(pk=charlie.id).exists()
    assert Tenant.objects.filter(pk__in=[acme.id, rival.id]).count() == 2
