"""What staff do about one participant: notes, invitations, a look into the portal."""

import datetime
from typing import Any

import pytest
from django.urls import reverse

from conftest import make_member
from kith.audit.models import AuditEntry
from kith.kit import clock, tenancy
from kith.kit.errors import NotFound
from kith.participants import actions, queries
from kith.participants.models import Participant, ParticipantNote, PortalSession
from kith.participants.tests.factories import make_participant
from kith.tenants.access import portal_cookie

pytestmark = pytest.mark.django_db(databases=["default", "counters"])
DAY = datetime.timedelta(days=1)


def at(name: str, *args: Any) -> str:
    return reverse(f"participants:{name}", args=args)


@pytest.fixture
def dana(acme: Any) -> Participant:
    with tenancy.use(acme.id):
        return make_participant(name="Dana Jansen", email="dana@example.com")


def notes(acme: Any, person: Participant) -> list[queries.ReadNote]:
    with tenancy.use(acme.id):
        return queries.notes_of(person.pk)


def test_a_note_is_written_changed_and_removed_by_its_author(
    acme: Any, alice: Any, bob: Any, dana: Any, browse: Any
) -> None:
    client, write = browse(alice), at("note_write", acme.slug, dana.pk)
    assert client.post(write, {"text": "Calls back\non Monday"}).status_code == 303
    (note,) = notes(acme, dana)
    assert (note.text, note.author) == ("Calls back\non Monday", alice.ref)
    page = client.get(at("detail", acme.slug, dana.pk), {"tab": "notes"}).content.decode()
    assert "Calls back\non Monday" in page
    assert at("note_change", acme.slug, dana.pk, note.id) in page
    assert client.post(at("note_change", acme.slug, dana.pk, note.id), {"text": "Called"}).status_code == 303
    assert [(each.text, each.edited_at is not None) for each in notes(acme, dana)] == [("Called", True)]
    assert client.post(at("note_remove", acme.slug, dana.pk, note.id)).status_code == 303
    (gone,) = notes(acme, dana)
    assert (gone.text, gone.removed_by) == (None, "Alice")
    assert (
        "Removed by Alice" in client.get(at("detail", acme.slug, dana.pk), {"tab": "notes"}).content.decode()
    )
    assert browse(bob).post(write, {"text": "x"}).status_code == 403
    assert client.post(write, {"text": "  "}).status_code == 422


def test_nobody_changes_anothers_note_nor_an_old_one(acme: Any, alice: Any, dana: Any) -> None:
    agent, now = make_member(acme, "agnes", "agent"), clock.now()
    with tenancy.use(acme.id, actor=alice):
        note = actions.write_note(participant=dana, body="Mine", actor=alice, now=now)
        for actor, moment in ((agent, now), (alice, now + DAY * 2)):
            for step in (
                lambda actor=actor, moment=moment: actions.remove_note(note=note, actor=actor, now=moment),
                lambda actor=actor, moment=moment: actions.change_note(
                    note=note, body="Yours", actor=actor, now=moment
                ),
            ):
                with pytest.raises(actions.NoteNotYours):
                    step()
        actions.remove_note(note=note, actor=alice, now=now)
        with pytest.raises(NotFound):
            actions.change_note(note=note, body="Back", actor=alice, now=now)
    assert [each.text for each in notes(acme, dana)] == [None]


def test_a_note_is_stored_encrypted(acme: Any, alice: Any, dana: Any) -> None:
    with tenancy.use(acme.id):
        actions.write_note(participant=dana, body="Secret plan", actor=alice, now=clock.now())
        assert b"Secret" not in bytes(ParticipantNote.objects.get().body_enc)


def test_an_administrator_looks_into_the_portal_read_only_and_on_record(
    acme: Any, alice: Any, dana: Any, browse: Any
) -> None:
    client = browse(alice)
    answer = client.post(at("look", acme.slug, dana.pk))
    assert (answer.status_code, answer["Location"]) == (303, f"/p/{acme.slug}/")
    assert portal_cookie(acme.slug) in answer.cookies
    with tenancy.use(acme.id):
        session = PortalSession.objects.get()
        assert (session.read_only, str(session.member_id)) == (True, alice.id)
        assert session.expires_at - session.created_at <= datetime.timedelta(minutes=30)
        written = AuditEntry.objects.get(table_name="participants_portalsession", op="I")
        assert (written.actor, written.diff["participant_id"]) == (alice.ref, str(dana.pk))
    shown = client.get(f"/p/{acme.slug}/profile/").content.decode()
    assert "You see what Dana Jansen sees" in shown
    refused = client.post(f"/p/{acme.slug}/profile/", {"name": "Changed"})
    assert refused.status_code == 403
    with tenancy.use(acme.id):
        dana.refresh_from_db()
    assert (dana.name, dana.last_login_at) == ("Dana Jansen", None)


def test_only_who_may_looks_into_a_portal(acme: Any, dana: Any, bob: Any, charlie: Any, browse: Any) -> None:
    url = at("look", acme.slug, dana.pk)
    for actor, status in ((make_member(acme, "mia", "manager"), 403), (bob, 403), (charlie, 404)):
        assert browse(actor).post(url).status_code == status
    with tenancy.use(acme.id):
        assert not PortalSession.objects.exists()


def test_an_invitation_needs_an_address(acme: Any, alice: Any, dana: Any, browse: Any) -> None:
    assert browse(alice).post(at("invite", acme.slug, dana.pk)).status_code == 303
    with tenancy.use(acme.id):
        silent = make_participant(name="Eli", email="")
    assert browse(alice).post(at("invite", acme.slug, silent.pk)).status_code == 409


def test_each_part_of_the_page_shows(acme: Any, alice: Any, dana: Any, browse: Any) -> None:
    client, url = browse(alice), at("detail", acme.slug, dana.pk)
    for tab, said in (
        ("", "Personal link"),
        ("timeline", "hx-get"),
        ("notes", "No notes yet"),
        ("details", "Consent"),
    ):
        shown = client.get(url, {"tab": tab}).content.decode()
        assert said in shown
        assert "<c-" not in shown
