"""What a landing page says: its blocks in their order, and texts per language.

The stored form is field -> language -> text, as programs have always had it for title, text and steps, and
`layout`, which names the blocks in order, those that are hidden, and the picture.
"""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal, TypeGuard

BLOCKS = ("hero", "form", "steps", "reward", "questions", "legal")
FIXED = frozenset({"hero"})
"""Stays on top."""
KEPT = frozenset({"hero", "form"})
"""Is never hidden: without them it is no landing page."""

TEXTS: Mapping[str, int] = {
    "title": 120,
    "text": 600,
    "form_title": 120,
    "button": 40,
    "consent": 600,
    "reward_title": 120,
    "reward_text": 600,
    "steps_title": 120,
    "questions_title": 120,
    "legal": 6000,
}
"""Field -> how long its text may be."""

LISTS: Mapping[str, tuple[int, int]] = {"steps": (6, 240), "questions": (8, 1000)}
"""Field -> how many entries, and how long each text in one may be."""

Move = Literal["up", "down", "hide", "show"]
_ID = re.compile("[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)


class LandingInvalid(ValueError):
    """The page cannot be; `path` is where, `problem` a stable word, `allowed` what may stand there."""

    def __init__(self, path: str, problem: str, allowed: str = "") -> None:
        super().__init__(f"{path}: {problem}")
        self.path, self.problem, self.allowed = path, problem, allowed


@dataclass(frozen=True, slots=True)
class Question:
    """Something friends ask, with its answer."""

    question: str
    answer: str


@dataclass(frozen=True, slots=True)
class Wording:
    """A landing page in one language: the blocks that are shown, in order, and their texts; "" is not written."""

    blocks: tuple[str, ...]
    hidden: frozenset[str]
    picture: str
    texts: Mapping[str, str]
    steps: tuple[str, ...]
    questions: tuple[Question, ...]


def in_language(texts: Mapping[str, Any] | None, languages: Sequence[str]) -> Any:
    """The text in the first language there is one in, "nl" serving "nl-BE" as well; else any, else None."""
    texts = texts or {}
    for language in languages:
        for tag in (language, language.partition("-")[0]):
            if texts.get(tag):
                return texts[tag]
    return next(iter(texts.values()), None)


def wording(content: Mapping[str, Any], languages: Sequence[str]) -> Wording:
    """The page in the first of the languages each text is written in."""
    order, hidden, picture = arranged(content)
    asked = in_language(content.get("questions"), languages) or ()
    return Wording(
        blocks=tuple(block for block in order if block not in hidden),
        hidden=hidden,
        picture=picture,
        texts={name: str(in_language(content.get(name), languages) or "") for name in TEXTS},
        steps=tuple(in_language(content.get("steps"), languages) or ()),
        questions=tuple(Question(each["question"], each["answer"]) for each in asked),
    )


def arranged(content: Mapping[str, Any]) -> tuple[tuple[str, ...], frozenset[str], str]:
    """Every block in its order, once; the hidden ones; and the id of the picture or ""."""
    layout = content.get("layout") or {}
    named = dict.fromkeys(block for block in layout.get("order", ()) if block in BLOCKS)
    order = [
        *(block for block in BLOCKS if block in FIXED),
        *(block for block in named if block not in FIXED),
    ]
    order += [block for block in BLOCKS if block not in order]
    picture = layout.get("picture")
    hidden = frozenset(layout.get("hidden", ())) - KEPT
    return tuple(order), hidden, str(picture) if is_picture(picture) else ""


def is_picture(value: Any) -> TypeGuard[str]:
    """Whether it is the id of a picture, as a page keeps it."""
    return isinstance(value, str) and bool(_ID.fullmatch(value))


def moved(content: Mapping[str, Any], block: str, move: str) -> dict[str, Any]:
    """The page with one block a place higher or lower, hidden or shown; as it was where that cannot be."""
    order, hidden, picture = arranged(content)
    places, away = list(order), set(hidden)
    at = places.index(block) if block in places else 0
    to = at + {"up": -1, "down": 1}.get(move, 0)
    if block in places and block not in FIXED and 0 < to < len(places):
        places[at], places[to] = places[to], places[at]
    if move == "hide" and block in places:
        away.add(block)
    if move == "show":
        away.discard(block)
    layout = {"order": places, "hidden": sorted(away - KEPT), "picture": picture}
    return {**content, "layout": layout}


def checked_landing(content: Any) -> dict[str, Any]:
    """The page in its stored form, without what is empty. Raises LandingInvalid naming the first field at fault."""
    if not isinstance(content, Mapping):
        raise LandingInvalid("landing", "by_language")
    found: dict[str, Any] = {}
    for name, texts in content.items():
        if name not in (*TEXTS, *LISTS, "layout"):
            raise LandingInvalid(str(name), "unknown_field", ", ".join((*TEXTS, *LISTS)))
        if not isinstance(texts, Mapping):
            raise LandingInvalid(name, "by_language")
        kept = _layout(texts) if name == "layout" else _by_language(name, texts)
        if kept:
            found[name] = kept
    return found


def _by_language(name: str, texts: Mapping[str, Any]) -> dict[str, Any]:
    check = _text if name in TEXTS else _steps if name == "steps" else _questions
    kept = {str(language): check(name, value, f"{name}.{language}") for language, value in texts.items()}
    return {language: value for language, value in kept.items() if value}


def _text(name: str, value: Any, path: str, most: int = 0) -> str:
    most = most or TEXTS[name]
    if not isinstance(value, str) or len(value) > most:
        raise LandingInvalid(path, "text", str(most))
    return value.strip()


def _entries(name: str, value: Any, path: str) -> Sequence[Any]:
    if not isinstance(value, (list, tuple)) or len(value) > LISTS[name][0]:
        raise LandingInvalid(path, "list", str(LISTS[name][0]))
    return value


def _steps(name: str, value: Any, path: str) -> list[str]:
    most = LISTS[name][1]
    lines = [_text(name, line, f"{path}[{at}]", most) for at, line in enumerate(_entries(name, value, path))]
    return [line for line in lines if line]


def _questions(name: str, value: Any, path: str) -> list[dict[str, str]]:
    found = []
    for at, entry in enumerate(_entries(name, value, path)):
        if not isinstance(entry, Mapping) or set(entry) != {"question", "answer"}:
            raise LandingInvalid(f"{path}[{at}]", "question")
        pair = {part: _text(name, entry[part], f"{path}[{at}].{part}", LISTS[name][1]) for part in entry}
        if bool(pair["question"]) != bool(pair["answer"]):
            raise LandingInvalid(f"{path}[{at}]", "question")
        if pair["question"]:
            found.append({"question": pair["question"], "answer": pair["answer"]})
    return found


def _layout(layout: Mapping[str, Any]) -> dict[str, Any]:
    for name in ("order", "hidden"):
        named = layout.get(name, [])
        if not isinstance(named, (list, tuple)) or any(block not in BLOCKS for block in named):
            raise LandingInvalid(f"layout.{name}", "blocks", ", ".join(BLOCKS))
    if set(layout) - {"order", "hidden", "picture"}:
        raise LandingInvalid("layout", "unknown_field", "order, hidden, picture")
    if layout.get("picture") not in (None, "") and not is_picture(layout["picture"]):
        raise LandingInvalid("layout.picture", "picture")
    order, hidden, picture = arranged({"layout": layout})
    if order == BLOCKS and not hidden and not picture:
        return {}
    return {"order": list(order), "hidden": sorted(hidden), "picture": picture}
