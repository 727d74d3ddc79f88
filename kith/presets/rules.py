"""The typed form of a preset: what an organization is set up with, read from plain data."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, TypeVar

from kith.kit.currencies import exponent
from kith.tenants.rules import SETTINGS, bad_value


class PresetFault(ValueError):
    """The preset cannot be used; `path` is the key at fault and `remedy` what belongs there."""

    def __init__(self, path: str, remedy: str) -> None:
        super().__init__(f"{path}: {remedy}")
        self.path, self.remedy = path, remedy


STARTS_A_DAY, LETTERS_A_DAY = 3, 5
LETTERS_OF_ADDRESS, LETTERS_WINDOW_S = 20, 60 * 60
"""Organizations one person may set up, and letters one address may get."""
START_LIFETIME = 7 * 24 * 60 * 60

Words = Mapping[str, str]
"""A text per language."""


@dataclass(frozen=True, slots=True)
class Pipeline:
    """Stages in order, each as `pipelines.actions.create_pipeline` takes it, and the moves between them."""

    code: str
    name: Words
    subject: str
    stages: tuple[Mapping[str, Any], ...]
    moves: tuple[tuple[str, str, bool], ...] | None


@dataclass(frozen=True, slots=True)
class Rule:
    """A rule and where its promise comes from: the settings, for an `event`, or an amount and a specification."""

    code: str
    name: Words
    event: str
    amount: str
    spec: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Program:
    """A program with its budget, rules and messages to share, a text per channel and language.

    `values` go to `programs.actions.create_program` as they are.
    """

    code: str
    name: Words
    pipeline: str
    is_default: bool
    values: Mapping[str, Any]
    share: Mapping[str, Words]
    hard_cap: str
    fund: str
    rules: tuple[Rule, ...]


@dataclass(frozen=True, slots=True)
class Preset:
    """Everything an empty organization gets. `tenant` has currency, locale, timezone and brand.

    `title`, `about` and the lucide `icon` are for whoever chooses between presets.
    """

    title: Words
    about: Words
    icon: str
    tenant: Mapping[str, str]
    labels: Mapping[str, Words]
    settings: Mapping[str, Any]
    pipelines: tuple[Pipeline, ...]
    programs: tuple[Program, ...]


@dataclass(frozen=True, slots=True)
class Reward:
    """What whoever sets up an organization promises: decimal text, days, and whether anybody looks."""

    amount: str
    hold_days: int
    auto_approve: bool


def promising(preset: Preset, reward: Reward) -> Preset:
    """The preset with another promise: its settings, and the first rule of its default program, say it."""
    said = {
        "rewards.default_amount": reward.amount,
        "rewards.hold_days": reward.hold_days,
        "rewards.auto_approve": reward.auto_approve,
    }
    return replace(
        preset,
        settings={**preset.settings, **said},
        programs=tuple(
            replace(program, rules=(_promising(program.rules[0], reward), *program.rules[1:]))
            if program.is_default
            else program
            for program in preset.programs
        ),
    )


def _promising(rule: Rule, reward: Reward) -> Rule:
    if rule.event:
        return rule
    spec = {**rule.spec, "hold_days": reward.hold_days, "auto_approve": reward.auto_approve}
    return replace(rule, amount=reward.amount, spec=spec)


def in_currency(amount: str, currency: str) -> str:
    """An amount of a preset, written with two decimals, as a currency without any writes it."""
    return amount if exponent(currency) else amount.removesuffix(".00")


def parse(data: Any, *, locales: Sequence[str]) -> Preset:
    """Read a preset. Every text for people must exist in each of `locales`. Raises PresetFault."""
    needed = ("title", "about", "icon", "tenant", "pipelines", "programs")
    top = _keys(data, "", needed=needed, allowed=("labels", "settings"))
    tenant = _keys(top["tenant"], "tenant", needed=("currency", "locale", "timezone"), allowed=("brand",))
    preset = Preset(
        title=_words(top["title"], "title", locales),
        about=_words(top["about"], "about", locales),
        icon=_text(top, "icon", ""),
        tenant={name: _text(tenant, name, "tenant") for name in tenant},
        labels={
            term: _words(words, f"labels.{term}", locales)
            for term, words in _mapping(top.get("labels", {}), "labels").items()
        },
        settings=_settings(top.get("settings", {})),
        pipelines=_each(top["pipelines"], "pipelines", lambda item, path: _pipeline(item, path, locales)),
        programs=_each(top["programs"], "programs", lambda item, path: _program(item, path, locales)),
    )
    _check_references(preset)
    return preset


def _check_references(preset: Preset) -> None:
    known = [pipeline.code for pipeline in preset.pipelines if pipeline.subject == "referral"]
    for index, program in enumerate(preset.programs):
        if program.pipeline not in known:
            raise PresetFault(
                f"programs[{index}].pipeline", f"name a pipeline for referrals: {', '.join(known)}"
            )
    if sum(program.is_default for program in preset.programs) != 1:
        raise PresetFault("programs", "mark exactly one program with is_default: true")


def _settings(data: Any) -> Mapping[str, Any]:
    for key, value in _mapping(data, "settings").items():
        declared = SETTINGS.get(key)
        if declared is None or "tenant" not in declared.places:
            raise PresetFault(f"settings.{key}", "there is no such setting of an organization")
        if declared.secret:
            raise PresetFault(f"settings.{key}", "a secret does not belong in a preset")
        if bad_value(declared, value):
            raise PresetFault(f"settings.{key}", f"give a value of type {declared.type}: {declared.meaning}")
    return dict(data)


def _pipeline(data: Any, path: str, locales: Sequence[str]) -> Pipeline:
    found = _keys(data, path, needed=("code", "name", "subject", "stages"), allowed=("moves",))
    moves = found.get("moves", "default")
    return Pipeline(
        code=_text(found, "code", path),
        name=_words(found["name"], f"{path}.name", locales),
        subject=_text(found, "subject", path),
        stages=_each(found["stages"], f"{path}.stages", lambda item, at: _stage(item, at, locales)),
        moves=None if moves == "default" else _each(moves, f"{path}.moves", _move),
    )


def _stage(data: Any, path: str, locales: Sequence[str]) -> Mapping[str, Any]:
    found = _keys(data, path, needed=("code", "category", "label"), allowed=("progress_pct",))
    progress = found.get("progress_pct", 0)
    if type(progress) is not int:
        raise PresetFault(f"{path}.progress_pct", "give a whole number from 0 to 100")
    return {
        "code": _text(found, "code", path),
        "category": _text(found, "category", path),
        "label": _words(found["label"], f"{path}.label", locales),
        "progress_pct": progress,
    }


def _move(data: Any, path: str) -> tuple[str, str, bool]:
    found = _keys(data, path, needed=("from", "to"), allowed=("needs_reason",))
    return _text(found, "from", path), _text(found, "to", path), _yes_no(found, "needs_reason", path)


_VALUES = (
    "status",
    "destination_url",
    "landing",
    "click_window_days",
    "conversion_window_days",
    "report_window_days",
)


def _program(data: Any, path: str, locales: Sequence[str]) -> Program:
    found = _keys(
        data,
        path,
        needed=("code", "name", "pipeline", "rules"),
        allowed=("is_default", "budget", "share", *_VALUES),
    )
    budget = _keys(found.get("budget", {}), f"{path}.budget", needed=(), allowed=("hard_cap", "fund"))
    values = {name: found[name] for name in _VALUES if name in found}
    if "landing" in values:
        values["landing"] = _landing(values["landing"], f"{path}.landing", locales)
    return Program(
        code=_text(found, "code", path),
        name=_words(found["name"], f"{path}.name", locales),
        pipeline=_text(found, "pipeline", path),
        is_default=_yes_no(found, "is_default", path),
        values=values,
        share={
            channel: _words(texts, f"{path}.share.{channel}", locales)
            for channel, texts in _mapping(found.get("share", {}), f"{path}.share").items()
        },
        hard_cap=_text(budget, "hard_cap", f"{path}.budget") if "hard_cap" in budget else "",
        fund=_text(budget, "fund", f"{path}.budget") if "fund" in budget else "",
        rules=_each(found["rules"], f"{path}.rules", lambda item, at: _rule(item, at, locales)),
    )


def _landing(data: Any, path: str, locales: Sequence[str]) -> Mapping[str, Mapping[str, Any]]:
    found = _keys(data, path, needed=("title", "text", "steps"), allowed=())
    steps = _languages(found["steps"], f"{path}.steps", locales)
    for locale, lines in steps.items():
        if (
            not isinstance(lines, list)
            or not lines
            or not all(isinstance(line, str) and line for line in lines)
        ):
            raise PresetFault(f"{path}.steps.{locale}", "give a list of sentences")
    return {
        "title": dict(_words(found["title"], f"{path}.title", locales)),
        "text": dict(_words(found["text"], f"{path}.text", locales)),
        "steps": dict(steps),
    }


def _rule(data: Any, path: str, locales: Sequence[str]) -> Rule:
    found = _keys(data, path, needed=("code", "name"), allowed=("from_settings", "amount", "spec"))
    given = {"from_settings", "amount", "spec"} & set(found)
    if given not in ({"from_settings"}, {"amount", "spec"}):
        raise PresetFault(path, "give either from_settings, or amount and spec")
    return Rule(
        code=_text(found, "code", path),
        name=_words(found["name"], f"{path}.name", locales),
        event=_text(found, "from_settings", path) if "from_settings" in found else "",
        amount=_text(found, "amount", path) if "amount" in found else "",
        spec=_mapping(found.get("spec", {}), f"{path}.spec"),
    )


# ---- plain data, checked


Item = TypeVar("Item")


def _mapping(data: Any, path: str) -> Mapping[str, Any]:
    if not isinstance(data, dict) or not all(isinstance(key, str) for key in data):
        raise PresetFault(path or "the file", "give keys with values")
    return data


def _keys(data: Any, path: str, *, needed: Sequence[str], allowed: Sequence[str]) -> Mapping[str, Any]:
    found = _mapping(data, path)
    for key in found:
        if key not in (*needed, *allowed):
            raise PresetFault(_join(path, key), f"unknown; use {', '.join((*needed, *allowed))}")
    for key in needed:
        if key not in found:
            raise PresetFault(_join(path, key), "missing")
    return found


def _text(data: Mapping[str, Any], key: str, path: str) -> str:
    value = data[key]
    if not isinstance(value, str) or not value.strip():
        # YAML reads 25.00 as a number that is not exact, and `no` as false.
        raise PresetFault(
            _join(path, key), "give a text, in quotation marks where it looks like something else"
        )
    return value


def _yes_no(data: Mapping[str, Any], key: str, path: str) -> bool:
    value = data.get(key, False)
    if type(value) is not bool:
        raise PresetFault(_join(path, key), "give true or false")
    return value


def _languages(data: Any, path: str, locales: Sequence[str]) -> Mapping[str, Any]:
    return _keys(data, path, needed=locales, allowed=())


def _words(data: Any, path: str, locales: Sequence[str]) -> Words:
    found = _languages(data, path, locales)
    return {locale: _text(found, locale, path) for locale in found}


def _each(data: Any, path: str, read: Callable[[Any, str], Item]) -> tuple[Item, ...]:
    if not isinstance(data, list) or not data:
        raise PresetFault(path, "give a list with at least one entry")
    return tuple(read(item, f"{path}[{index}]") for index, item in enumerate(data))


def _join(path: str, key: str) -> str:
    return f"{path}.{key}" if path else key
