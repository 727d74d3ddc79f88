"""Enrolling and changing one participant."""

import threading

import pytest
from django.db import connections

from kith.audit.models import AuditEntry
from kith.kit import tenancy
from kith.kit.actors import SYSTEM
from kith.kit.errors import Invalid
from kith.kit.models import OutboxEvent
from kith.participants import access, actions, queries
from kith.participants.models import Participant
from kith.participants.tests.factories import make_participant


def events(participant):
    rows = OutboxEvent.objects.filter(subject_id=participant.id).order_by("position")
    return [(row.type, row.data) for row in rows]


def audited(participant):
    return AuditEntry.objects.filter(
        table_name="participants_participant", row_id=str(participant.id)
    ).count()


def test_enrolling_normalizes_encrypts_and_announces(in_acme, alice, now):
    made = actions.create_participant(
        name="  Jan  Jansen ", email="Jan@Example.COM", external_id="CUST001", phone="06 12345678",
        language="Nederlands", visa_number="ab 123", application_on="15-06-2026", actor=alice, now=now,
    )  # fmt: skip
    found = queries.get_participant(made.id)
    assert (found.name, found.email, found.language) == ("Jan Jansen", "jan@example.com", "nl")
    assert found.application_on.isoformat() == "2026-06-15"
    assert b"12345678" not in bytes(found.phone_enc)
    assert queries.personal_details(found) == queries.PersonalDetails("+31612345678", "AB123")
    assert len(found.code) == 8
    assert events(made) == [
        ("participant.created", {"participant_id": str(made.id), "kind": "person", "source": "console"})
    ]
    assert queries.find_by_email("JAN@example.com") == found
    assert found.external_id == "CUST001"
    assert queries.get_by_code(found.code.lower()) == found


def test_every_bad_field_is_named_and_nothing_is_kept(in_acme, alice, now):
    with pytest.raises(Invalid) as refusal:
        actions.create_participant(
            name="",
            email="no",
            phone="12",
            country="Narnia",
            language="??",
            timezone="Mars",
            actor=alice,
            now=now,
        )
    assert set(refusal.value.fields) == {"name", "email", "phone", "country", "language", "timezone"}
    assert Participant.objects.count() == 0


@pytest.mark.parametrize(
    ("values", "refusal"),
    [
        ({"email": "Dana@example.com"}, actions.DuplicateEmail),
        ({"email": "", "external_id": "C1"}, actions.DuplicateExternalId),
        ({"code": "dana-1234"}, actions.CodeTaken),
    ],
)
def test_what_must_be_unique_is_refused_by_name(in_acme, values, refusal):
    make_participant(email="dana@example.com", external_id="C1", code="DANA1234")
    with pytest.raises(refusal):
        make_participant(**values)
    assert Participant.objects.count() == 1


def test_the_same_address_may_be_known_to_two_organizations(acme, rival):
    for tenant in (acme, rival):
        with tenancy.use(tenant.id):
            make_participant(email="dana@example.com", external_id="C1")


def test_a_code_that_chance_repeats_is_drawn_again(in_acme, monkeypatch):
    first = make_participant()
    drawn = iter([first.code, first.code, "FRESH234"])
    monkeypatch.setattr("kith.kit.codes.referral_code", lambda: next(drawn))
    assert make_participant().code == "FRESH234"


def test_changing_twice_announces_and_audits_once(in_acme, alice, now):
    dana = make_participant(phone="+31612345678", email="dana@example.com")
    before = audited(dana)
    for _ in range(2):
        actions.update_participant(
            participant=dana, changes={"name": "Dana D", "phone": "+31612345678", "email": "d@example.com"},
            actor=alice, now=now,
        )  # fmt: skip
    assert audited(dana) == before + 1
    assert events(dana)[1:] == [
        ("participant.updated", {"participant_id": str(dana.id), "fields": ["email", "name"]})
    ]
    assert queries.find_by_email("dana@example.com") is None
    assert queries.find_by_email("d@example.com").name == "Dana D"


def test_a_phone_can_be_changed_and_removed(in_acme, alice, now):
    dana = make_participant(phone="+31612345678")
    changed = actions.update_participant(
        participant=dana, changes={"phone": "+31687654321"}, actor=alice, now=now
    )
    assert queries.personal_details(changed).phone == "+31687654321"
    removed = actions.update_participant(participant=dana, changes={"phone": ""}, actor=alice, now=now)
    assert (removed.phone_enc, removed.phone_index) == (None, None)


def test_a_refused_change_changes_nothing(in_acme, alice, now):
    make_participant(email="eli@example.com")
    dana = make_participant(name="Dana")
    for changes, refusal in (
        ({"name": "X", "email": "eli@example.com"}, actions.DuplicateEmail),
        ({"name": "X", "country": "Narnia"}, Invalid),
        ({"name": "X", "status": "erased"}, Invalid),
        ({"name": "X", "code": "MINE1234"}, Invalid),
    ):
        with pytest.raises(refusal):
            actions.update_participant(participant=dana, changes=changes, actor=alice, now=now)
    assert queries.get_participant(dana.id).name == "Dana"
    assert len(events(dana)) == 1


def test_suspending_and_reactivating(in_acme, alice, now):
    dana = make_participant()
    for _ in range(2):
        actions.suspend_participant(participant=dana, reason="complaints", actor=alice, now=now)
    assert queries.get_participant(dana.id).status == "suspended"
    for _ in range(2):
        actions.reactivate_participant(participant=dana, actor=alice, now=now)
    assert queries.get_participant(dana.id).status == "active"
    assert [name for name, _ in events(dana)] == [
        "participant.created", "participant.suspended", "participant.reactivated"
    ]  # fmt: skip


def test_an_erased_participant_cannot_be_changed(in_acme, alice, now):
    dana = make_participant(name="Dana")
    Participant.objects.filter(pk=dana.pk).update(status="erased")
    for change in (
        lambda: actions.update_participant(participant=dana, changes={"name": "X"}, actor=alice, now=now),
        lambda: actions.suspend_participant(participant=dana, actor=alice, now=now),
        lambda: actions.reactivate_participant(participant=dana, actor=alice, now=now),
    ):
        with pytest.raises(actions.ParticipantErased):
            change()
    assert queries.get_participant(dana.id).name == "Dana"


def test_two_at_once_with_one_address_make_one_participant(committed):
    tenant = committed("acme")
    gate, outcomes = threading.Barrier(2), []

    def enroll():
        try:
            with tenancy.use(tenant.id):
                gate.wait()
                make_participant(email="dana@example.com")
            outcomes.append("made")
        except actions.DuplicateEmail:
            outcomes.append("duplicate")
        finally:
            connections.close_all()

    threads = [threading.Thread(target=enroll) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["duplicate", "made"]
    with tenancy.use(tenant.id):
        assert Participant.objects.count() == 1


def test_another_organizations_participant_is_not_there(in_acme, rival, charlie):
    dana = make_participant()
    with tenancy.use(rival.id, actor=charlie):
        from kith.kit.errors import NotFound

        with pytest.raises(NotFound):
            access.participant(charlie, dana.id)
        assert queries.participant_list(search="person").items == []
        with pytest.raises(Participant.DoesNotExist):
            actions.update_participant(
                participant=dana, changes={"name": "X"}, actor=SYSTEM, now=dana.created_at
            )
