"""Every announcement is heard or meant for outside, and every name in the tables of consequences exists."""

import inspect
from collections.abc import Mapping
from datetime import timedelta
from importlib import import_module
from importlib.util import find_spec

from django.conf import settings
from django.utils.module_loading import import_string
from procrastinate.contrib.django import app

from kith import subscriptions
from kith.kit.events import REGISTRY, event
from tests.guards.source import none


def announced() -> dict[str, type]:
    """Every event of every feature."""
    for feature in settings.FEATURES:
        if find_spec(f"kith.{feature}.events"):
            import_module(f"kith.{feature}.events")
    return {name: cls for name, cls in REGISTRY.items() if cls.__module__.startswith("kith.")}


def unheard(events: Mapping[str, type], table: Mapping[str, list]) -> list[str]:
    """Events nobody subscribed to that are not marked as for outside, and subscriptions to nothing."""
    wrong = [
        f"{cls.__module__}: {name} is neither in SUBSCRIPTIONS nor outside=True"
        for name, cls in events.items()
        if name not in table and not cls.outside  # type: ignore[attr-defined]
    ]
    return wrong + [f"SUBSCRIPTIONS: no feature announces {name}" for name in table if name not in events]


def lost(table: Mapping[str, list]) -> list[str]:
    """Subscriptions whose handler does not exist, has another shape, or whose consumer is not its feature."""
    wrong = []
    for name, handlers in table.items():
        consumers = [consumer for consumer, _ in handlers]
        if len(consumers) != len(set(consumers)):
            wrong.append(f"{name}: a consumer may subscribe once, its cursor counts each event once")
        for consumer, path in handlers:
            try:
                parameters = list(inspect.signature(import_string(path)).parameters.values())
            except (ImportError, TypeError) as error:
                wrong.append(f"{name}: {path}: {error}")
                continue
            if (
                len(parameters) != 2
                or parameters[1].name != "now"
                or parameters[1].kind is not parameters[1].KEYWORD_ONLY
            ):
                wrong.append(f"{name}: {path} is not handler(event, *, now)")
            if not path.startswith(f"kith.{consumer}.handlers."):
                wrong.append(f"{name}: {path} does not belong to {consumer}")
    return wrong


def misnamed(events: Mapping[str, type]) -> list[str]:
    """Events not called noun.what_happened by a class of the same words."""
    wrong = []
    for name, cls in events.items():
        noun, _, happened = name.partition(".")
        if not (noun and happened) or cls.__name__.lower() != f"{noun}{happened}".replace("_", ""):
            wrong.append(f"{cls.__module__}.{cls.__name__}: {name} is not its name as noun.what_happened")
    return wrong


def unscheduled(schedule: Mapping[str, timedelta], tasks: Mapping[str, object]) -> list[str]:
    """Names in SCHEDULE that are no registered task."""
    return [f"SCHEDULE: {name} is not a task" for name in schedule if name not in tasks]


def tasks() -> Mapping[str, object]:
    """Every registered task."""
    app.perform_import_paths()
    for feature in settings.FEATURES:
        if find_spec(f"kith.{feature}.jobs"):
            import_module(f"kith.{feature}.jobs")
    return app.tasks


def test_every_event_is_heard_or_for_outside() -> None:
    none(unheard(announced(), subscriptions.SUBSCRIPTIONS))


def test_every_handler_exists() -> None:
    none(lost(subscriptions.SUBSCRIPTIONS))


def test_events_are_named_by_what_happened() -> None:
    none(misnamed(announced()))


def test_every_scheduled_job_exists() -> None:
    none(unscheduled(subscriptions.SCHEDULE, tasks()))


def not_a_handler(event: object) -> None:
    """A function of the wrong shape."""


def test_the_guards_see_offenders() -> None:
    known = set(REGISTRY)

    @event("planted.grown")
    class PlantedGrown:
        row_id: str

    @event("planting", outside=True)
    class Planting:
        row_id: str

    planted = {name: cls for name, cls in REGISTRY.items() if name not in known}
    for name in planted:
        del REGISTRY[name]
    assert unheard(planted, {}) == [f"{__name__}: planted.grown is neither in SUBSCRIPTIONS nor outside=True"]
    assert unheard({}, {"planted.gone": []}) == ["SUBSCRIPTIONS: no feature announces planted.gone"]
    assert len(misnamed(planted)) == 1
    here = f"{__name__}.not_a_handler"
    assert (
        len(lost({"planted.grown": [("rewards", here), ("rewards", "kith.rewards.handlers.nowhere")]})) == 4
    )
    assert unscheduled({"planted.grow": timedelta(1)}, {}) == ["SCHEDULE: planted.grow is not a task"]
