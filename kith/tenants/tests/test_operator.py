"""The operator's desk: who gets in, what it does, and what it never shows."""

import re
from typing import Any

import pytest
from click.testing import CliRunner
from django.db import connection
from django.test import Client

from conftest import user_of
from kith.audit.models import AuditEntry
from kith.kit import clock, tenancy
from kith.kit.actors import Actor
from kith.tenants import actions, queries
from kith.tenants.models import PlatformSetting, Tenant, TenantStatus, User
from kith.tenants.tests.test_factors import PASSWORD, code_of, enter, fresh_address, give_app, is_in

pytestmark = pytest.mark.django_db(databases=["default", "counters"])
__all__ = ["fresh_address"]

DESK = "/operator/"


@pytest.fixture
def olivia(db: None) -> User:
    """Runs the installation; has no place in any organization."""
    found: User = actions.create_user(
        username="olivia", email="olivia@example.com", name="Olivia", password=PASSWORD, is_operator=True,
        now=clock.now(),
    )  # fmt: skip
    return found


@pytest.fixture
def at_desk(olivia: User) -> Client:
    """Olivia's browser, signed in with a second factor."""
    secret = give_app(olivia)
    client, _answer = enter(olivia)
    client.post("/accounts/2fa/authenticate/", {"code": code_of(secret)})
    return client


def test_only_an_operator_with_a_second_factor_gets_in(olivia: User, alice: Actor) -> None:
    assert Client().get(DESK).status_code == 302
    staff, _answer = enter(user_of(alice))
    assert staff.get(DESK).status_code == 404
    assert staff.get(f"{DESK}login/").status_code == 404
    assert staff.get(f"{DESK}tenants/user/").status_code == 404
    bare, _answer = enter(olivia)
    assert bare.get("/").url == "/accounts/security/", "an operator owes a second factor"
    session = bare.session
    session["factor_due"] = False
    session.save()
    shown = bare.get(DESK, follow=True)
    assert shown.status_code == 403
    assert b"A second factor is needed here" in shown.content


def test_every_list_and_row_of_the_desk_opens(at_desk: Client, olivia: User, alice: Actor, acme: Any) -> None:
    assert at_desk.get("/").url == DESK
    urls = [
        "",
        "tenants/tenant/",
        "tenants/user/",
        "tenants/platformsetting/",
        "procrastinate/procrastinatejob/",
    ]
    rows = [
        f"tenants/tenant/{acme.pk}/change/",
        f"tenants/user/{olivia.pk}/change/",
        "tenants/platformsetting/add/",
    ]
    for url in (*urls, *rows):
        answer = at_desk.get(DESK + url)
        assert answer.status_code == 200, url
        assert b"Olivia" in answer.content, url
    for url in (
        "password_change/",
        "auth/",
        "participants/participant/",
        "tenants/member/",
        "mfa/",
    ):
        assert at_desk.get(DESK + url).status_code == 404, url
    assert at_desk.get(f"{DESK}tenants/user/add/").status_code == 403
    before = User.objects.get(pk=olivia.pk).email
    assert (
        at_desk.post(f"{DESK}tenants/user/{olivia.pk}/change/", {"email": "x@example.com"}).status_code == 403
    )
    assert User.objects.get(pk=olivia.pk).email == before


def test_the_first_page_says_how_many_there_are_and_what_failed(
    at_desk: Client, acme: Any, rival: Any
) -> None:
    with connection.cursor() as cursor:
        cursor.execute(
            "insert into procrastinate_jobs (queue_name, task_name, status) values ('slow', 'kith.none', 'failed')"
        )
    shown = at_desk.get(DESK).content.decode()
    figures = dict(re.findall(r'<a href="[^"]*/(\w+)/"><span>[^<]*</span><b>([^<]*)</b><small>\w', shown))
    assert figures["procrastinatejob"] == "1 failed"
    assert figures["tenant"] == str(Tenant.objects.count())
    assert figures["user"] == str(User.objects.count())


def test_an_organization_is_suspended_and_works_again(
    at_desk: Client, olivia: User, alice: Actor, acme: Any
) -> None:
    staff, _answer = enter(user_of(alice))
    assert is_in(staff, acme)
    door = f"{DESK}tenants/tenant/{acme.pk}/do/"
    assert at_desk.get(f"{door}suspend/").status_code == 404, "by a button only"
    at_desk.post(f"{door}suspend/")
    acme.refresh_from_db()
    assert (acme.status, is_in(staff, acme)) == (TenantStatus.SUSPENDED, False)
    assert at_desk.post(f"{door}suspend/").status_code == 404
    at_desk.post(f"{door}reactivate/")
    assert is_in(staff, acme)
    with tenancy.across_tenants("the trail of the installation"):
        entry = AuditEntry.objects.filter(table_name="tenants_tenant", row_id=str(acme.pk), op="U").latest(
            "id"
        )
    assert entry.actor == f"operator:{olivia.pk}"


def test_an_account_is_locked_opened_and_rid_of_its_factor(at_desk: Client, alice: Actor, acme: Any) -> None:
    user = user_of(alice)
    staff, _answer = enter(user)
    door = f"{DESK}tenants/user/{user.pk}/do/"
    at_desk.post(f"{door}lock/")
    assert not is_in(staff, acme)
    assert not is_in(enter(user)[0], acme)
    at_desk.post(f"{door}unlock/")
    assert is_in(enter(user)[0], acme)
    assert at_desk.post(f"{door}reset/").status_code == 404, "there is none"
    give_app(user)
    at_desk.post(f"{door}reset/")
    assert not queries.has_factor(user)


def test_a_setting_of_the_installation_is_checked_and_stored(at_desk: Client, acme: Any) -> None:
    url = f"{DESK}tenants/platformsetting/add/"
    refused = at_desk.post(url, {"key": "signin.session_hours", "value": "4000"})
    assert b"does not fit" in refused.content
    assert not PlatformSetting.objects.exists()
    at_desk.post(url, {"key": "signin.session_hours", "value": "4"})
    with tenancy.use(acme.id):
        assert queries.setting("signin.session_hours") == 4
    at_desk.post(f"{DESK}tenants/platformsetting/signin.session_5Fhours/change/", {"value": "6"})
    assert PlatformSetting.objects.get(key="signin.session_hours").value == 6


def test_an_operator_is_made_on_the_command_line(db: None) -> None:
    from kith.commands import operator

    done = CliRunner().invoke(operator.command, ["create", "otto", "--email", "otto@example.com"])
    password = done.output.rsplit(": ", 1)[1].strip()
    user = User.objects.get(username="otto")
    assert (done.exit_code, user.is_operator, user.check_password(password)) == (0, True, True)
    again = CliRunner().invoke(operator.command, ["create", "otto", "--email", "otto@example.com"])
    assert "in use" in again.output
