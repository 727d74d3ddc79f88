"""Names that pass for others: what identifies is ASCII, and no two differ in capitals alone; what is shown is free."""

import email
import email.policy
import json
from collections.abc import Callable
from typing import Any

import pytest
from django.core import mail
from django.urls import reverse

from conftest import api_client, signed_in
from kith.kit import clock, tenancy
from kith.kit.actors import SYSTEM, Actor
from kith.kit.errors import DomainError
from kith.participants.actions import create_participant
from kith.pipelines.actions import create_pipeline
from kith.programs import actions as programs
from kith.referrals import actions as referrals
from kith.referrals.tests.factories import NOW, STAGES, Scene, make_scene
from kith.tenants import actions
from kith.tenants.jobs import send_invitation
from kith.tenants.models import Invitation, User

pytestmark = pytest.mark.django_db(databases=["default", "counters"])

# Each reads as "summer" or nearly so: Cyrillic e, full-width, an invisible joiner, a no-break space, a long s,
# combining marks, digits of another script, a line break at the end.
LOOKALIKES = (
    "summ\u0435r", "\uff53ummer", "sum\u200dmer", "sum\u200cmer", "sum\u00a0mer", "\u017fummer", "su\u0301mmer",
    "summer\u0661", "summer\n", "sum mer", "summer\u0000", "summer\u202e", "sum/mer", "sum'mer", "",
)  # fmt: skip
WHO: dict[str, Any] = {"actor": SYSTEM, "now": NOW}


def stages(code: str) -> list[dict[str, Any]]:
    """The usual ones, the first with another code."""
    return [{**STAGES[0], "code": code}, *STAGES[1:]]


def pipeline(code: str, first: str = "pending") -> Any:
    return create_pipeline(code=code, name="P", subject="referral", stages=stages(first), now=NOW)


def user(name: str) -> User:
    return actions.create_user(
        username=name, email=f"{len(User.objects.all())}@example.com", name="N", password="correct horse battery",
        now=NOW,
    )  # fmt: skip


def campaign(scene: Scene, code: str) -> Any:
    return programs.create_campaign(program=scene.program, code=code, name="C", starts_at=NOW, **WHO)


def program(scene: Scene, code: str) -> Any:
    return programs.create_program(
        code=code, name="P", pipeline=scene.program.pipeline, currency="EUR", **WHO
    )


MAKERS: dict[str, tuple[str, Callable[[Scene, str], Any]]] = {
    "a user": ("username", lambda _, code: user(code)),
    "a sponsor": ("code", lambda _, code: programs.create_sponsor(code=code, name="S", **WHO)),
    "a program": ("code", program),
    "a campaign": ("code", campaign),
    "a rule": (
        "code",
        lambda scene, code: programs.create_rule(program=scene.program, code=code, name="R", **WHO),
    ),
    "a pipeline": ("code", lambda _, code: pipeline(code)),
    "a link": ("slug", lambda scene, code: referrals.create_link(participant=scene.dana, slug=code, **WHO)),
    "a participant": ("code", lambda _, code: create_participant(name="P", code=code, **WHO)),
}
# Blanks and quotes' likes are taken out of codes that people type; nothing given means that one is made.
TAKEN_OUT = {
    "a link": {"sum\u00a0mer", "summer\n", "sum mer", ""},
    "a participant": {"sum\u00a0mer", "summer\n", "sum mer", ""},
}


@pytest.mark.parametrize("what", MAKERS)
def test_no_lookalike_identifies_anything(in_acme: Any, what: str) -> None:
    scene, (field, make) = make_scene(), MAKERS[what]
    for code in LOOKALIKES:
        if code in TAKEN_OUT.get(what, ()):
            continue
        with pytest.raises(DomainError) as refusal:
            make(scene, code)
        assert str(refusal.value.fields[field]), f"{code!r} names no field"
    make(scene, "Summer1")
    for twin in ("Summer1", "summer1", "SUMMER1"):
        with pytest.raises(DomainError) as refusal:
            make(scene, twin)
        assert str(refusal.value.fields[field]), f"{twin!r} names no field"


def test_a_stage_has_a_plain_code_of_its_own(in_acme: Any) -> None:
    for number, code in enumerate(LOOKALIKES):
        with pytest.raises(DomainError) as refusal:
            pipeline(f"p{number}", code)
        assert str(refusal.value.fields["stages[0].code"])
    with pytest.raises(DomainError) as refusal:
        pipeline("twice", str(STAGES[1]["code"]).upper())
    assert str(refusal.value.fields["stages"])


def test_an_organization_has_a_plain_address(db: None) -> None:
    for slug in (*LOOKALIKES, "Summer", "SUMMER"):
        with pytest.raises(DomainError) as refusal:
            actions.create_tenant(slug=slug, name="N", currency="EUR", locale="en", timezone="UTC", now=NOW)
        assert str(refusal.value.fields["slug"])


def test_the_api_refuses_lookalikes_by_field(acme: Any, alice: Actor) -> None:
    with tenancy.use(acme.id, actor=alice):
        scene = make_scene()
    client, of = api_client(alice), f"/api/v1/programs/{scene.program.id}"
    valid = {"code": "", "name": "N", "starts_at": NOW.isoformat()}
    for path, field, body in (
        (f"{of}/campaigns", "code", valid),
        (f"{of}/rules", "code", {"name": "R"}),
        (
            "/api/v1/programs",
            "code",
            {"name": "P", "pipeline_id": str(scene.program.pipeline_id), "currency": "EUR"},
        ),
        ("/api/v1/links", "slug", {"participant_id": str(scene.dana.id)}),
    ):
        for code in ("summ\u0435r", "\uff53ummer", "sum\u200dmer", "\u017fummer"):
            answer = client.post(path, json.dumps({**body, field: code}), content_type="application/json")
            said = answer.json()
            assert answer.status_code in (400, 422), (path, code, said)
            assert [name.split(".")[-1] for name in said["details"]["fields"]] == [field], said
        assert (
            client.post(
                path, json.dumps({**body, field: "Summer2"}), content_type="application/json"
            ).status_code
            == 201
        )
        twin = client.post(path, json.dumps({**body, field: "sUMMER2"}), content_type="application/json")
        assert (twin.status_code, list(twin.json()["details"]["fields"])) == (409, [field]), twin.content


def test_what_is_shown_may_be_in_any_script(in_acme: Any) -> None:
    name = "\u0410\u043d\u043d\u0430 \u738b"
    assert create_participant(name=name, **WHO).name == name
    assert user("plain").pk
    made = programs.create_campaign(
        program=make_scene().program, code="plain", name=name, starts_at=NOW, **WHO
    )
    assert made.name == name


# --- e-mail addresses and letters ---------------------------------------------------------------------

BAD_ADDRESSES = (
    "", "@", "a@", "@example.com", "a@b", "a b@example.com", "a@example.com\r\nBcc: x@evil.example",
    "a@example.com\nbcc: x@evil.example", "a@example.com,b@example.com", "a@example.com;b@example.com",
    "<a@example.com>", "Eve <a@example.com>", "a@exa mple.com", "a..b@example.com", "a@-example.com",
    "a@example.com\0", "a@[127.0.0.1]", "a@example.com>", '"a\r\nb"@example.com', "x" * 65 + "@example.com",
    "a@" + "b" * 64 + ".com", "a@localhost",
)  # fmt: skip


@pytest.mark.parametrize("address", BAD_ADDRESSES)
def test_nobody_is_invited_or_stored_with_what_is_no_address(acme: Any, alice: Actor, address: str) -> None:
    with tenancy.use(acme.id, actor=alice), pytest.raises(DomainError) as refusal:
        actions.invite(email=address, role="viewer", actor=alice, now=NOW)
    assert str(refusal.value.fields["email"])
    with pytest.raises(DomainError) as refusal:
        actions.create_user(
            username="eve", email=address, name="E", password="correct horse battery", now=NOW
        )
    assert str(refusal.value.fields["email"])
    body = json.dumps({"email": address, "role": "viewer"})
    answer = api_client(alice).post("/api/v1/invitations", body, content_type="application/json")
    assert answer.status_code in (400, 422), answer.content
    assert list(answer.json()["details"]["fields"]) == ["email"]
    page = signed_in(alice).post(
        reverse("tenants:team", args=[acme.slug]), {"email": address, "role": "viewer"}
    )
    assert page.status_code in (400, 422), page.status_code
    with tenancy.use(acme.id):
        assert not Invitation.objects.exists()


def headers(message: Any) -> list[tuple[str, str]]:
    """What stands in the letter as it goes out, read back by a strict parser."""
    sent = email.message_from_bytes(message.message().as_bytes(), policy=email.policy.default)
    assert not sent.defects
    return [(name, str(value)) for name, value in sent.items()]


def test_a_name_never_becomes_a_header_of_a_letter(acme: Any, alice: Actor) -> None:
    """A line break that somebody put into a name is a space in the subject; nobody else gets a copy."""
    hostile = "Acme\r\nBcc: eve@evil.example\r\nSubject: Pay here\r\n\r\n<script>x</script>"
    actions.update_tenant(tenant=acme, changes={"name": hostile}, actor=alice)
    for name in ("Acme\nBcc: eve@evil.example", "Acme\u2028Bcc: eve@evil.example", hostile):
        made = actions.create_tenant(
            slug=f"t{abs(hash(name))}", name=name, currency="EUR", locale="en", timezone="UTC", now=NOW
        )
        assert "\n" not in made.name
        assert "\u2028" not in made.name
    with tenancy.use(acme.id, actor=alice):
        row = actions.invite(email="new@example.com", role="viewer", actor=alice, now=clock.now())
    send_invitation(tenant_id=acme.id, invitation_id=str(row.id))
    letter = mail.outbox[-1]
    found = headers(letter)
    assert letter.recipients() == ["new@example.com"]
    assert not {"bcc", "cc"} & {name.lower() for name, _ in found}
    assert [value for name, value in found if name == "To"] == ["new@example.com"]
    (subject,) = [value for name, value in found if name == "Subject"]
    assert subject.startswith("Acme Bcc: eve@evil.example Subject: Pay here")
    assert "<script>" not in letter.alternatives[0][0]  # type: ignore[attr-defined,operator]


def test_a_letter_speaks_of_the_configured_host_only(acme: Any, alice: Actor, settings: Any) -> None:
    """Whatever a request says of its host, links of letters lead to KITH_BASE_URL."""
    from tests.faults import letters

    settings.ALLOWED_HOSTS = ["*"]
    with tenancy.use(acme.id):
        owner = User.objects.get(username__startswith="alice")
    client = signed_in(alice)
    client.logout()
    claims = {"host": "evil.example", "x-forwarded-host": "evil.example", "referer": "https://evil.example/"}
    for _try in range(5):
        client.post("/accounts/login/", {"login": owner.email, "password": "wrong wrong"}, headers=claims)
    client.post("/accounts/password/reset/", {"email": owner.email}, headers=claims)
    found = letters.deliver(to=owner.email)
    assert len(found) == 2, [each.subject for each in found]
    for letter in found:
        assert letters.link(letter)
        assert "evil" not in letter.message().as_string()
