"""The guide names what stands on the screen: bold words in it are sentences of the catalog, in both languages."""

import re
from pathlib import Path

from tests.guards.source import ROOT, none
from tests.guards.test_translations import CATALOG, load

GUIDE = ROOT / "docs" / "admin-guide"
BOLD = re.compile(r"\*\*(.+?)\*\*", re.DOTALL)
PICTURE = re.compile(r"!\[[^\]]*\]\(\S*/([a-z-]+)\.png\)")
TRANSLATIONS = "nl"


def said() -> dict[str, set[str]]:
    """What pages say in English -> how that is said in Dutch; in Dutch a sentence may depend on its context."""
    found: dict[str, set[str]] = {}
    for message in load(CATALOG):
        if isinstance(message.id, str) and message.id:
            found.setdefault(message.id, set()).add(str(message.string))
    return found


def bold(text: str) -> list[str]:
    """The bold words, a line break within them read as a space."""
    return [" ".join(words.split()) for words in BOLD.findall(text)]


def unknown(english: str, dutch: str, sayings: dict[str, set[str]]) -> list[str]:
    """What the pages do not say like that, and what one language names and the other does not."""
    wanted = {words: sayings.get(words, set()) for words in bold(english)}
    named = set(bold(dutch))
    return (
        [f"no page says {words!r}" for words, translated in wanted.items() if not translated]
        + [f"the other language lacks {words!r}" for words, how in wanted.items() if how and not how & named]
        + [f"no page says {words!r}" for words in sorted(named - set().union(*wanted.values()))]
    )


def pages() -> list[tuple[Path, Path]]:
    """Each page of the guide with its translation."""
    return [(page, GUIDE / TRANSLATIONS / page.name) for page in sorted(GUIDE.glob("*.md"))]


def test_the_guide_names_what_stands_on_the_screen() -> None:
    sayings = said()
    none(
        [
            f"{page.name}: {fault}"
            for page, other in pages()
            for fault in unknown(page.read_text(), other.read_text(), sayings)
        ]
    )
    assert sum(len(bold(page.read_text())) for page, _other in pages()) > 100


def test_both_languages_show_the_same_pictures() -> None:
    for page, other in pages():
        shown = PICTURE.findall(page.read_text())
        assert [f"{name}-{TRANSLATIONS}" for name in shown] == PICTURE.findall(other.read_text()), page.name


def test_the_guard_sees_other_words() -> None:
    sayings = {"Save": {"Opslaan", "Bewaren"}, "Go on": {"Verder"}}
    assert not unknown("Choose **Save**, then **Go\non**.", "Kies **Bewaren** en dan **Verder**.", sayings)
    assert unknown("Choose **Safe**.", "Kies **Verder**.", sayings) == [
        "no page says 'Safe'",
        "no page says 'Verder'",
    ]
    assert unknown("Choose **Save**.", "Kies.", sayings) == ["the other language lacks 'Save'"]
