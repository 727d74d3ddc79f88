"""Setting up an organization on one's own: the way to it, step by step, and what is still to do afterwards."""

import io
from typing import Any

import pytest
from click.testing import CliRunner
from django.test import Client
from django.urls import reverse
from PIL import Image

from conftest import make_member
from kith.audit.models import AuditEntry
from kith.commands import tenant as tenant_command
from kith.kit import clock, tenancy
from kith.pipelines import queries as pipelines
from kith.presets import actions, queries
from kith.programs import queries as programs
from kith.programs.models import LandingVersion
from kith.tenants import actions as tenants
from kith.tenants import queries as members
from kith.tenants.models import Tenant, User
from tests.faults import letters

pytestmark = pytest.mark.django_db(databases=["default", "counters"])

NAME = {"name": "Vlier Reizen", "slug": "vlier", "country": "NL", "currency": "EUR", "locale": "nl",
        "timezone": "Europe/Amsterdam"}  # fmt: skip


def text(response: Any) -> str:
    shown: str = response.content.decode()
    assert "<c-" not in shown
    return shown


def step(name: str) -> str:
    return reverse("presets:review") if name == "review" else reverse("presets:step", args=[name])


def logo(color: str = "#c2185b") -> io.BytesIO:
    file = io.BytesIO()
    Image.new("RGB", (300, 300), color).save(file, "PNG")
    file.seek(0)
    file.name = "logo.png"
    return file


@pytest.fixture
def newcomer(db: None, settings: Any) -> Any:
    settings.KITH_OPEN_SIGNUP = True
    user = tenants.create_user(
        username="newcomer", email="newcomer@example.com", name="Nora", password="correct horse battery",
        now=clock.now(),
    )  # fmt: skip
    client = Client(headers={"Accept-Language": "en"})
    client.force_login(user)
    client.user = user
    return client


def walk(client: Any, *, kind: str = "travel", **name: Any) -> None:
    """Every step but the last, each leading to the next."""
    answers = [
        ("kind", {"kind": kind}, "name"), ("name", NAME | name, "look"), ("look", {"brand": "#0f766e"}, "reward"),
        ("reward", {"amount": "40", "hold_days": "7"}, "review"),
    ]  # fmt: skip
    for at, said, following in answers:
        answer = client.post(step(at), said)
        assert (answer.status_code, answer["Location"]) == (303, step(following)), text(answer)


def test_from_nothing_to_an_organization_with_the_promise_that_was_typed(newcomer: Any) -> None:
    assert newcomer.get(reverse("presets:start"))["Location"] == step("kind")
    shown = text(newcomer.get(step("kind")))
    assert shown.count('type="radio"') == len(queries.preset_codes())
    walk(newcomer)
    review = text(newcomer.get(step("review")))
    assert "Vlier Reizen" in review
    assert "€40.00" in review
    assert not Tenant.objects.filter(slug="vlier").exists(), "nothing is made before the last button"
    answer = newcomer.post(step("review"))
    assert answer["Location"] == "/t/vlier/start/"
    tenant = Tenant.objects.get(slug="vlier")
    assert (tenant.country, tenant.locale, tenant.brand) == ("NL", "nl", "#0f766e")
    with tenancy.use(tenant.id):
        assert [(each.user, each.role) for each in members.members()] == [(newcomer.user, "owner")]
        program = programs.default_program()
        assert program is not None
        (rule,) = programs.published_rules(program.id, clock.now())
        assert (rule.spec.fixed_minor, rule.spec.hold_days, rule.spec.auto_approve) == (4000, 7, False)
    assert "Get ready" in text(newcomer.get(answer["Location"]))


@pytest.mark.parametrize("code", queries.preset_codes())
def test_every_kind_takes_another_promise_in_a_currency_without_decimals(code: str, newcomer: Any) -> None:
    walk(newcomer, kind=code, currency="JPY", slug=f"a-{code}")
    newcomer.post(step("review"))
    tenant = Tenant.objects.get(slug=f"a-{code}")
    with tenancy.use(tenant.id):
        program = programs.default_program()
        assert program is not None
        amounts = {rule.spec.fixed_minor for rule in programs.published_rules(program.id, clock.now())}
        assert 40 in amounts
        assert members.setting("rewards.default_amount").amount_minor == 40


def test_what_was_said_is_still_there_after_going_away_and_back(newcomer: Any) -> None:
    newcomer.post(step("kind"), {"kind": "shop"})
    newcomer.post(step("name"), NAME)
    again = Client()
    again.cookies = newcomer.cookies
    assert again.get(reverse("presets:start"))["Location"] == step("look")
    assert 'value="Vlier Reizen"' in text(again.get(step("name")))
    newcomer.post(step("kind"), {"kind": "travel"})
    assert newcomer.get(step("review"))["Location"] == reverse("presets:start")
    assert 'value="Vlier Reizen"' in text(newcomer.get(step("name"))), "the name outlives another kind"


@pytest.mark.parametrize(
    ("at", "said", "field"),
    [("kind", {"kind": "circus"}, "kind"), ("name", NAME | {"slug": "x!"}, "slug"),
     ("name", NAME | {"country": ""}, "country"),
     ("name", NAME | {"slug": "admin"}, "slug"), ("look", {"brand": "#7a7a7a;"}, "brand"),
     ("look", {"brand": "#777777"}, "brand"), ("reward", {"amount": "-1", "hold_days": "7"}, "amount"),
     ("reward", {"amount": "1", "hold_days": "731"}, "hold_days")],
)  # fmt: skip
def test_a_wrong_answer_is_said_at_its_field(at: str, said: Any, field: str, newcomer: Any) -> None:
    newcomer.post(step("kind"), {"kind": "travel"})
    newcomer.post(step("name"), NAME)
    answer = newcomer.post(step(at), said)
    assert answer.status_code == 422
    assert f"#id_{field}" in text(answer)


def test_a_logo_proposes_its_color_and_becomes_the_mark(newcomer: Any) -> None:
    newcomer.post(step("kind"), {"kind": "travel"})
    newcomer.post(step("name"), NAME)
    answer = newcomer.post(step("look"), {"brand": "#0f766e", "logo": logo()})
    assert answer["Location"] == step("look"), "the color of the logo is shown first"
    assert 'value="#c2185b"' in text(newcomer.get(step("look")))
    assert newcomer.post(step("look"), {"brand": "#c2185b"})["Location"] == step("reward")
    newcomer.post(step("reward"), {"amount": "5", "hold_days": "0"})
    newcomer.post(step("review"))
    tenant = Tenant.objects.get(slug="vlier")
    assert tenant.brand == "#c2185b"
    shown = text(newcomer.get("/t/vlier/settings/brand/"))
    address = shown.partition('class="logo-now" src="')[2].partition('"')[0]
    picture = Client().get(address)
    assert (picture.status_code, picture["Content-Type"]) == (200, "image/png")
    assert Client().get(address.replace(".png", "x.png")).status_code == 404
    with tenancy.use(tenant.id):
        (owner,) = members.members()
        by = members.member_actor(owner).ref
        assert set(LandingVersion.objects.values_list("published_by", flat=True)) == {by}
        assert set(
            AuditEntry.objects.filter(table_name="pipelines_stage").values_list("actor", flat=True)
        ) == {by}
        assert AuditEntry.objects.filter(op="U", diff__has_key="logo", actor=by).exists()
    bad = io.BytesIO(b"<svg/>")
    bad.name = "logo.png"
    newcomer.post(step("kind"), {"kind": "travel"})
    assert newcomer.post(step("look"), {"brand": "#0f766e", "logo": bad}).status_code == 422


def test_the_address_is_checked_while_it_is_typed_and_a_country_proposes(newcomer: Any, acme: Any) -> None:
    newcomer.post(step("kind"), {"kind": "travel"})
    assert "is free" in text(newcomer.get(reverse("presets:slug"), {"slug": "vlier"}))
    assert "taken" in text(newcomer.get(reverse("presets:slug"), {"slug": acme.slug}))
    place = text(newcomer.get(reverse("presets:place"), {"country": "GB"}))
    assert '<option value="GBP" selected>' in place
    assert '<option value="Europe/London" selected>' in place


def test_closed_it_takes_an_invitation_which_makes_an_account(
    settings: Any, db: None, alice: Any, browse: Any
) -> None:
    settings.KITH_OPEN_SIGNUP = False
    assert browse(alice).get(reverse("presets:start")).status_code == 403
    assert Client().get(reverse("presets:sign_up")).status_code == 404
    client, address = Client(), reverse("presets:invitation", args=[actions.start_token("nora@example.com")])
    assert "nora@example.com" in text(client.get(address))
    known = {"name": "Nora", "username": "nora", "password": "correct horse battery"}
    assert client.post(address, known | {"password": "short"}).status_code == 422
    assert client.post(address, known)["Location"] == reverse("presets:start")
    assert User.objects.get(username="nora").email == "nora@example.com"
    walk(client)
    assert client.post(step("review"))["Location"] == "/t/vlier/start/"
    assert client.get(reverse("presets:start")).status_code == 403
    assert client.get(address).status_code == 404, "one link makes one organization"
    forged = reverse("presets:invitation", args=["nora@example.com:1abc:forged"])
    assert Client().get(forged).status_code == 404
    another = reverse("presets:invitation", args=[actions.start_token("nadia@example.com")])
    assert browse(alice).get(another).status_code == 200, "somebody else is asked to sign out first"


def test_open_sign_up_mails_the_link_and_tells_strangers_nothing(settings: Any, alice: Any) -> None:
    settings.KITH_OPEN_SIGNUP = True
    client = Client()
    for email in ("new@example.com", "known@example.com"):
        assert email in text(client.post(reverse("presets:sign_up"), {"email": email}))
    (message,) = letters.deliver(to="new@example.com")
    assert "/start/invitation/" in letters.link(message)
    for _more in range(4):
        client.post(reverse("presets:sign_up"), {"email": "new@example.com"})
    assert client.post(reverse("presets:sign_up"), {"email": "new@example.com"}).status_code == 422


# --- afterwards ---------------------------------------------------------------------------------------


@pytest.fixture
def vlier(newcomer: Any) -> Any:
    walk(newcomer)
    newcomer.post(step("review"))
    return newcomer


def done(tenant: Tenant) -> set[str]:
    tenant.refresh_from_db()
    with tenancy.use(tenant.id):
        return {task.code for task in queries.checklist(tenant) if task.is_done}


def test_the_list_ticks_itself_from_what_is_stored(vlier: Any) -> None:
    tenant = Tenant.objects.get(slug="vlier")
    assert done(tenant) == set()
    part = text(vlier.get("/t/vlier/start/", headers={"HX-Request": "true"}))
    assert "<html" not in part
    assert "Import people" in part
    vlier.post("/t/vlier/settings/brand/", {"brand": "#7c2d5b"})
    vlier.post("/t/vlier/start/look/", {"what": "email"})
    vlier.post("/t/vlier/people/new/", {"name": "Eli", "kind": "person"})
    vlier.post("/t/vlier/settings/team/", {"emails": "a@example.com, b@example.com", "role": "agent"})
    assert done(tenant) >= {"brand", "email", "people", "team"}
    assert vlier.post("/t/vlier/start/look/", {"what": "dance"}).status_code == 422
    vlier.post("/t/vlier/start/look/", {"what": "done"})
    assert "Import people" not in text(vlier.get("/t/vlier/start/", headers={"HX-Request": "true"}))


def test_the_letter_is_the_one_that_is_sent_and_nothing_in_it_runs(vlier: Any) -> None:
    assert "<iframe" in text(vlier.get("/t/vlier/start/email/?language=en"))
    shown = vlier.get("/t/vlier/start/email/letter/?language=en")
    assert "Hello Sanne, your page is ready" in text(shown)
    assert "sandbox" in shown["Content-Security-Policy"]
    assert shown["X-Frame-Options"] == "SAMEORIGIN"


def test_words_of_people_things_and_stages_are_said_and_taken_back(vlier: Any) -> None:
    tenant = Tenant.objects.get(slug="vlier")
    with tenancy.use(tenant.id):
        stage = queries.all_stages()[0]
    page = vlier.get("/t/vlier/settings/words/")
    said = {name: field.initial for name, field in page.context["form"].fields.items()}
    said |= {"participant_plural__en": "Globetrotters", f"{stage.id}__en": "Asked", "referrer__nl": ""}
    assert vlier.post("/t/vlier/settings/words/", said).status_code == 303
    tenant.refresh_from_db()
    assert tenant.labels["participant_plural"]["en"] == "Globetrotters"
    assert "nl" not in tenant.labels["referrer"]
    assert "Globetrotters" in text(vlier.get("/t/vlier/settings/", headers={"Accept-Language": "en"}))
    with tenancy.use(tenant.id):
        stage.refresh_from_db()
        assert pipelines.stage_label(stage, "en") == "Asked"
    refused = vlier.post("/t/vlier/settings/words/", said | {f"{stage.id}__nl": ""})
    assert refused.status_code == 422
    assert f"{stage.label['en']} (Dutch)" in refused.content.decode()
    vlier.post("/t/vlier/settings/words/reset/")
    tenant.refresh_from_db()
    assert tenant.labels == queries.get_preset("travel").labels


def test_only_those_who_set_up_see_these_pages(vlier: Any, charlie: Any, browse: Any) -> None:
    tenant = Tenant.objects.get(slug="vlier")
    viewer = browse(make_member(tenant, "vic", "viewer"))
    for address in ("start/", "start/email/", "start/email/letter/", "settings/words/"):
        assert viewer.get(f"/t/vlier/{address}").status_code == 403
        assert browse(charlie).get(f"/t/vlier/{address}").status_code == 404


def test_the_operator_invites_by_the_command_line(db: None) -> None:
    done = CliRunner().invoke(tenant_command.command, ["invite", "new@example.com", "--language", "nl"])
    assert done.exit_code == 0, done.output
    (message,) = letters.deliver(to="new@example.com")
    assert "/start/invitation/" in letters.link(message)
    refused = CliRunner().invoke(tenant_command.command, ["invite", "nobody"])
    assert refused.exit_code == 1
    assert "e-mail address" in refused.output
