"""The audit trail as people read it, and as a file."""

import csv
import datetime
import io
import json
from typing import Any

import pytest
from django.conf import settings
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse

from kith.analytics import queries
from kith.analytics.queries.terms import TABLES
from kith.audit.models import Block
from kith.audit.queries import header_of
from kith.audit.rules import START, Leaf, block_hash, pack
from kith.kit import clock, jobs, tenancy
from kith.kit.actors import Actor
from kith.kit.files import opened
from kith.kit.models import Job
from kith.participants import actions as people
from kith.participants.tests.factories import make_participant
from kith.rewards.models import Reward
from kith.rewards.tests.factories import in_status, make_scene
from kith.tenants.models import Member, Tenant

pytestmark = pytest.mark.django_db(databases=["default", "counters"])


def page(client: Any, acme: Any, **wanted: str) -> str:
    answer = client.get(reverse("analytics:trail", args=[acme.slug]), wanted)
    assert answer.status_code == 200, answer.content.decode()[:500]
    return str(answer.content.decode()).partition("<main")[2]


def test_a_change_is_told_with_who_what_before_and_after(
    acme: Any, alice: Actor, bob: Actor, browse: Any
) -> None:
    with tenancy.use(acme.id, actor=alice, request_id="request-77"):
        dana = make_participant(name="Dana Doe")
        Member.objects.filter(pk=bob.id).update(role="agent")
    shown = page(browse(alice), acme)
    assert reverse("participants:detail", args=[acme.slug, dana.id]) in shown
    assert "<del>viewer</del>" in shown
    assert "<ins>agent</ins>" in shown
    assert "request-77" in shown
    # Personal values are in the trail as digests only, and digests tell people nothing.
    assert dana.email not in shown
    assert "digest:" not in shown


def test_nested_values_are_words_and_long_ones_are_folded(acme: Any, alice: Actor, browse: Any) -> None:
    labels = {"referral": {"en": "<Tip>", "plural": ["Tips", "Hints"]}, "own": True, "empty": {}}
    with tenancy.use(acme.id, actor=alice):
        Tenant.objects.filter(pk=acme.id).update(labels=labels)
        Tenant.objects.filter(pk=acme.id).update(labels={"note": "word " * 100})
    shown = page(browse(alice), acme)
    assert "own: yes, referral: (en: &lt;Tip&gt;, plural: (Tips, Hints))" in shown
    assert "{" not in shown.partition('<ol class="trail">')[2].partition("</ol>")[0]
    assert "<summary>note: word word" in shown
    assert shown.count("word ") > 100, "nothing is lost"


def test_a_reason_that_kith_wrote_is_told_in_the_readers_language(
    acme: Any, alice: Actor, browse: Any
) -> None:
    with tenancy.use(acme.id, actor=alice):
        reward = in_status(make_scene(), "available")
        changed = Reward.objects.filter(pk=reward.pk)
        changed.update(status="clawed_back", closed_reason="conversion cancelled")
    client = browse(alice)
    assert "<ins>conversion cancelled</ins>" in page(client, acme)
    client.cookies[settings.LANGUAGE_COOKIE_NAME] = "nl"
    assert "conversion cancelled" not in page(client, acme)


def test_every_table_in_the_trail_has_a_name_for_people() -> None:
    with connection.cursor() as cursor:
        cursor.execute("select tgrelid::regclass::text from pg_trigger where tgname = 'audit'")
        written = {table for (table,) in cursor.fetchall()}
    assert "programs_program" in written
    assert written - set(TABLES) == set()


def test_what_one_did_in_one_go_is_told_together(acme: Any, alice: Actor, browse: Any) -> None:
    with tenancy.use(acme.id, actor=alice, request_id="request-1"):
        for number in range(4):
            make_participant(name=f"Dana {number}")
    with tenancy.use(acme.id, actor=alice, request_id="request-2"):
        make_participant(name="Somebody Else")
    shown = page(browse(alice), acme, table="participants_participant")
    assert shown.partition('<ol class="trail">')[2].partition("</main>")[0].count('<span class="avatar') == 2
    assert "and 3 more like it" in shown
    assert all(f"Dana {number}" in shown for number in range(4)), "none is lost"


def test_it_is_narrowed_by_person_table_row_request_and_day(
    acme: Any, alice: Actor, bob: Actor, browse: Any
) -> None:
    with tenancy.use(acme.id, actor=bob, request_id="request-b"):
        make_participant(name="Made By Bob")
    with tenancy.use(acme.id, actor=alice, request_id="request-a"):
        dana = make_participant(name="Made By Alice")
    client = browse(alice)
    today = clock.now().date()
    for wanted, there, gone in (
        ({"actor": bob.ref}, "Made By Bob", "Made By Alice"),
        ({"row": str(dana.id), "table": "participants_participant"}, "Made By Alice", "Made By Bob"),
        ({"request": "request-b"}, "Made By Bob", "Made By Alice"),
        ({"since": str(today - datetime.timedelta(days=1))}, "Made By Bob", "nothing like this"),
    ):
        shown = page(client, acme, **wanted)
        assert there in shown, wanted
        assert gone not in shown, wanted
    assert "No entries like that" in page(client, acme, table="nothing_of_the_kind")
    assert "No entries like that" in page(client, acme, until="2020-01-01")
    assert client.get(reverse("analytics:trail", args=[acme.slug]), {"since": "yesterday"}).status_code == 422


def test_only_those_who_may_see_it_and_only_their_own(
    acme: Any, rival: Any, alice: Actor, bob: Actor, charlie: Actor, browse: Any
) -> None:
    with tenancy.use(acme.id, actor=alice):
        make_participant(name="Dana Doe")
    url = reverse("analytics:trail", args=[acme.slug])
    assert browse(bob).get(url).status_code == 403
    assert browse(charlie).get(url).status_code == 404
    assert "Dana Doe" not in page(browse(charlie), rival)


def test_a_long_trail_is_paged_without_gap_or_repetition(acme: Any, alice: Actor) -> None:
    with tenancy.use(acme.id, actor=alice):
        for number in range(12):
            make_participant(name=f"Dana {number}")
        everything = [entry.id for entry in queries.trail(limit=100).items]
        seen, cursor = [], None
        while True:
            found = queries.trail(cursor=cursor, limit=5)
            seen += [entry.id for entry in found.items]
            cursor = found.next_cursor
            if cursor is None:
                break
    assert seen == everything == sorted(everything, reverse=True)


def test_many_entries_cost_as_many_statements_as_few(acme: Any, alice: Actor, browse: Any) -> None:
    client, counts = browse(alice), []
    for number in (3, 27):
        with tenancy.use(acme.id, actor=alice):
            for each in range(number):
                make_participant(name=f"Dana {each}")
        with CaptureQueriesContext(connection) as seen:
            page(client, acme)
        counts.append(len(seen))
    assert counts[0] == counts[1]


def test_the_seal_is_computed_anew_and_a_broken_one_is_named(acme: Any, alice: Actor, browse: Any) -> None:
    with tenancy.use(acme.id, actor=alice):
        make_participant(name="Dana Doe")
    at = clock.now()
    leaves = pack([Leaf(1, acme.id, bytes(32))])
    block = Block(
        number=2**40, source="audit", sealed_at=at, upto_txid=1, upto_id=1, floor_id=0, highest_id=1, next_txid=2,
        leaves=leaves,
    )  # fmt: skip
    block.hash = block_hash(START, header_of(block), leaves)
    block.save(force_insert=True)
    shown = page(browse(alice), acme)
    assert "Sealed." in shown
    assert block.hash.hex() in shown
    other = Block(
        number=2**40 + 1, source="audit", sealed_at=at, upto_txid=1, upto_id=1, floor_id=0, highest_id=1, next_txid=2,
        leaves=leaves, hash=block.hash,
    )  # fmt: skip
    other.save(force_insert=True)
    assert "The last seal does not fit." in page(browse(alice), acme)


@pytest.mark.parametrize("format", ["csv", "json"])
def test_the_file_holds_what_the_page_shows(format: str, acme: Any, alice: Actor, browse: Any) -> None:
    with tenancy.use(acme.id, actor=alice, request_id="request-a"):
        dana = make_participant(name="Dana Doe")
        people.suspend_participant(participant=dana, reason="look", actor=alice, now=clock.now())
    client = browse(alice)
    answer = client.post(
        reverse("analytics:trail_export", args=[acme.slug]), {"format": format, "row": str(dana.id)}
    )
    assert (answer.status_code, answer["Location"]) == (303, reverse("analytics:jobs", args=[acme.slug]))
    with tenancy.use(acme.id):
        row = Job.objects.get(kind="analytics.export_trail")
    run = jobs.app.tasks["analytics.export_trail"]
    run(tenant_id=acme.id, job_id=str(row.id))
    with tenancy.use(acme.id):
        row.refresh_from_db()
        assert row.state == "succeeded", row.error_message
        with opened(row.result_file) as file:
            text = file.read().decode("utf-8-sig")
        shown = [entry.id for entry in queries.trail(row=str(dana.id)).items]
    rows = list(csv.DictReader(io.StringIO(text))) if format == "csv" else json.loads(text)
    assert [int(line["id"]) for line in rows] == shown
    assert len(shown) >= 2
    got = client.get(reverse("analytics:job_result", args=[acme.slug, row.id]))
    assert got.status_code == 200
    assert f"audit-trail.{format}" in got["Content-Disposition"]


def test_a_file_of_another_format_is_refused(acme: Any, alice: Actor, browse: Any) -> None:
    url = reverse("analytics:trail_export", args=[acme.slug])
    answer = browse(alice).post(url, {"format": "exe"})
    assert answer.status_code == 422
    with tenancy.use(acme.id):
        assert not Job.objects.exists()
