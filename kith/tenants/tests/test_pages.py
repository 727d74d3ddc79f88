"""Pages of organizations: the way in, invitations, settings, team, keys, and the sign-in pages."""

import re
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from conftest import make_member, user_of
from kith.kit import clock, tenancy
from kith.tenants import actions, queries
from kith.tenants.models import ApiKey, Invitation, Member, User
from tests.faults import letters

pytestmark = [
    pytest.mark.django_db(databases=["default", "counters"]),
    pytest.mark.usefixtures("plain_cache"),
]

PASSWORD = "correct horse battery"


@pytest.fixture
def plain_cache(settings: Any) -> None:
    """Sign-in limits of one test must not meet those of another."""
    from django.core.cache import cache

    settings.CACHES = {"default": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache"}}
    cache.clear()


def text(response: Any) -> str:
    """The page, which never shows an unrendered component."""
    shown: str = response.content.decode()
    assert "<c-" not in shown
    return shown


def invited(tenant: Any, actor: Any, email: str = "new@example.com") -> str:
    with tenancy.use(tenant.id, actor=actor):
        row = actions.invite(email=email, role="agent", actor=actor, now=clock.now())
        return actions.renew_link(invitation=row)


# --- sign-in ------------------------------------------------------------------------------------------


def test_signing_in_by_name_or_address_leads_to_the_organization(acme: Any, alice: Any) -> None:
    user = user_of(alice)
    for name in (user.username, user.email.upper()):
        client = Client()
        answer = client.post(reverse("account_login"), {"login": name, "password": PASSWORD})
        assert (answer.status_code, answer["Location"]) == (302, "/")
        assert client.get("/")["Location"] == f"/t/{acme.slug}/"


def test_a_wrong_password_is_refused_and_five_are_the_limit(alice: Any) -> None:
    client, user = Client(), user_of(alice)
    for _attempt in range(5):
        answer = client.post(reverse("account_login"), {"login": user.username, "password": "wrong"})
        assert "not correct" in text(answer)
    answer = client.post(reverse("account_login"), {"login": user.username, "password": PASSWORD})
    assert "Too many failed" in text(answer)
    assert "_auth_user_id" not in client.session


@pytest.mark.parametrize(
    "name",
    ["account_login", "account_reset_password", "account_reset_password_done", "account_signup",
     "account_inactive", "account_reset_password_from_key_done"],
)  # fmt: skip
def test_sign_in_pages_wear_our_frame(name: str, db: None) -> None:
    shown = text(Client().get(reverse(name)))
    assert 'class="public-card' in shown
    assert "kit/css/kit.css" in shown


@pytest.mark.parametrize("name", ["logout", "change_password", "reauthenticate"])
def test_account_pages_of_signed_in_people_wear_our_frame(name: str, alice: Any, browse: Any) -> None:
    shown = text(browse(alice).get(reverse(f"account_{name}")))
    assert 'class="public-card' in shown


def test_a_forgotten_password_is_replaced_through_the_mailed_link(alice: Any) -> None:
    client, user = Client(), user_of(alice)
    client.post(reverse("account_reset_password"), {"email": user.email})
    (message,) = letters.deliver(to=user.email)
    assert message.subject == "Choose a new password"
    link = letters.link(message)
    form = client.get(link, follow=True)
    assert "New password" in text(form)
    answer = client.post(
        form.request["PATH_INFO"], {"password1": "a better horse", "password2": "a better horse"}
    )
    assert answer.status_code == 302
    user.refresh_from_db()
    assert user.check_password("a better horse")
    assert "no longer works" in text(Client().get(link, follow=True))


def test_asking_too_often_is_refused_in_our_frame(alice: Any) -> None:
    client, user = Client(), user_of(alice)
    answers = [client.post(reverse("account_reset_password"), {"email": user.email}) for _attempt in range(6)]
    assert answers[-1].status_code == 429
    assert "That was a bit too fast" in text(answers[-1])


# --- home ---------------------------------------------------------------------------------------------


def test_home_asks_strangers_to_sign_in_and_lets_people_with_two_seats_choose(
    acme: Any, rival: Any, alice: Any, browse: Any
) -> None:
    assert Client().get("/")["Location"].startswith(reverse("account_login"))
    with tenancy.use(rival.id):
        actions.add_member(user=user_of(alice), role="viewer", now=clock.now())
    shown = text(browse(alice).get("/"))
    assert f"/t/{acme.slug}/" in shown
    assert f"/t/{rival.slug}/" in shown


def test_home_without_a_seat_says_what_to_do(acme: Any, alice: Any, bob: Any, browse: Any) -> None:
    with tenancy.use(acme.id, actor=alice):
        actions.remove_member(member=Member.objects.get(pk=bob.id), actor=alice, now=clock.now())
    assert "no organization yet" in text(browse(bob).get("/"))


# --- invitations --------------------------------------------------------------------------------------


def test_a_new_person_accepts_an_invitation_and_is_signed_in(acme: Any, alice: Any) -> None:
    token, client = invited(acme, alice), Client()
    url = reverse("tenants:invitation", args=[token])
    assert "new@example.com" in text(client.get(url))
    assert client.post(url, {}).status_code == 422
    weak = client.post(url, {"name": "Nina", "username": "nina", "password": "short"})
    assert weak.status_code == 422
    assert "10 characters" in text(weak)
    done = client.post(url, {"name": "Nina", "username": "nina", "password": PASSWORD})
    assert (done.status_code, done["Location"]) == (303, f"/t/{acme.slug}/")
    assert User.objects.get(username="nina").email == "new@example.com"
    assert client.get("/")["Location"] == f"/t/{acme.slug}/"
    assert Client().get(url).status_code == 404


def test_a_signed_in_person_accepts_with_one_button(acme: Any, alice: Any, charlie: Any, browse: Any) -> None:
    url = reverse("tenants:invitation", args=[invited(acme, alice)])
    client = browse(charlie)
    assert "You are signed in as Charlie" in text(client.get(url))
    assert client.post(url).status_code == 303
    assert {seat.tenant.slug for seat in queries.seats_of(user_of(charlie))} >= {acme.slug}


def test_an_unknown_invitation_is_not_found(db: None) -> None:
    assert Client().get(reverse("tenants:invitation", args=["nothing"])).status_code == 404


# --- settings -----------------------------------------------------------------------------------------

PAGES = ("settings", "organization", "rules", "team", "keys", "addresses")


@pytest.mark.parametrize("name", PAGES)
def test_settings_pages_open_for_the_owner_only_of_this_organization(
    name: str, acme: Any, alice: Any, charlie: Any, browse: Any
) -> None:
    url = reverse(f"tenants:{name}", args=[acme.slug])
    assert 'aria-label="Settings"' in text(browse(alice).get(url)) or name == "organization"
    assert browse(charlie).get(url).status_code == 404
    assert Client().get(url)["Location"].startswith(reverse("account_login"))


@pytest.mark.parametrize("name", PAGES[1:])
def test_a_viewer_may_not_change_settings(name: str, acme: Any, bob: Any, browse: Any) -> None:
    url = reverse(f"tenants:{name}", args=[acme.slug])
    assert browse(bob).get(url).status_code == 403
    assert browse(bob).post(url, {}).status_code == 403
    assert text(browse(bob).get(reverse("tenants:settings", args=[acme.slug])))


def test_the_menu_leads_to_every_page_of_settings_that_one_may_open(
    acme: Any, alice: Any, bob: Any, browse: Any
) -> None:
    url = reverse("tenants:settings", args=[acme.slug])
    owner, viewer = (
        re.findall(r'href="([^"]*/settings/[^"]*)"', text(browse(who).get(url))) for who in (alice, bob)
    )
    for route in ("referrals:sites", "tenants:addresses", "presets:words", "analytics:trail"):
        address = reverse(route, args=[acme.slug])
        assert address in owner
        assert address not in viewer
        assert 'aria-current="page"' in text(browse(alice).get(address))


@pytest.mark.parametrize(
    ("website", "said"),
    [
        ("https://www.acme-travel.example/about", "refer.acme-travel.example"),
        ("https://kith.example", "You have it already."),
        ("", "Which domain is yours?"),
    ],
)
def test_the_page_of_addresses_says_what_an_own_domain_takes(
    website: str, said: str, acme: Any, alice: Any, browse: Any, settings: Any
) -> None:
    settings.KITH_PUBLIC_URL = "https://refer.kith.example"
    with tenancy.use(acme.id, actor=alice):
        actions.update_tenant(tenant=acme, changes={"website": website}, actor=alice)
    page = text(browse(alice).get(reverse("tenants:addresses", args=[acme.slug])))
    assert said in page
    assert f"https://refer.kith.example/p/{acme.slug}/" in page
    assert ("KITH_BASE_URL" in page) == ("CNAME" in page) == said.startswith("refer.")
    settings.KITH_PUBLIC_URL = "http://192.0.2.7:8000"
    assert "CNAME" not in text(browse(alice).get(reverse("tenants:addresses", args=[acme.slug])))


def test_the_organization_changes_its_name_and_place(acme: Any, alice: Any, browse: Any) -> None:
    client, url = browse(alice), reverse("tenants:organization", args=[acme.slug])
    good = {"name": "Acme Travel", "country": "BE", "timezone": "Europe/Brussels", "website": ""}
    assert client.post(url, {**good, "name": ""}).status_code == 422
    assert client.post(url, {**good, "country": "Atlantis"}).status_code == 422
    assert client.post(url, good).status_code == 303
    acme.refresh_from_db()
    assert (acme.name, acme.country, acme.timezone) == ("Acme Travel", "BE", "Europe/Brussels")


def test_languages_are_offered_with_the_organizations_own_among_them(
    acme: Any, alice: Any, browse: Any
) -> None:
    client, url = browse(alice), reverse("tenants:languages", args=[acme.slug])
    assert client.post(url, {"locale": "nl", "languages": ["en"]}).status_code == 422
    assert client.post(url, {"locale": "nl", "languages": []}).status_code == 422
    assert client.post(url, {"locale": "nl", "languages": ["nl"]}).status_code == 303
    acme.refresh_from_db()
    assert (acme.locale, queries.offered_languages(acme)) == ("nl", ["nl"])


def rule_values(**changes: Any) -> dict[str, Any]:
    return {
        "rewards__default_amount": "25.00", "rewards__hold_days": "14", "rewards__max_per_participant": "0",
        "referrals__require_booking_reference": "on", "referrals__existing_customers": "refuse",
        "analytics__average_booking_value": "500.00", "payouts__minimum": "0.00",
        "payouts__second_person_above": "500.00", "payouts__debtor_name": "", "payouts__debtor_iban": "",
        "payouts__debtor_bic": "", "notifications__language": "", "audit__mail_head": "on", **changes,
    }  # fmt: skip


def test_rules_are_stored_typed_and_only_where_they_changed(acme: Any, alice: Any, browse: Any) -> None:
    client, url = browse(alice), reverse("tenants:rules", args=[acme.slug])
    changed = rule_values(rewards__default_amount="40.00", payouts__debtor_iban="NL91 ABNA 0417 1643 00")
    assert client.post(url, changed).status_code == 303
    with tenancy.use(acme.id, actor=alice):
        from kith.tenants.models import SettingValue

        assert sorted(SettingValue.objects.values_list("key", flat=True)) == [
            "payouts.debtor_iban", "rewards.default_amount",
        ]  # fmt: skip
        assert queries.setting("payouts.debtor_iban") == "NL91ABNA0417164300"
    shown = text(client.get(url))
    assert "NL91" not in shown
    assert "Set. Type to replace it." in shown


def test_amounts_are_written_and_read_in_the_language_of_the_page(acme: Any, alice: Any, browse: Any) -> None:
    client, url = browse(alice), reverse("tenants:rules", args=[acme.slug])
    client.cookies["kith_language"] = "nl"
    assert 'value="25,00"' in text(client.get(url))
    assert client.post(url, rule_values(rewards__default_amount="40,50")).status_code == 303
    with tenancy.use(acme.id, actor=alice):
        assert queries.setting("rewards.default_amount").amount_minor == 4050


@pytest.mark.parametrize(
    ("name", "value"),
    [("rewards__hold_days", "900"), ("rewards__default_amount", "-1"), ("payouts__debtor_iban", "NL00X"),
     ("referrals__existing_customers", "perhaps")],
)  # fmt: skip
def test_bad_rules_are_refused_at_their_field(
    name: str, value: str, acme: Any, alice: Any, browse: Any
) -> None:
    answer = browse(alice).post(reverse("tenants:rules", args=[acme.slug]), rule_values(**{name: value}))
    assert answer.status_code == 422
    assert f'id="id_{name}_error"' in text(answer)


# --- team and keys ------------------------------------------------------------------------------------


def test_the_team_invites_changes_roles_removes_and_withdraws(
    acme: Any, alice: Any, bob: Any, browse: Any
) -> None:
    client, url = browse(alice), reverse("tenants:team", args=[acme.slug])
    assert client.post(url, {"emails": "no", "role": "agent"}).status_code == 422
    assert client.post(url, {"emails": "omar@example.com", "role": "king"}).status_code == 422
    both = {"emails": "nina@example.com,\nomar@example.com", "role": "agent"}
    assert client.post(url, both).status_code == 303
    again = client.post(url, {"emails": "piet@example.com nina@example.com", "role": "agent"})
    assert "nina@example.com already belongs here" in text(again)
    with tenancy.use(acme.id):
        assert not Invitation.objects.filter(email="piet@example.com").exists(), "all of them or nobody"
    with tenancy.use(acme.id):
        offered = Invitation.objects.get(email="nina@example.com")
    assert "nina@example.com" in text(client.get(url))
    resend = reverse("tenants:invitation_resend", args=[acme.slug, offered.id])
    assert [client.post(resend).status_code for _more in range(6)] == [303] * 5 + [429]
    assert (
        client.post(reverse("tenants:invitation_withdraw", args=[acme.slug, offered.id])).status_code == 303
    )
    role = reverse("tenants:member_role", args=[acme.slug, bob.id])
    assert client.post(role, {"role": "manager"}).status_code == 303
    assert client.post(role, {"role": "king"}).status_code == 422
    assert client.post(reverse("tenants:member_remove", args=[acme.slug, bob.id])).status_code == 303
    with tenancy.use(acme.id):
        assert [str(row.id) for row in queries.members()] == [alice.id]
    assert client.post(reverse("tenants:member_remove", args=[acme.slug, alice.id])).status_code == 409


def test_colleagues_of_other_organizations_are_out_of_reach(
    acme: Any, alice: Any, charlie: Any, browse: Any
) -> None:
    remove = reverse("tenants:member_remove", args=[acme.slug, charlie.id])
    assert browse(alice).post(remove).status_code == 404
    assert browse(charlie).post(remove).status_code == 404


def test_a_key_is_shown_once_and_revoked(acme: Any, alice: Any, browse: Any) -> None:
    client, url = browse(alice), reverse("tenants:keys", args=[acme.slug])
    assert "No keys yet" in text(client.get(url))
    assert client.post(url, {"name": "site", "scopes": []}).status_code == 422
    made = client.post(url, {"name": "site", "scopes": ["referrals.create"], "expires_on": "2099-12-31"})
    key = re.search(r"kith_live_[\w-]+\.[\w-]+", text(made))[0]  # type: ignore[index]
    assert made["Cache-Control"] == "no-store"
    assert key not in text(client.get(url))
    with tenancy.use(acme.id):
        row = ApiKey.objects.get()
    assert client.post(reverse("tenants:key_revoke", args=[acme.slug, row.id])).status_code == 303
    assert client.post(reverse("tenants:key_revoke", args=[acme.slug, row.id])).status_code == 404


def test_a_long_team_costs_as_many_statements_as_a_short_one(acme: Any, alice: Any, browse: Any) -> None:
    client, url = browse(alice), reverse("tenants:team", args=[acme.slug])
    counts = []
    for number in (3, 12):
        for _each in range(number):
            make_member(acme, "colleague", "agent")
        client.get(url)
        with CaptureQueriesContext(connection) as seen:
            client.get(url)
        counts.append(len(seen))
    assert counts[0] == counts[1]
