"""The category graph, and which moves between stages it allows."""

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Protocol

_CODE = re.compile(r"[A-Za-z0-9_-]{1,40}", re.ASCII)

PATH = ("new", "engaged", "qualified", "converted", "completed")
"""The way forward; steps may be skipped."""

CLOSED = ("rejected", "expired", "cancelled")
CATEGORIES = (*PATH, *CLOSED)

EDGES: Mapping[str, frozenset[str]] = {
    "new": frozenset({*PATH[1:], *CLOSED}),
    "engaged": frozenset({*PATH[2:], *CLOSED}),
    "qualified": frozenset({*PATH[3:], *CLOSED}),
    # A conversion has happened, so it can be refused or refunded, but no longer lapse.
    "converted": frozenset({"completed", "rejected", "cancelled"}),
    "completed": frozenset(),
    "rejected": frozenset({"engaged"}),
    "expired": frozenset(),
    "cancelled": frozenset(),
}
"""Category -> categories that may follow. Staying within a category is always on the graph."""


class StageLike(Protocol):
    """What the rules need to know of a stage."""

    @property
    def code(self) -> str:
        """The word of the API."""

    @property
    def category(self) -> str:
        """One of `CATEGORIES`."""

    @property
    def position(self) -> int:
        """Place in its pipeline."""


@dataclass(frozen=True, slots=True)
class StageSpec:
    """A stage still to be made; `position` follows from the order in which stages are written."""

    code: str
    category: str
    position: int = 0
    label: Mapping[str, str] = field(default_factory=dict)
    progress_pct: int = 0


@dataclass(frozen=True, slots=True)
class MoveSpec:
    """An allowed step, by stage codes."""

    from_code: str
    to_code: str
    needs_reason: bool = False


def may_follow(from_category: str, to_category: str) -> bool:
    """Whether a row of one category may next be in the other."""
    return from_category == to_category or to_category in EDGES[from_category]


def may_go_back(from_category: str, to_category: str) -> bool:
    """Whether undoing a decision may lead there: what was completed or rejected is open again."""
    return from_category in ("completed", "rejected") and to_category in PATH[:-1]


def needs_reason(start: StageLike, end: StageLike) -> bool:
    """Refusing, cancelling, reopening and going back are explained; expiring and going on are not."""
    if start.category == end.category:
        return end.position < start.position
    return end.category in ("rejected", "cancelled") or start.category == "rejected"


def default_moves(stages: Sequence[StageLike]) -> list[MoveSpec]:
    """Every move between two stages that the category graph allows."""
    return [
        MoveSpec(start.code, end.code, needs_reason(start, end))
        for start in stages
        for end in stages
        if start.code != end.code and may_follow(start.category, end.category)
    ]


def is_path(categories: Iterable[str]) -> bool:
    """Whether a history of categories follows the graph from `new`, repetitions being no step."""
    before = ""
    for category in categories:
        if category not in EDGES or (before and not may_follow(before, category)):
            return False
        before = category
    return True


def faults(stages: Sequence[StageSpec], moves: Sequence[MoveSpec]) -> dict[str, str]:
    """What is wrong with a pipeline as written: field path -> stable word; empty when nothing is."""
    found: dict[str, str] = {}
    categories = {stage.code: stage.category for stage in stages}
    if len({stage.code.lower() for stage in stages}) != len(stages):
        found["stages"] = "code_twice"
    if not any(stage.category == "new" for stage in stages):
        found["stages"] = "no_first_stage"
    for index, stage in enumerate(stages):
        if not is_code(stage.code):
            found[f"stages[{index}].code"] = "code"
        if stage.category not in EDGES:
            found[f"stages[{index}].category"] = "unknown_category"
        if not stage.label or not all(is_label(text) for text in stage.label.values()):
            found[f"stages[{index}].label"] = "label"
        if not 0 <= stage.progress_pct <= 100:
            found[f"stages[{index}].progress_pct"] = "percent"
    if not found:
        found.update(_move_faults(categories, moves))
    return found


def _move_faults(categories: Mapping[str, str], moves: Sequence[MoveSpec]) -> dict[str, str]:
    found: dict[str, str] = {}
    for index, move in enumerate(moves):
        ends = (categories.get(move.from_code), categories.get(move.to_code))
        if None in ends or move.from_code == move.to_code:
            found[f"moves[{index}]"] = "unknown_stage"
        elif not may_follow(str(ends[0]), str(ends[1])):
            found[f"moves[{index}]"] = "against_categories"
    return found


def is_code(text: str) -> bool:
    """What identifies a pipeline or stage: ASCII only, so that no two look the same."""
    return _CODE.fullmatch(text) is not None


def is_label(text: object) -> bool:
    """A word or short sentence people read on a badge."""
    return isinstance(text, str) and 0 < len(text.strip()) <= 80


def merged_labels(present: Mapping[str, str], given: Mapping[str, str]) -> dict[str, str]:
    """The labels with those given replaced, without blanks around them."""
    return {**present, **{locale: text.strip() for locale, text in given.items()}}


def label(labels: Mapping[str, str], locale: str, fallback: str) -> str:
    """The label in a language, else in its base language, else in English, else any."""
    for wanted in (locale, locale.partition("-")[0], "en"):
        if labels.get(wanted):
            return labels[wanted]
    return next(iter(labels.values()), fallback)
