"""Every letter that Kith sends: as a page and as text, in both languages, fit to be read in light and dark.

The pictures are in `KITH_SHOTS`, or else in `.cache/shots`.
"""

import importlib
import re
from collections.abc import Callable, Mapping
from typing import Any

import pytest
from django.core import mail
from django.core.mail import EmailMessage as Message
from django.utils import translation

from kith.kit import clock
from kith.kit.money import Money
from kith.notifications.providers import mail as notifications
from kith.participants.models import CompanyPerson, Participant
from kith.participants.providers import mail as participants
from kith.presets.providers import mail as presets
from kith.referrals.models import Referral
from kith.referrals.providers import mail as referrals
from kith.rewards.queries.portal import told
from kith.tenants.models import Invitation, Member, Tenant, User
from kith.tenants.providers import mail as tenants
from tests.browser.conftest import Demo, Opener, faults, sideways
from tests.browser.test_components import shots
from tests.browser.test_every_page import english, left_over, phrases
from tests.guards.source import KITH

pytestmark = [pytest.mark.browser, pytest.mark.django_db(databases=["default", "counters"])]

TOKEN = "a0" * 20
QUESTION = "Under which name did Eva book?\nWe cannot find her."


class Cast:
    """Who writes to whom; nothing of it is stored."""

    def __init__(self, demo: Demo, language: str) -> None:
        self.language = language
        self.tenant: Tenant = demo.tenant
        self.tenant.locale = language
        self.user: User = Member.objects.select_related("user").earliest("id").user
        self.user.locale = language
        self.referral = Referral.objects.select_related("referrer__tenant").latest("created_at")
        self.person: Participant = self.referral.referrer
        self.person.language = language
        self.person.tenant = self.tenant
        self.staff = CompanyPerson(name="Eva", email="eva@example.com")
        self.sums = [Money(25_000, "EUR"), Money(4_000, "USD")]

    @property
    def told(self) -> list[Any]:
        """Where the referral stands."""
        with translation.override(self.language):
            return [told(self.referral, self.language, clock.now())]


def _invitation(cast: Cast) -> None:
    invitation = Invitation(
        tenant=cast.tenant, email="eva@example.com", role="manager", expires_at=clock.now()
    )
    tenants.send_invitation(invitation=invitation, token=TOKEN)


def _notices(cast: Cast) -> None:
    for what in tenants.NOTICES:
        tenants.send_notice(user=cast.user, what=what)


def _question(cast: Cast) -> None:
    for reply_to in ("", "desk@example.com"):
        referrals.send_question(
            referral=cast.referral, tenant=cast.tenant, question=QUESTION, reply_to=reply_to
        )


def _portal_invitations(cast: Cast) -> None:
    for staff in (None, cast.staff):
        participants.send_invitation(participant=cast.person, person=staff, token=TOKEN)


def _progress(cast: Cast) -> None:
    for many in (1, 40):
        notifications.send_progress(person=cast.person, told=cast.told * many)


# Feature and function -> the letters it writes.
LETTERS: Mapping[str, Callable[[Cast], None]] = {
    "tenants.send_invitation": _invitation,
    "tenants.send_reset": lambda cast: tenants.send_reset(user=cast.user, language=""),
    "tenants.send_unlock": lambda cast: tenants.send_unlock(user=cast.user, token=TOKEN, language=""),
    "tenants.send_code": lambda cast: tenants.send_code(user=cast.user, code="482913", language=""),
    "tenants.send_notice": _notices,
    "tenants.send_head": lambda cast: tenants.send_head(
        tenant=cast.tenant, to=["owner@example.com"], number=1_204, hash="f3" * 32
    ),
    "participants.send_sign_in": lambda cast: participants.send_sign_in(
        tenant=cast.tenant, to="eva@example.com", name="Eva", code="482913", token=TOKEN,
        language=cast.language,
    ),
    "participants.send_invitation": _portal_invitations,
    "presets.send_start": lambda cast: presets.send_start(
        to="eva@example.com", token=TOKEN, language=cast.language
    ),
    "referrals.send_question": _question,
    "notifications.send_progress": _progress,
    "notifications.send_earned": lambda cast: notifications.send_earned(person=cast.person, sums=cast.sums),
    "notifications.send_paid": lambda cast: notifications.send_paid(person=cast.person, amount=cast.sums[0]),
}  # fmt: skip
# What the organization's people get on its behalf carries its name and color.
ITS_OWN = re.compile(r"participants\.|referrals\.|notifications\.|tenants\.send_(invitation|head)")


def written(demo: Demo, name: str, language: str) -> list[Message]:
    """The letters of that name, in that language."""
    with demo.inside():
        cast = Cast(demo, language)
        mail.outbox.clear()
        LETTERS[name](cast)
    return [*mail.outbox]


def page_of(letter: Any) -> str:
    """The letter as a page."""
    (content,) = [part.content for part in letter.alternatives if part.mimetype == "text/html"]
    return str(content)


def test_every_letter_is_here_and_only_one_function_sends() -> None:
    modules = sorted(KITH.glob("*/providers/mail.py"))
    known = {
        f"{path.parts[-3]}.{name}"
        for path in modules
        for name in vars(importlib.import_module(f"kith.{path.parts[-3]}.providers.mail"))
        if name.startswith("send_")
    }
    assert known == set(LETTERS)
    sends = re.compile(r"\b(EmailMessage|EmailMultiAlternatives|send_mail|send_mass_mail|mail_admins)\b")
    senders = [
        path
        for path in KITH.rglob("*.py")
        if "tests" not in path.parts and sends.search(path.read_text(encoding="utf-8"))
    ]
    assert [path.name for path in senders] == ["letters.py"]


@pytest.mark.parametrize("name", LETTERS)
def test_a_letter_has_a_page_and_a_text_in_both_languages(demo: Demo, name: str) -> None:
    for language in ("en", "nl"):
        found = written(demo, name, language)
        assert found
        for letter in found:
            page, text = page_of(letter), str(letter.body)
            assert f'lang="{language}"' in page
            assert letter.subject.strip()
            assert text.strip()
            # Mail programs know none of these, and a picture from afar tells who read it when.
            for foreign in ("<c-", "<script", "var(--", "<img", "url(", "@import", "<link"):
                assert foreign not in page
            assert "&#" not in text, "marked up, in plain text"
            links = set(re.findall(r'class="action" href="([^"]+)"', page))
            assert all(link.replace("&amp;", "&") in text for link in links), (
                "the text leads to the same place"
            )
            tenant = demo.tenant
            assert (tenant.name in page and tenant.brand in page) or not ITS_OWN.match(name)
            if language == "nl":
                said = left_over(f"{page}<p>{letter.subject}</p>", english(), phrases())
                assert not said


@pytest.mark.parametrize("dark", [False, True])
def test_letters_look_right(demo: Demo, open_page: Opener, dark: bool) -> None:
    page = open_page(dark=dark)
    for name in LETTERS:
        for number, letter in enumerate(written(demo, name, "nl")):
            page.set_viewport_size({"width": 640, "height": 640})
            page.set_content(page_of(letter))
            looks = "dark" if dark else "light"
            page.screenshot(path=shots() / f"letter-{name}-{number}-{looks}.png", full_page=True)
            assert [each for each in faults(page) if not each.startswith(("landmark", "region"))] == [], name
            page.set_viewport_size({"width": 390, "height": 640})
            assert sideways(page) == [], name
