"""Every e-mail there is: as HTML and as text, in both languages, fit to be read in light and dark.

The pictures are in `KITH_SHOTS`, or else in `.cache/shots`.
"""

import datetime
from pathlib import Path
from typing import Any

import pytest
from django.template.loader import render_to_string
from django.utils import translation

from kith.kit.html import Brand
from tests.browser.conftest import Opener, faults, sideways
from tests.browser.test_components import shots
from tests.machine import ROOT

pytestmark = [pytest.mark.browser, pytest.mark.django_db(databases=["default", "counters"])]

FOUND = sorted(ROOT.glob("kith/*/templates/*/email/*.html"))
NAMES = [str(path.relative_to(path.parents[2])) for path in FOUND]
ADDRESS = "https://refer.example/somewhere/0123456789abcdef"


def letter(name: str, language: str = "en") -> str:
    """The e-mail with something in each place that most have."""
    tenant = {"name": "Kornoelje Reizen", "slug": "kornoelje"}
    context: dict[str, Any] = {
        "brand": Brand(name="Kornoelje Reizen", color="#0f766e"), "tenant": tenant, "organization": tenant["name"],
        "name": "Dana", "person": {"name": "Dana"}, "username": "dana", "role": "manager", "code": "482 913",
        "minutes": 10, "days": 7, "question": "Which booking is it?", "text": "Which booking is it?",
        "invitation": {"email": "dana@example.com", "expires_at": datetime.datetime(2026, 12, 1, tzinfo=datetime.UTC)},
        "expires_at": datetime.datetime(2026, 12, 1, tzinfo=datetime.UTC), "action_url": ADDRESS,
        "referral": {"referred_name": "Eva", "referred_email": "eva@example.com"},
        "action_label": "Open it", "heading": "A new second factor", "sentence": "Somebody added one.",
    }  # fmt: skip
    with translation.override(language):
        return render_to_string(name, context)


def test_there_are_emails() -> None:
    assert len(FOUND) >= 5


@pytest.mark.parametrize("name", NAMES)
def test_an_email_has_a_text_and_keeps_to_what_mail_programs_understand(name: str) -> None:
    for language in ("en", "nl"):
        page = letter(name, language)
        assert f'lang="{language}"' in page
        assert "<c-" not in page
        assert "<script" not in page
        assert "var(--" not in page, "mail programs know no custom properties"
        text = letter(str(Path(name).with_suffix(".txt")), language)
        assert "<" not in text.replace("<" + ADDRESS, "")
        assert (ADDRESS in page) == (ADDRESS in text), "the text leads to the same place"
        assert text.strip()


@pytest.mark.parametrize("dark", [False, True])
def test_emails_look_right(open_page: Opener, dark: bool) -> None:
    page = open_page(dark=dark, viewport={"width": 640, "height": 640})
    for name in NAMES:
        page.set_viewport_size({"width": 640, "height": 640})
        page.set_content(letter(name))
        page.screenshot(
            path=shots() / f"email-{Path(name).stem}-{'dark' if dark else 'light'}.png", full_page=True
        )
        assert [fault for fault in faults(page) if not fault.startswith(("landmark", "region"))] == [], name
        page.set_viewport_size({"width": 360, "height": 640})
        assert sideways(page) == [], name
