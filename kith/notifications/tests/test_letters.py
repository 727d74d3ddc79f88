"""Which letters participants get about what is theirs, what they say, and how they end."""

import dataclasses
import datetime
import json
import re
from typing import Any

import pytest
from django.core import mail
from django.db import connection
from django.test import Client
from django.utils.module_loading import import_string

from kith.kit import clock, tenancy
from kith.kit.actors import PUBLIC, SYSTEM
from kith.kit.events import StoredEvent
from kith.kit.models import OutboxEvent
from kith.kit.money import Money
from kith.notifications import actions, jobs
from kith.notifications.queries import stop_token, subscriber
from kith.participants.actions import record_consents
from kith.participants.models import Participant
from kith.participants.queries.portal import choices_of
from kith.participants.tests.factories import portal_client
from kith.programs.models import Program
from kith.referrals import actions as referrals
from kith.rewards.tests.factories import Scene, earn, make_scene
from kith.subscriptions import SUBSCRIPTIONS

pytestmark = pytest.mark.django_db(databases=["default", "counters"])
MINE = {
    event: [pair for pair in pairs if pair[0] == "notifications"]
    for event, pairs in SUBSCRIPTIONS.items()
    if any(consumer == "notifications" for consumer, _path in pairs)
}


@pytest.fixture
def scene(acme: Any) -> Scene:
    """Dana, who has been in the portal, and a program."""
    with tenancy.use(acme.id):
        made = make_scene()
        Program.objects.filter(pk=made.program.pk).update(status="live", is_default=True)
        Participant.objects.filter(pk=made.dana.pk).update(
            last_login_at=clock.now(), email="dana@example.com", language="en"
        )
    return made


def heard() -> None:
    """Hand what was announced in this test to the handlers; the outbox itself waits for it to be committed."""
    for row in OutboxEvent.objects.filter(type__in=MINE).order_by("position").values():
        known = {field.name: row[field.name] for field in dataclasses.fields(StoredEvent)}
        for _consumer, path in MINE[row["type"]]:
            import_string(path)(StoredEvent(**known), now=clock.now())


def asked() -> list[tuple[str, dict[str, Any]]]:
    """The letters that wait to be sent, and from when on they may."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select task_name, args::text from procrastinate_jobs where task_name like 'notifications.%' order by id"
        )
        return [(name, json.loads(arguments)) for name, arguments in cursor.fetchall()]


def send(tenant_id: int) -> list[Any]:
    """Send what waits; the letters."""
    for name, arguments in asked():
        {"notifications.send_progress": jobs.send_progress, "notifications.send_earnings": jobs.send_earnings,
         "notifications.send_paid": jobs.send_paid}[name](**arguments)  # fmt: skip
    return mail.outbox


def come(acme: Any, scene: Scene, name: str = "Eli Evers") -> Any:
    """Somebody comes through Dana's link, and everybody hears of it."""
    email = f"{name.split()[0].lower()}@example.com"
    with tenancy.use(acme.id):
        made = referrals.create_referral(
            code=scene.dana.code, email=email, name=name, booking_reference=f"B-{name}", source="landing",
            actor=PUBLIC, now=clock.now(),
        )  # fmt: skip
        heard()
    return made


def test_who_came_through_the_link_is_told_to_the_referrer(acme: Any, scene: Scene) -> None:
    come(acme, scene)
    (letter,) = send(acme.id)
    assert letter.to == ["dana@example.com"]
    assert letter.subject == "News about Eli E."
    html = letter.alternatives[0].content
    for text in (letter.body, html):
        assert "Eli E." in text
        assert f"/p/{acme.slug}/referrals/" in text
        assert "eli@example.com" not in text
    assert 'lang="en"' in html
    assert letter.extra_headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"


@pytest.mark.parametrize(("wish", "spoken"), [("nl", "nl"), ("nl-be", "nl"), ("de", "en"), ("", "en")])
def test_it_is_written_in_their_language_or_the_organizations(
    acme: Any, scene: Scene, wish: str, spoken: str
) -> None:
    with tenancy.use(acme.id):
        Participant.objects.filter(pk=scene.dana.pk).update(language=wish)
    come(acme, scene)
    assert f'lang="{spoken}"' in send(acme.id)[0].alternatives[0].content


def test_what_happens_within_two_minutes_is_one_letter(acme: Any, scene: Scene) -> None:
    come(acme, scene)
    come(acme, scene, "Fay Fokkens")
    (task,) = asked()
    assert task[0] == "notifications.send_progress"
    with connection.cursor() as cursor:
        cursor.execute(
            "select scheduled_at > now() + interval '1 minute' from procrastinate_jobs"
            " where task_name = 'notifications.send_progress'"
        )
        assert cursor.fetchone() == (True,)
    (letter,) = send(acme.id)
    assert letter.subject == "News about 2 people who came through you"
    assert "Eli E." in letter.body
    assert "Fay F." in letter.body


@pytest.mark.parametrize("change", [
    {"last_login_at": None}, {"email": "", "email_index": None}, {"status": "suspended"},
])  # fmt: skip
def test_nobody_is_written_to_who_never_came_in_or_cannot_be(
    acme: Any, scene: Scene, change: dict[str, Any]
) -> None:
    with tenancy.use(acme.id):
        Participant.objects.filter(pk=scene.dana.pk).update(**change)
        for kind in ("progress", "earnings"):
            actions.gather(
                kind=kind,
                participant_id=scene.dana.pk,
                happened_at=clock.now(),
                actor=SYSTEM,
                now=clock.now(),
            )
    assert asked() == []


def test_a_no_counts_at_once_also_for_what_waits(acme: Any, scene: Scene) -> None:
    come(acme, scene)
    with tenancy.use(acme.id):
        record_consents(
            participant=scene.dana, given={"progress": False}, source="portal", actor=SYSTEM, now=clock.now()
        )
    assert send(acme.id) == []
    come(acme, scene, "Fay Fokkens")
    assert len(asked()) == 1


def test_what_is_old_is_no_news(acme: Any, scene: Scene) -> None:
    now = clock.now()
    with tenancy.use(acme.id):
        for age, count in ((datetime.timedelta(days=2), 0), (datetime.timedelta(hours=2), 1)):
            actions.gather(
                kind="earnings", participant_id=scene.dana.pk, happened_at=now - age, actor=SYSTEM, now=now
            )
            assert len(asked()) == count


def test_what_became_theirs_is_told_once_with_its_sum(acme: Any, scene: Scene) -> None:
    with tenancy.use(acme.id):
        reward = earn(scene, "available")
        since = reward.available_at or clock.now()
        earn(scene)  # waits to be approved, and so is nobody's yet
    asked_since = {"tenant_id": acme.id, "participant_id": str(scene.dana.pk)}
    jobs.send_earnings(**asked_since, since=(since + datetime.timedelta(seconds=1)).isoformat())
    assert mail.outbox == []
    jobs.send_earnings(**asked_since, since=since.isoformat())
    (letter,) = mail.outbox
    shown = Money(reward.amount_minor, reward.currency).format("en")
    assert letter.subject.replace("\xa0", " ") == f"{shown} is yours".replace("\xa0", " ")
    assert f"/p/{acme.slug}/earnings/" in letter.body


# --- the way out --------------------------------------------------------------------------------------


def way_out(letter: Any) -> str:
    found = re.search(r"<https?://[^/]+(/\S+)>", letter.extra_headers["List-Unsubscribe"])
    assert found
    return found[1]


def test_the_letters_link_asks_first_and_stops_its_kind_alone(acme: Any, scene: Scene) -> None:
    come(acme, scene)
    path = way_out(send(acme.id)[0])
    visitor = Client(enforce_csrf_checks=True)
    page = visitor.get(path)
    assert "Stop these e-mails" in page.content.decode()
    with tenancy.use(acme.id):
        assert choices_of(scene.dana.pk)["progress"]
    for _twice in range(2):
        done = visitor.post(path, {"List-Unsubscribe": "One-Click"})
        assert done.status_code == 200
        assert "no more e-mails about your referrals" in done.content.decode()
    with tenancy.use(acme.id):
        assert choices_of(scene.dana.pk) == {"progress": False, "earnings": True, "news": False}


def test_a_link_that_was_changed_or_is_of_another_organization_stops_nothing(
    acme: Any, rival: Any, scene: Scene
) -> None:
    come(acme, scene)
    path = way_out(send(acme.id)[0])
    for wrong in (path[:-2] + "x/", path.replace(f"/p/{acme.slug}/", f"/p/{rival.slug}/")):
        assert Client().post(wrong).status_code == 404
    with tenancy.use(acme.id):
        assert choices_of(scene.dana.pk)["progress"]


def test_the_profile_shows_and_keeps_the_choice(acme: Any, scene: Scene) -> None:
    client, profile = portal_client(scene.dana), f"/p/{acme.slug}/profile/"
    page = client.get(profile).content.decode()
    assert re.search(r'name="progress"[^>]* checked', page)
    assert not re.search(r'name="news"[^>]* checked', page)
    client.post(f"{profile}messages/", {"earnings": "on"})
    with tenancy.use(acme.id):
        assert choices_of(scene.dana.pk) == {"progress": False, "earnings": True, "news": False}


def test_the_token_names_one_person_and_one_kind(acme: Any, scene: Scene) -> None:
    with tenancy.use(acme.id):
        found = subscriber(stop_token(scene.dana.pk, "earnings"))
        assert (found.participant, found.kind) == (scene.dana, "earnings")
