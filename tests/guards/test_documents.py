"""What is written about the code is what the code does."""

import re
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.apps import apps
from django.conf import settings
from django.db import models
from django.db.migrations.autodetector import MigrationAutodetector
from django.db.migrations.loader import MigrationLoader
from django.db.migrations.state import ModelState, ProjectState
from ninja import NinjaAPI

from tests.guards import documents
from tests.guards.source import KITH, ROOT, none
from tests.guards.test_events import announced

REMEDY = "run: python -m tests.guards.documents"


def stale(name: str, made: str) -> list[str]:
    """Whether a made document differs from its file."""
    path = ROOT / name
    if not path.exists():
        return [f"{name} is missing; {REMEDY}"]
    return [] if path.read_text() == made else [f"{name} is not what the code says; {REMEDY}"]


@pytest.mark.parametrize("name", documents.MADE)
def test_made_documents_are_current(name: str) -> None:
    none(stale(name, documents.MADE[name]()))


def test_a_new_variable_or_operation_makes_the_documents_stale() -> None:
    @dataclass
    class Grown:
        planted: str = field(
            default="", metadata={"name": "KITH_PLANTED", "meaning": "a new variable", "secret": True}
        )

    row = "| `KITH_PLANTED` | empty | a new variable. **Secret.** |"
    assert row in documents.configuration_table(Grown)
    text = (ROOT / documents.CONFIGURATION).read_text()
    assert row not in text
    assert stale(documents.CONFIGURATION, text.replace(documents.END, f"{row}\n{documents.END}"))
    planted = NinjaAPI(urls_namespace="planted-documents", docs_url=None, openapi_url=None)
    planted.get("/planted")(lambda request: {})
    assert stale("docs/api/openapi.json", documents.openapi(planted, "/api/v1/"))
    assert stale("docs/api/nowhere.json", "{}") == [f"docs/api/nowhere.json is missing; {REMEDY}"]


# --- the map and the words ----------------------------------------------------------------------------


def mapped(text: str) -> list[str]:
    """The features named by a map, in its order: the first cell of each row of its first table."""
    return re.findall(r"^\| `(\w+)` \|", text.partition("\n## ")[0], re.MULTILINE)


def built() -> list[str]:
    """The features that exist, lowest first."""
    return [feature for feature in settings.FEATURES if (KITH / feature / "__init__.py").exists()]


def test_the_map_names_exactly_the_features_in_their_order() -> None:
    assert mapped((ROOT / "docs/map.md").read_text()) == built()
    assert mapped("| `kit` | tools |\n| `bonuses` | gone |") != built()


def test_every_feature_folder_has_a_place_in_the_order() -> None:
    folders = {path.parent.name for path in KITH.glob("*/__init__.py")}
    assert folders - {"commands"} == set(built())


def unexplained(text: str, words: set[str]) -> list[str]:
    """Words that the list of words lacks."""
    known = {
        word.strip().lower()
        for row in re.findall(r"^\| ([^|]+) \|", text, re.MULTILINE)
        for word in row.split(",")
    }
    return [f"docs/words.md does not explain `{word}`" for word in sorted(words - known)]


def test_every_noun_of_an_event_is_in_the_list_of_words() -> None:
    nouns = {name.partition(".")[0].replace("_", " ") for name in announced()}
    text = (ROOT / "docs/words.md").read_text()
    none(unexplained(text, nouns))
    assert unexplained(text, {"planted noun"}) == ["docs/words.md does not explain `planted noun`"]


# --- migrations ---------------------------------------------------------------------------------------


def missing_migrations(models_now: ProjectState) -> list[str]:
    """Changes of the models that no migration makes."""
    loader = MigrationLoader(None, ignore_no_migrations=True)
    loader_state = loader.project_state()
    changes: dict[str, Any] = MigrationAutodetector(loader_state, models_now).changes(graph=loader.graph)
    return [
        f"{app}: {operation.describe()}"
        for app, migrations in changes.items()
        for migration in migrations
        for operation in migration.operations
        if apps.get_app_config(app).name.startswith("kith.")
    ]


def test_every_change_of_a_model_has_its_migration() -> None:
    none(missing_migrations(ProjectState.from_apps(apps)))


def test_the_guard_sees_a_model_without_a_migration() -> None:
    state = ProjectState.from_apps(apps)
    state.add_model(ModelState("rewards", "Planted", [("id", models.BigAutoField(primary_key=True))]))
    assert missing_migrations(state) == ["rewards: Create model Planted"]


def test_no_two_migrations_of_a_feature_both_claim_to_be_the_last() -> None:
    assert MigrationLoader(None, ignore_no_migrations=True).detect_conflicts() == {}


# --- what is promised to outsiders --------------------------------------------------------------------


def dead_links(name: str, text: str) -> list[str]:
    """Links to files that do not exist."""
    found = re.findall(r"\]\((?!https?:|#|mailto:)([^)#\s]+)", text)
    return [f"{name} links to {link}" for link in found if not ((ROOT / name).parent / link).exists()]


def test_no_document_links_to_nothing() -> None:
    pages = [ROOT / name for name in ("README.md", "CONTRIBUTING.md", "SECURITY.md", "CHANGELOG.md")]
    pages += sorted((ROOT / "docs").rglob("*.md"))
    none([found for page in pages for found in dead_links(str(page.relative_to(ROOT)), page.read_text())])
    assert dead_links("docs/index.md", "[x](nowhere.md) [y](https://example.com) [z](#here)") == [
        "docs/index.md links to nowhere.md"
    ]


def test_the_changelog_begins_with_this_version() -> None:
    from kith import __version__

    headings = re.findall(r"^## (\S+)", (ROOT / "CHANGELOG.md").read_text(), re.MULTILINE)
    assert headings[0] == __version__


def test_every_direct_dependency_is_explained_with_its_licence() -> None:
    import tomllib

    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    listed = [
        *project["project"]["dependencies"],
        *(each for group in project["dependency-groups"].values() for each in group),
    ]
    names = {re.split(r"[\[<>=!~ ]", line)[0].lower() for line in listed}
    text = (ROOT / "docs/decisions/dependencies.md").read_text()
    explained = {
        name.lower() for name in re.findall(r"^\| `([^`]+)` \| [^|]+ \| [^|]+ \|", text, re.MULTILINE)
    }
    none([f"docs/decisions/dependencies.md does not explain {name}" for name in names - explained])
    none([f"docs/decisions/dependencies.md explains {name}, which is gone" for name in explained - names])
