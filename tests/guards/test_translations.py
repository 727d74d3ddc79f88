"""Everything a person reads exists in Dutch as well as in English."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

from babel.messages.catalog import Catalog
from babel.messages.pofile import read_po

from tests.guards.source import KITH, none

LANGUAGE = "nl"
CATALOG = KITH / "locale" / LANGUAGE / "LC_MESSAGES" / "django.po"
PLACES = re.compile(r"%\([a-z_]+\)[a-z]|%[sd]|\{[a-z_]*\}")


def load(path: Path) -> Catalog:
    """A catalog; an empty one where there is no file."""
    if not path.exists():
        return Catalog(locale=LANGUAGE)
    with path.open("rb") as file:
        return read_po(file, locale=LANGUAGE)


def keys(catalog: Catalog) -> set[str]:
    """What is to be translated: the singular with its context, the header left out."""
    return {
        f"{message.context or ''}|{message.id[0] if message.pluralizable else message.id}"
        for message in catalog
        if message.id
    }


def incomplete(catalog: Catalog) -> list[str]:
    """Sentences without a translation, with a doubtful one, or with other places to fill in."""
    found = []
    for message in catalog:
        if not message.id:
            continue
        said = message.string if isinstance(message.string, tuple) else (message.string,)
        ids = message.id if isinstance(message.id, tuple) else (message.id,)
        if not all(said):
            found.append(f"not translated: {ids[0]!r}")
        elif message.fuzzy:
            found.append(f"fuzzy: {ids[0]!r}")
        elif {place for text in said for place in PLACES.findall(str(text))} - {
            place for text in ids for place in PLACES.findall(str(text))
        }:
            found.append(f"fills in other places: {ids[0]!r}")
    return found


def differing(catalog: Catalog, collected: Catalog) -> list[str]:
    """Sentences of the code that the catalog lacks, and those it keeps though nobody says them."""
    return [f"not in the catalog: {key!r}" for key in keys(collected) - keys(catalog)] + [
        f"said by nobody: {key!r}" for key in keys(catalog) - keys(collected)
    ]


def collect(folder: Path) -> Catalog:
    """What Django's makemessages finds in a copy of the code; the code itself stays as it is."""
    ignored = shutil.ignore_patterns("tests", "migrations", "locale", "__pycache__", "static")
    shutil.copytree(KITH, folder / "kith", ignore=ignored)
    (folder / "kith" / "locale").mkdir()
    done = subprocess.run(
        [sys.executable, "-m", "django", "makemessages", "--locale", LANGUAGE, "--no-location", "--no-wrap"],
        cwd=folder,
        env={**os.environ, "DJANGO_SETTINGS_MODULE": "kith.settings", "PYTHONPATH": str(folder)},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, f"makemessages needs GNU gettext: {done.stderr}"
    return load(folder / "kith" / "locale" / LANGUAGE / "LC_MESSAGES" / "django.po")


def test_the_catalog_is_complete() -> None:
    none(incomplete(load(CATALOG)))


def test_the_catalog_holds_exactly_what_the_code_says(tmp_path: Path) -> None:
    collected = collect(tmp_path)
    assert len(collected) > 100, "the search has lost its way"
    none(differing(load(CATALOG), collected))


def renamed(path: Path) -> list[str]:
    """Functions of gettext under a name by which nobody looks for their sentences."""
    found = re.findall(r"\b(\w*gettext\w*) as (\w+)", path.read_text(encoding="utf-8"))
    return [f"{path}: {function} as {name}" for function, name in found if name != "_"]


def test_every_sentence_is_looked_for() -> None:
    none([line for path in KITH.rglob("*.py") for line in renamed(path)])


def test_a_renamed_function_is_seen(tmp_path: Path) -> None:
    path = tmp_path / "pages.py"
    path.write_text("from django.utils.translation import gettext as _\nfrom x import gettext_lazy as _l\n")
    assert renamed(path) == [f"{path}: gettext_lazy as _l"]


def test_the_guards_see_gaps() -> None:
    catalog = Catalog(locale=LANGUAGE)
    catalog.add("Saved.", "Opgeslagen.")
    catalog.add("Gone.", "")
    catalog.add("Perhaps.", "Misschien.", flags=["fuzzy"])
    catalog.add("%(count)s rows", "%(cuont)s rijen")
    catalog.add(("one row", "%(n)s rows"), ("één rij", "%(n)s rijen"))
    assert incomplete(catalog) == [
        "not translated: 'Gone.'",
        "fuzzy: 'Perhaps.'",
        "fills in other places: '%(count)s rows'",
    ]
    collected = Catalog(locale=LANGUAGE)
    collected.add("Saved.")
    collected.add("New.")
    said = differing(catalog, collected)
    assert "not in the catalog: '|New.'" in said
    assert "said by nobody: '|Gone.'" in said
    assert not [sentence for sentence in said if "Saved" in sentence]
