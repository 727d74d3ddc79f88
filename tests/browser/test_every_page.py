"""Every page there is, found in the URL map: no fault for axe, within the budgets, and in one language.

A page that a new feature brings is looked at without being named here, as soon as `places` can fill in its path.
"""

import gzip
import re
from collections.abc import Collection, Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.contrib.staticfiles import finders
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from kith.kit.statics import smaller
from tests.browser.conftest import Demo, Opener, faults, sideways
from tests.browser.places import Place, places, visitors
from tests.guards.source import none
from tests.guards.test_translations import CATALOG, load

pytestmark = [pytest.mark.browser, pytest.mark.django_db(databases=["default", "counters"])]

WEIGHT, SCRIPTS, STYLES, STATEMENTS = 120_000, 30_000, 12_000, 40
ALWAYS = (
    "t/<slug:tenant>/", "t/<slug:tenant>/people/", "t/<slug:tenant>/people/<uuid:participant_id>/",
    "t/<slug:tenant>/referrals/", "t/<slug:tenant>/payouts/", "t/<slug:tenant>/payouts/<uuid:batch_id>/",
    "t/<slug:tenant>/programs/<uuid:program_id>/", "t/<slug:tenant>/settings/", "p/<slug:tenant>/",
    "p/<slug:tenant>/referrals/", "p/<slug:tenant>/share/", "p/<slug:tenant>/sign-in/", "r/<str:code>/welcome",
    "accounts/login/", "account/",
)  # fmt: skip
LINKED = re.compile(r'(?:src|href)="/static/([^"?#]+\.(?:js|css|woff2|svg|png|webp))"')
SPOKEN = {"aria-label", "alt", "title", "placeholder"}


@pytest.fixture(scope="module")
def people(demo: Demo, django_db_blocker: Any) -> dict[str, Client]:
    """Who looks at the pages, signed in for good."""
    with django_db_blocker.unblock():
        return visitors(demo)


@pytest.fixture(scope="module")
def answers(demo: Demo, people: dict[str, Client], django_db_blocker: Any) -> list[tuple[Place, Any]]:
    """Every place and what it answers to whoever should see it."""
    with django_db_blocker.unblock():
        return [(place, people[place.who].get(place.url)) for place in places(demo)]


@pytest.fixture(scope="module")
def shown(answers: list[tuple[Place, Any]]) -> list[Place]:
    """The places that answer with a whole page."""
    return [
        place for place, answer in answers if answer.status_code == 200 and b"<html" in answer.content[:400]
    ]


def test_every_page_answers(answers: list[tuple[Place, Any]], shown: list[Place]) -> None:
    fine = {200, 204, 301, 302, 303, 404, 405}
    none([f"{place}: {answer.status_code}" for place, answer in answers if answer.status_code not in fine])
    missing = set(ALWAYS) - {place.entry.path for place in shown}
    assert not missing, f"no page at {missing}"


def linked(page: str) -> Iterator[tuple[str, bytes]]:
    """Name and content, as it is served, of each static file that the page asks for."""
    for name in dict.fromkeys(LINKED.findall(page)):
        path = finders.find(name)
        assert path, f"{name} is nowhere"
        yield name, smaller(name, Path(path).read_bytes())


def packed(content: bytes) -> int:
    return len(gzip.compress(content, 9))


def over_budget(page: str, statements: int) -> list[str]:
    """Which budgets a page breaks, and by how much."""
    files = dict(linked(page))
    scripts = sum(packed(content) for name, content in files.items() if name.endswith(".js"))
    styles = sum(packed(content) for name, content in files.items() if name.endswith(".css"))
    others = sum(
        len(content) for name, content in files.items() if name.endswith((".woff2", ".png", ".webp"))
    )
    figures = {
        "bytes in all": (scripts + styles + others + packed(page.encode()), WEIGHT),
        "bytes of scripts": (scripts, SCRIPTS), "bytes of styles": (styles, STYLES),
        "statements": (statements, STATEMENTS),
    }  # fmt: skip
    return [f"{found} {what}, at most {most}" for what, (found, most) in figures.items() if found > most]


def test_no_page_is_heavier_or_asks_more_than_it_may(
    shown: list[Place], people: dict[str, Client], transactional_db: None
) -> None:
    wrong = []
    for place in shown:
        with CaptureQueriesContext(connection) as asked:
            page = people[place.who].get(place.url).content.decode()
        wrong += [f"{place}: {excess}" for excess in over_budget(page, len(asked))]
        wrong += [f"{place}: an unknown component {page[page.index('<c-') :][:40]}"] if "<c-" in page else []
    none(wrong)


def test_the_budgets_see_what_is_too_much() -> None:
    heavy = '<script src="/static/django_htmx/htmx-2.js"></script>'
    assert any("scripts" in excess for excess in over_budget(heavy, 0))
    assert over_budget("", STATEMENTS + 1) == [f"{STATEMENTS + 1} statements, at most {STATEMENTS}"]


# --- one language -------------------------------------------------------------------------------------


class Reader(HTMLParser):
    """What a page says to people, leaving out what is marked as another language."""

    def __init__(self) -> None:
        super().__init__()
        self.said: set[str] = set()
        self.silent: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if self.silent:
            self.silent += [tag] if tag == self.silent[0] else []
        elif tag in {"script", "style"} or (given.get("lang") and tag != "html"):
            self.silent.append(tag)
        else:
            self.said |= {str(given[name]).strip() for name in SPOKEN & set(given)}

    def handle_endtag(self, tag: str) -> None:
        if self.silent and tag == self.silent[0]:
            self.silent.pop()

    def handle_data(self, data: str) -> None:
        if not self.silent and data.strip():
            self.said.add(" ".join(data.split()))


def english() -> set[str]:
    """Sentences of the catalog that read differently in Dutch, and so may not be on a Dutch page."""
    plain = (message for message in load(CATALOG) if message.id and not message.pluralizable)
    found = [(" ".join(str(message.id).split()), " ".join(str(message.string).split())) for message in plain]
    dutch = {translation for _id, translation in found}
    return {text for text, translation in found if translation and text != translation} - dutch


# What a sentence leaves open, and what is marked up in it: the page says only what stands between.
OPEN = re.compile(r"%\([a-z_]+\)[a-z]|\{[a-z_]*\}|<[^>]+>|&\w+;")


def phrases() -> set[str]:
    """Three English words or more that follow one another in a sentence, and in no Dutch one."""
    pairs = [(_strings(message.id), _strings(message.string)) for message in load(CATALOG) if message.id]
    dutch = " ".join(text for _ids, said in pairs for text in said)
    parts = (part.strip(" .,:;!?()") for ids, _said in pairs for text in ids for part in OPEN.split(text))
    return {part for part in parts if len(part.split()) >= 3 and part not in dutch}


def _strings(value: Any) -> list[str]:
    return [" ".join(str(text).split()) for text in (value if isinstance(value, tuple) else (value,))]


def left_over(page: str, sentences: set[str], parts: Collection[str] = ()) -> set[str]:
    """Those of the sentences that the page says, and those of the parts that it says somewhere."""
    reader = Reader()
    reader.feed(page)
    said = "\n".join(reader.said)
    return reader.said & sentences | {
        part for part in parts if part in said and re.search(rf"(?<!\w){re.escape(part)}(?!\w)", said)
    }


def test_a_dutch_page_says_nothing_in_english(
    shown: list[Place], people: dict[str, Client], transactional_db: None
) -> None:
    sentences, parts, wrong = english(), phrases(), []
    assert len(sentences) > 300
    assert len(parts) > 300
    for place in shown:
        client = people[place.who]
        client.cookies[settings.LANGUAGE_COOKIE_NAME] = "nl"
        found = left_over(client.get(place.url).content.decode(), sentences, parts)
        del client.cookies[settings.LANGUAGE_COOKIE_NAME]
        wrong += [f"{place}: {text}" for text in sorted(found)]
    none(wrong)


def test_english_that_is_planted_is_seen() -> None:
    page = '<p>Goed</p><a title="Sign in" href="/"></a><button lang="en">English</button><script>Cancel</script>Save'
    assert left_over(page, {"Sign in", "English", "Save", "Cancel"}) == {"Sign in", "Save"}
    held = "<p>Noor: it is on hold until 3 mei.</p><p>it was on hold untilled</p>"
    assert left_over(held, {"on hold"}, {"is on hold until", "was on hold until"}) == {"is on hold until"}


# --- in the browser -----------------------------------------------------------------------------------


# A letter in a frame runs no scripts, so axe cannot run in it either: `test_emails` looks at every letter.
LETTER = "t/<slug:tenant>/start/email/letter/"
# Which pages a run looks at: a third of the console's, which are most, or all of the others'.
ROUNDS = [("staff", 0, 3), ("staff", 1, 3), ("staff", 2, 3), ("participant", 0, 1), ("nobody", 0, 1)]


@pytest.mark.parametrize(("who", "first", "step"), ROUNDS)
def test_every_page_is_fit_for_everybody(
    open_page: Opener, shown: list[Place], people: dict[str, Client], who: str, first: int, step: int
) -> None:
    page = open_page(people[who])
    wrong = []
    for place in [each for each in shown if each.who == who and each.entry.path != LETTER][first::step]:
        page.set_viewport_size({"width": 1440, "height": 900})
        page.emulate_media(color_scheme="light")
        page.goto(place.url, wait_until="load")
        wrong += [f"{place}, light: {fault}" for fault in faults(page)]
        page.emulate_media(color_scheme="dark")
        wrong += [f"{place}, dark: {fault}" for fault in faults(page, only=["color-contrast"])]
        page.set_viewport_size({"width": 360, "height": 800})
        wrong += [f"{place}, 360 px: {fault}" for fault in faults(page)]
        wrong += [f"{place}, wider than 360 px: {each}" for each in sideways(page)]
    none([*wrong, *open_page.said])
