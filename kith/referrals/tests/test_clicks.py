"""Clicks: one statement, durable, bots and repeats recorded but not counted."""

import datetime
import threading

import pytest
from django.db import DatabaseError, connection, connections, transaction

from kith.kit import clock, tenancy
from kith.kit.actors import SYSTEM
from kith.participants.models import Participant
from kith.referrals import actions, queries, rules
from kith.referrals.models import Click, DailySalt
from kith.referrals.tests.factories import NOW, make_participant, make_program, make_scene
from kith.tenants.models import Tenant

PHONE = (
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_1 like Mac OS X) AppleWebKit/605.1.15 Version/18.1 Mobile/15E148"
)
LAPTOP = "Mozilla/5.0 (X11; Linux x86_64; rv:130.0) Gecko/20100101 Firefox/130.0"


@pytest.fixture
def scene(in_acme):
    return make_scene(destination_url="https://example.com/book?x=1")


def click(code, *, at=NOW, address="203.0.113.9", user_agent=PHONE, is_visit=True):
    return actions.record_click(code=code, address=address, user_agent=user_agent, is_visit=is_visit, now=at)


def shown(answer):
    row = Click.objects.get(pk=answer.click_id)
    return row.counted, row.is_new_visitor, row.is_bot


def test_a_click_is_one_statement(scene, django_assert_num_queries):
    click(scene.dana.code)
    with django_assert_num_queries(1):
        answer = click(scene.dana.code, address="203.0.113.10")
    assert answer.tenant_id == Participant.objects.get(pk=scene.dana.pk).tenant_id
    assert shown(answer) == (True, True, False)


@pytest.mark.parametrize(("minutes", "counted"), [(0, False), (59, False), (61, True)])
def test_a_visitor_counts_once_an_hour_and_is_new_once_a_day(scene, minutes, counted):
    assert shown(click(scene.dana.code)) == (True, True, False)
    assert shown(click(scene.dana.code, at=NOW + datetime.timedelta(minutes=minutes))) == (
        counted,
        False,
        False,
    )


def test_another_referrers_link_counts_for_itself(scene):
    other = make_participant("Other")
    click(scene.dana.code)
    assert shown(click(other.code)) == (True, False, False)


def test_another_device_is_another_visitor(scene):
    click(scene.dana.code)
    assert shown(click(scene.dana.code, user_agent=LAPTOP)) == (True, True, False)


def test_a_visit_across_midnight_is_one_visit(scene):
    late = datetime.datetime(2026, 6, 15, 23, 50, tzinfo=datetime.UTC)  # 01:50 of the 16th in Amsterdam
    assert shown(click(scene.dana.code, at=late)) == (True, True, False)
    assert shown(click(scene.dana.code, at=late + datetime.timedelta(minutes=20))) == (False, False, False)
    assert shown(click(scene.dana.code, at=late + datetime.timedelta(hours=2))) == (True, False, False)
    next_day = datetime.datetime(2026, 6, 16, 22, 1, tzinfo=datetime.UTC)
    assert shown(click(scene.dana.code, at=next_day)) == (True, True, False)


@pytest.mark.parametrize(
    "user_agent",
    ["Mozilla/5.0 (compatible; Googlebot/2.1; +http://www.google.com/bot.html)", "facebookexternalhit/1.1",
     "WhatsApp/2.23.20.0 A", "Slackbot-LinkExpanding 1.0", "TelegramBot (like TwitterBot)", "curl/8.5.0", ""],
)  # fmt: skip
def test_bots_and_link_previews_are_recorded_not_counted(scene, user_agent):
    assert shown(click(scene.dana.code, user_agent=user_agent)) == (False, False, True)
    assert shown(click(scene.dana.code, user_agent=PHONE)) == (True, True, False)


@pytest.mark.parametrize("user_agent", [PHONE, LAPTOP])
def test_browsers_are_no_bots(user_agent):
    assert not rules.is_bot(user_agent)


@pytest.mark.parametrize(
    ("method", "headers", "visit"),
    [("GET", {}, True), ("HEAD", {}, False), ("GET", {"Sec-Purpose": "prefetch"}, False),
     ("GET", {"Sec-Purpose": "prefetch;prerender"}, False), ("GET", {"X-Moz": "prefetch"}, False),
     ("GET", {"Purpose": "preview"}, False)],
)  # fmt: skip
def test_fetching_ahead_is_no_visit(method, headers, visit):
    assert rules.is_visit(method, headers) is visit


def test_a_fetch_ahead_does_not_take_the_visitors_place(scene):
    assert shown(click(scene.dana.code, is_visit=False)) == (False, False, False)
    assert shown(click(scene.dana.code)) == (True, True, False)


def test_unknown_and_inactive_codes_record_nothing(scene):
    link = actions.create_link(participant=scene.dana, slug="SUMMER", actor=SYSTEM, now=NOW)
    assert click("SUMMER").click_id
    actions.set_link_active(link=link, active=False, actor=SYSTEM, now=NOW)
    before = Click.objects.count()
    for code in ("SUMMER", "23456789", "no such code!", "x" * 5000, ""):
        assert click(code) is None
    Participant.objects.filter(pk=scene.dana.pk).update(status="suspended")
    assert click(scene.dana.code) is None
    assert Click.objects.count() == before


def test_a_suspended_organizations_codes_are_unknown(scene, acme):
    Tenant.objects.filter(pk=acme.pk).update(status="suspended")
    assert click(scene.dana.code) is None


def test_a_paused_program_answers_without_recording(in_acme):
    scene = make_scene(status="paused")
    answer = click(scene.dana.code)
    assert (answer.click_id, answer.destination_url) == (None, "")
    assert not Click.objects.exists()


def test_a_link_leads_where_it_says_with_its_campaign_fields(scene):
    other = make_program(is_default=False, destination_url="https://example.org/other")
    actions.create_link(
        participant=scene.dana, program=other, slug="FLYER", destination_url="https://example.org/flyer",
        utm={"source": "flyer"}, actor=SYSTEM, now=NOW,
    )  # fmt: skip
    answer = click("flyer")
    assert (answer.program_id, answer.destination_url) == (other.id, "https://example.org/flyer")
    assert Click.objects.get(pk=answer.click_id).program_id == other.id
    assert ("utm_source", "flyer") in answer.utm


@pytest.mark.parametrize("slug", ["abc", "A" * 25, "ADMIN", "PAY-OUT!", "ÜBER", "login"])
def test_slugs_are_well_formed(scene, slug):
    with pytest.raises(actions.SlugNotAllowed):
        actions.create_link(participant=scene.dana, slug=slug, actor=SYSTEM, now=NOW)


def test_a_slug_is_nobodys_code_in_any_organization(scene, rival):
    with tenancy.use(rival.id):
        theirs = make_scene()
        actions.create_link(participant=theirs.dana, slug="SUMMER", actor=SYSTEM, now=NOW)
    for slug in (theirs.dana.code, scene.dana.code, "summer"):
        with pytest.raises(actions.SlugTaken):
            actions.create_link(participant=scene.dana, slug=slug, actor=SYSTEM, now=NOW)


@pytest.mark.parametrize(
    "url", ["javascript:alert(1)", "//example.com", "https://", "https://a@example.com", "ftp://x"]
)
def test_links_lead_to_web_addresses_only(scene, url):
    with pytest.raises(actions.DestinationNotAllowed):
        actions.create_link(participant=scene.dana, destination_url=url, actor=SYSTEM, now=NOW)


def test_the_database_finds_codes_of_every_tenant_and_writes_clicks_for_their_own(scene, rival):
    with tenancy.use(rival.id):
        located = queries.locate_code(scene.dana.code)
        answer = click(scene.dana.code)
        assert not Click.objects.filter(pk=answer.click_id).exists()
    assert located.tenant_id == answer.tenant_id == scene.dana.tenant_id
    assert Click.objects.filter(pk=answer.click_id).exists()


def test_the_application_cannot_write_clicks_for_another_tenant(scene, rival):
    with pytest.raises(DatabaseError), transaction.atomic():
        Click.objects.create(
            tenant_id=rival.id, program=scene.program, referrer=scene.dana, occurred_at=NOW, channel=""
        )
    with pytest.raises(DatabaseError), transaction.atomic():
        Click.objects.update(counted=False)


def test_a_partition_alone_shows_nothing(scene):
    answer = click(scene.dana.code)
    assert Click.objects.filter(pk=answer.click_id).exists()
    with pytest.raises(DatabaseError), transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("select count(*) from referrals_click_202606")


def test_a_lost_connection_is_replaced_and_the_click_counted_once(committed):
    tenant = committed("lost")
    with tenancy.use(tenant.id):
        code = make_scene().dana.code
    click("nobody-has-this")  # so that the day's salt is known, as it is from the day's first click on
    with connection.cursor() as cursor:
        cursor.execute("select pg_backend_pid()")
        pid = cursor.fetchone()[0]
    with connections["counters"].cursor() as other:
        other.execute("select pg_terminate_backend(%s)", [pid])
    answer = click(code)
    with tenancy.use(tenant.id):
        assert [row.id for row in Click.objects.filter(counted=True)] == [answer.click_id]


def test_salts_are_destroyed_after_two_days(db):
    day = datetime.date(2026, 6, 15)
    for back in range(5):
        DailySalt.objects.get_or_create(day=day - datetime.timedelta(days=back), defaults={"salt": b"s" * 32})
    before = set(DailySalt.objects.filter(day__gt=day).values_list("day", flat=True))
    actions.forget_salts(now=NOW)
    assert set(DailySalt.objects.values_list("day", flat=True)) - before == {
        day,
        day - datetime.timedelta(days=1),
    }


def test_partitions_are_prepared_ahead(db):
    future = clock.now() + datetime.timedelta(days=400)
    assert actions.prepare_partitions(now=future) == 4
    assert actions.prepare_partitions(now=future) == 0


def test_what_falls_outside_the_prepared_months_is_kept(scene):
    answer = click(scene.dana.code, at=NOW + datetime.timedelta(days=3000))
    assert shown(answer) == (True, True, False)


def test_visitors_at_the_same_moment_count_once(committed):
    tenant = committed("clicks")
    with tenancy.use(tenant.id):
        code = make_scene().dana.code
    start, answers = threading.Barrier(8), []

    def visit():
        start.wait()
        answers.append(click(code))
        connections.close_all()

    threads = [threading.Thread(target=visit) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with tenancy.use(tenant.id):
        assert Click.objects.filter(pk__in=[answer.click_id for answer in answers]).count() == 8
        assert (
            Click.objects.filter(counted=True).count(),
            Click.objects.filter(is_new_visitor=True).count(),
        ) == (1, 1)


@pytest.mark.parametrize(
    ("url", "end"),
    [
        ("https://example.com/book", "/book?rid=R&via=C"),
        ("https://example.com/book?x=1&y=#top", "/book?x=1&y=&rid=R&via=C#top"),
        ("https://example.com/?rid=old&via=old", "/?rid=R&via=C"),
        ("/r/C/welcome", "/r/C/welcome?rid=R&via=C"),
    ],
)
def test_destinations_get_the_click_id_and_code(url, end):
    assert rules.destination(url, click_id="R", code="C").endswith(end)


def test_an_address_keeps_its_own_campaign_fields():
    utm = [("utm_source", "link"), ("utm_medium", "qr")]
    url = rules.destination("https://example.com/?utm_source=own", click_id="R", code="C", utm=utm)
    assert url == "https://example.com/?utm_source=own&utm_medium=qr&rid=R&via=C"
