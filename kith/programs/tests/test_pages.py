"""The console's pages of programs, and the pictures anybody may see."""

import io
from typing import Any
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from PIL import Image

from conftest import signed_in
from kith.kit import clock, tenancy
from kith.kit.actors import SYSTEM
from kith.kit.money import Money
from kith.pipelines.queries import stage_for_category
from kith.pipelines.tests.factories import make_pipeline
from kith.programs import actions, queries
from kith.programs.models import Campaign, LandingPicture, Program, RuleVersion, Sponsor
from kith.programs.tests.factories import make_program, publish_rule
from kith.tenants import actions as tenants

pytestmark = pytest.mark.django_db(databases=["default", "counters"])


@pytest.fixture
def program(acme: Any) -> Program:
    with tenancy.use(acme.id):
        made = make_program("friends", name="Friends travel")
        publish_rule(made)
    return made


@pytest.fixture
def owner(alice: Any) -> Client:
    return signed_in(alice)


def text(response: Any) -> str:
    shown: str = response.content.decode()
    assert "<c-" not in shown
    return shown


def at(name: str, acme: Any, *args: Any) -> str:
    return reverse(f"programs:{name}", args=[acme.slug, *args])


def now_of(acme: Any, row: Any) -> Any:
    """The row as it is stored."""
    with tenancy.use(acme.id):
        return type(row).objects.get(pk=row.pk)


def picture(size: tuple[int, int] = (40, 30)) -> SimpleUploadedFile:
    file = io.BytesIO()
    Image.new("RGB", size, "#336699").save(file, "PNG")
    return SimpleUploadedFile("beach.png", file.getvalue(), "image/png")


# --- reading ------------------------------------------------------------------------------------------


def test_the_list_teaches_when_it_is_empty_and_filters(acme, owner):
    assert "No program yet" in text(owner.get(at("list", acme)))
    assert "No program matches" in text(owner.get(at("list", acme), {"q": "x"}))


def test_the_list_needs_as_many_statements_for_thirty_rows_as_for_three(acme, owner):
    def statements(programs: int) -> int:
        with tenancy.use(acme.id):
            while Program.objects.count() < programs:
                publish_rule(make_program())
        owner.get(at("list", acme))
        with CaptureQueriesContext(
            connection,
        ) as captured:
            shown = text(owner.get(at("list", acme), {"limit": 30}))
        assert shown.count("The referrer earns €25.00") == min(programs, 20)
        return len(captured)

    assert statements(3) == statements(30)


def test_a_program_says_what_it_promises_spends_and_runs(acme, owner, program):
    with tenancy.use(acme.id):
        actions.open_budget(program=program, hard_cap=Money(100_000, "EUR"), actor=SYSTEM, now=clock.now())
    shown = text(owner.get(at("detail", acme, program.id)))
    for said in (
        "The referrer earns €25.00 for each “booking”",
        "€1,000.00",
        "No campaign yet",
        "Pause",
        "365 days",
    ):
        assert said in shown, said


def test_a_promise_is_told_in_the_organizations_words(acme, owner, program):
    way = at("detail", acme, program.id)
    assert "for each “booking”" in text(owner.get(way))
    with tenancy.use(acme.id, actor=SYSTEM):
        words = {"conversion": {"en": "Journey"}}
        tenants.update_tenant(tenant=acme, changes={"labels": words}, actor=SYSTEM)
        publish_rule(program, code="stage", trigger="stage.entered:converted")
        stage = stage_for_category(program.pipeline_id, "converted").label["en"]
    page = text(owner.get(way))
    assert "for each “Journey”" in page
    assert f"when the referral is “{stage}”" in page
    assert "“converted”" not in page
    assert "for each “Journey”" in text(owner.get(at("list", acme)))


def test_a_viewer_looks_and_changes_nothing(acme, bob, program):
    viewer = signed_in(bob)
    shown = text(viewer.get(at("detail", acme, program.id)))
    assert "Edit the landing page" not in shown
    assert viewer.get(at("sponsors", acme)).status_code == 200
    refused = [
        viewer.post(at("sponsors", acme), {"name": "X", "kind": "brand"}),
        viewer.get(at("landing", acme, program.id)),
        viewer.post(at("landing_publish", acme, program.id)),
        viewer.post(at("status", acme, program.id, "paused")),
        viewer.post(at("budget", acme, program.id), {"amount": "5", "key": uuid4()}),
    ]
    assert [answer.status_code for answer in refused] == [200, 403, 403, 403, 403]
    with tenancy.use(acme.id):
        assert not Sponsor.objects.exists()


# --- changing -----------------------------------------------------------------------------------------


def new(**values: Any) -> dict[str, Any]:
    return {
        "name": "Winter", "currency": "EUR", "click_window_days": 90, "conversion_window_days": 365,
        "report_window_days": 30, **values,
    }  # fmt: skip


def test_a_program_is_made_as_a_draft_then_put_live(acme, owner):
    with tenancy.use(acme.id):
        pipeline = make_pipeline()
    answer = owner.post(at("create", acme), new(pipeline=pipeline.id))
    with tenancy.use(acme.id):
        made = Program.objects.get(code="winter")
    assert (answer.status_code, answer["Location"], made.status) == (
        303,
        at("detail", acme, made.id),
        "draft",
    )
    assert "Nothing is promised yet" in text(owner.get(at("status", acme, made.id, "live")))
    assert owner.post(at("status", acme, made.id, "live")).status_code == 303
    assert now_of(acme, made).status == "live"
    assert owner.get(at("status", acme, made.id, "draft")).status_code == 404


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"name": ""}, "This field is required"),
        ({"destination_url": "javascript:alert(1)"}, "begins with https://"),
        ({"click_window_days": "0"}, "greater than or equal to 1"),
        ({"sponsor": "01977777-7777-7777-8777-777777777777"}, "valid choice"),
    ],
)
def test_a_bad_field_is_named_and_nothing_changes(acme, owner, program, values, said):
    answer = owner.post(at("edit", acme, program.id), new(**values))
    assert answer.status_code == 422
    assert said in text(answer)
    assert now_of(acme, program).name == "Friends travel"


def test_a_new_amount_is_a_new_version_from_now_on(acme, owner, program):
    with tenancy.use(acme.id):
        (line,) = queries.rule_lines(program.id)
    way = at("reward", acme, program.id, line.rule.id)
    form = {"amount": "40,00", "hold_days": 7, "cap_per_participant": 2}
    assert owner.post(way, {**form, "amount": "0"}).status_code == 422
    assert owner.post(way, {**form, "amount": "40.00"}).status_code == 303
    assert owner.post(way, {**form, "amount": "40.00"}).status_code == 303, "the same promise again"
    with tenancy.use(acme.id):
        rows = list(
            RuleVersion.objects.order_by("version").values_list("version", "status", "spec__fixed_minor")
        )
    assert rows == [(1, "retired", 2500), (2, "published", 4000)]
    assert "Version 1" in text(owner.get(way))


def test_a_first_reward_is_promised(acme, owner):
    with tenancy.use(acme.id):
        bare = make_program("bare")
    form = {
        "name": "Welcome", "beneficiary": "referred", "amount": "10", "trigger": "other", "event": "",
        "hold_days": 0, "cap_per_participant": 1,
    }  # fmt: skip
    assert "Write how your system calls the result" in text(owner.post(at("promise", acme, bare.id), form))
    assert owner.post(at("promise", acme, bare.id), {**form, "event": "Purchase"}).status_code == 303
    with tenancy.use(acme.id):
        (rule,) = queries.published_rules(bare.id, clock.now())
    assert (rule.spec.trigger, rule.spec.beneficiary, rule.spec.fixed_minor) == (
        "conversion:purchase", "referred", 1000,
    )  # fmt: skip


def test_money_is_added_once_for_one_form(acme, owner, program):
    form = {"amount": "150", "key": str(uuid4())}
    assert [owner.post(at("budget", acme, program.id), form).status_code for _ in range(2)] == [303, 303]
    with tenancy.use(acme.id):
        budget = queries.budget(program)
    assert (budget.is_capped, budget.left) == (True, Money(15_000, "EUR"))


def test_a_campaign_is_made_in_the_organizations_time_changed_and_ended(acme, owner, program):
    form = {
        "name": "Double June",
        "starts_at": "2026-06-01T00:00",
        "ends_at": "2026-07-01T00:00",
        "times": "1.5",
    }
    wrong = owner.post(at("campaign_create", acme, program.id), {**form, "ends_at": "2026-05-01T00:00"})
    assert (wrong.status_code, "ends after it starts" in text(wrong)) == (422, True)
    assert owner.post(at("campaign_create", acme, program.id), form).status_code == 303
    with tenancy.use(acme.id):
        push = Campaign.objects.get()
    assert (push.starts_at.isoformat(), push.multiplier_bps) == ("2026-05-31T22:00:00+00:00", 15_000)
    way = at("campaign", acme, program.id, push.id)
    assert 'value="2026-06-01T00:00"' in text(owner.get(way))
    assert owner.post(way, {**form, "name": "Triple", "times": "3"}).status_code == 303
    assert owner.post(at("campaign_end", acme, program.id, push.id)).status_code == 303
    changed = now_of(acme, push)
    assert (changed.name, changed.multiplier_bps, changed.status) == ("Triple", 30_000, "ended")


def test_sponsors_are_added_and_renamed(acme, owner):
    assert owner.post(at("sponsors", acme), {"name": "Utrecht", "kind": "university"}).status_code == 303
    assert "already a sponsor" in text(owner.post(at("sponsors", acme), {"name": "utrecht", "kind": "x"}))
    with tenancy.use(acme.id):
        row = Sponsor.objects.get()
    assert (
        owner.post(at("sponsor", acme, row.id), {"name": "Leiden", "kind": "university"}).status_code == 303
    )
    assert now_of(acme, row).name == "Leiden"


# --- landing page and messages ------------------------------------------------------------------------


def test_texts_are_escaped_wherever_they_are_shown(acme, owner, program):
    hostile = "<script>alert(1)</script>"
    form = {"language": "en", "title": hostile, "text": f"one\n{hostile}", "question-0": hostile,
            "text-answer-0": hostile, "step-0": hostile, "text-legal": hostile, "button": hostile}  # fmt: skip
    assert owner.post(at("landing", acme, program.id), form).status_code == 303
    assert owner.post(at("landing_publish", acme, program.id)).status_code == 303
    shown = [
        text(owner.get(at("landing", acme, program.id))),
        text(owner.post(at("landing_preview", acme, program.id), form)),
    ]
    for page in shown:
        assert "<script>alert" not in page
        assert page.count("&lt;script&gt;") > 5
    assert now_of(acme, program).landing["text"]["en"] == f"one\n{hostile}", "paragraphs stay"


def test_the_preview_shows_what_is_typed_and_stores_nothing(acme, owner, program):
    page = text(owner.post(at("landing_preview", acme, program.id), {"language": "en", "title": "Not yet"}))
    assert "Not yet" in page
    assert "Sanne gets €25.00 after your booking." in page
    with tenancy.use(acme.id):
        assert queries.draft(program) is None


def test_the_preview_asks_what_the_program_asks_in_the_organizations_words(acme, owner, program):
    way = at("landing_preview", acme, program.id)
    asked = {"language": "nl", "text-consent": "Jullie mogen mij bellen."}
    page = text(owner.post(way, asked))
    assert "Jullie mogen mij bellen." in page
    assert 'name="phone"' in page
    assert 'name="booking_reference"' in page
    with tenancy.use(acme.id, actor=SYSTEM):
        words = {"booking_reference": {"nl": "Dossiernummer"}}
        tenants.update_tenant(tenant=acme, changes={"labels": words}, actor=SYSTEM)
    assert "Dossiernummer" in text(owner.post(way, asked))
    with tenancy.use(acme.id, actor=SYSTEM):
        key = "referrals.require_booking_reference"
        tenants.set_setting(key=key, value=False, actor=SYSTEM, now=clock.now())
    assert 'name="booking_reference"' not in text(owner.post(way, asked))


def test_a_block_is_moved_with_the_texts_that_were_typed(acme, owner, program):
    form = {"language": "en", "title": "Kept", "do": "up:legal"}
    answer = owner.post(at("landing", acme, program.id), form)
    assert answer["Location"].endswith("?language=en#block-legal")
    with tenancy.use(acme.id):
        content = queries.written(program)
    assert content["title"] == {"en": "Kept"}
    assert content["layout"]["order"][-2:] == ["legal", "questions"]


def test_a_question_needs_its_answer(acme, owner, program):
    answer = owner.post(at("landing", acme, program.id), {"language": "en", "question-1": "Why?"})
    assert (answer.status_code, "Answer the question" in text(answer)) == (422, True)


def test_a_picture_is_served_to_everybody_for_good(acme, owner, program):
    owner.post(at("landing", acme, program.id), {"language": "en", "picture": picture()})
    with tenancy.use(acme.id):
        row = LandingPicture.objects.get()
    answer = Client().get(f"/pictures/{acme.slug}/{row.id}.webp")
    assert (answer.status_code, answer["Content-Type"]) == (200, "image/webp")
    assert answer["Cache-Control"] == "public, max-age=31536000, immutable"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert "sandbox" in answer["Content-Security-Policy"]
    assert Image.open(io.BytesIO(answer.content)).size == (40, 30)
    assert Client().get(f"/pictures/{acme.slug}/{uuid4()}.webp").status_code == 404
    assert Client().get(f"/pictures/nobody/{row.id}.webp").status_code == 404


def test_a_picture_of_another_organization_is_not_found(acme, rival, owner, program):
    owner.post(at("landing", acme, program.id), {"language": "en", "picture": picture()})
    with tenancy.use(acme.id):
        row = LandingPicture.objects.get()
    assert Client().get(f"/pictures/{rival.slug}/{row.id}.webp").status_code == 404


def test_a_file_that_only_pretends_to_be_a_picture_is_refused_at_its_field(acme, owner, program):
    fake = SimpleUploadedFile("a.png", b"<html><script>alert(1)</script>", "image/png")
    answer = owner.post(at("landing", acme, program.id), {"language": "en", "title": "New", "picture": fake})
    assert (answer.status_code, "Choose a picture" in text(answer)) == (422, True)
    with tenancy.use(acme.id):
        assert queries.draft(program) is None


def test_messages_are_shown_as_they_arrive_while_they_are_typed(acme, owner, program):
    typed = {"language": "nl", "text-sms": "Kijk: {link} {naam}", "text-copy": ""}
    part = text(owner.post(at("share_preview", acme, program.id), typed))
    assert "/r/SANNE234 {naam}" in part
    assert "<html" not in part
    bad = owner.post(at("share", acme, program.id), typed)
    assert (bad.status_code, "/r/SANNE234 {naam}" in text(bad)) == (422, True)
    assert now_of(acme, program).share_texts == {}


def test_messages_are_kept_per_language(acme, owner, program):
    way = at("share", acme, program.id)
    bad = owner.post(way, {"language": "nl", "text-sms": "{naam} {link}"})
    assert (bad.status_code, "{naam}" in text(bad)) == (422, True)
    assert owner.post(way, {"language": "nl", "text-email": "Hoi\n\n{link}"}).status_code == 303
    assert now_of(acme, program).share_texts == {
        "whatsapp": {}, "email_subject": {}, "email": {"nl": "Hoi\n\n{link}"}, "sms": {}, "copy": {},
    }  # fmt: skip
