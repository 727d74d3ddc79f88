"""Small habits that are cheap to keep and dear to lose."""

import ast
import re
from collections.abc import Callable

from tests.guards.source import Module, at, dotted, none, product

# Where a ratio or a length is drawn or measured, and no money is made of it.
FLOATS = {
    "kith/kit/charts.py": "coordinates of a drawing",
    "kith/kit/limits.py": "seconds until a counter starts again",
    "kith/kit/templatetags/kit.py": "widths of a drawing and percentages to show",
    "kith/kit/outbox.py": "seconds since the oldest event",
    "kith/kit/health.py": "seconds since the last heartbeat",
    "kith/commands/_checks.py": "seconds since the last heartbeat",
    "kith/analytics/queries/figures.py": "rates to show",
    "kith/analytics/rules.py": "rates to show",
}
CLOCK = {
    "kith/kit/clock.py": "the one clock",
    "kith/kit/limits.py": "Redis counts down by its own clock",
}
MONEY = re.compile(r"amount|minor|price|money|balance|gross|net\b|fee|budget|cap\b")


def presets(module: Module) -> list[str]:
    """Reading `.preset` of a tenant: what differs between organizations is data, never a branch."""
    if module.feature == "presets":
        return []
    return [
        at(module, node, "nothing may depend on the preset an organization was set up from")
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Attribute) and node.attr == "preset" and isinstance(node.ctx, ast.Load)
    ]


def floats(module: Module) -> list[str]:
    """`float(` anywhere but in drawings and rates, and true division or a float beside money anywhere."""
    found = []
    for node in ast.walk(module.tree):
        is_call = isinstance(node, ast.Call) and dotted(node.func) == "float"
        if is_call and (module.path not in FLOATS or MONEY.search(ast.unparse(node))):
            found.append(at(module, node, "float() has no place near money"))
    return found


def clocks(module: Module) -> list[str]:
    """The time is read from kit.clock, so that tests and the demo may stand still."""
    if module.path in CLOCK:
        return []
    names = {"datetime.now", "datetime.utcnow", "datetime.today", "date.today", "timezone.now", "time.time"}
    return [
        at(module, node, "ask kit.clock")
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Call)
        and any(("." + dotted(node.func)).endswith("." + name) for name in names)
    ]


def short_ids(module: Module) -> list[str]:
    """The beginning of a UUID shown as if it were a code: the first digits of UUIDv7 are the same for hours."""
    return [
        at(module, node, "a slice of an id is no code")
        for node in ast.walk(module.tree)
        if isinstance(node, ast.Subscript)
        and isinstance(node.slice, ast.Slice)
        and not isinstance(node.slice.lower, ast.UnaryOp)
        and re.search(
            r"(^str\(.*\b(id|pk|uuid7?)\b.*\)$)|(\b(id|pk|uuid7?\(\))\.hex$)", ast.unparse(node.value)
        )
    ]


GUARDS: dict[str, tuple[Callable[[Module], list[str]], str, str]] = {
    # name: guard, offender, near miss
    "presets": (presets, "if tenant.preset == 'travel': pass", "tenant.preset = name"),
    "floats": (floats, "x = float(row.amount_minor)", "x = int(row.amount_minor)"),
    "clocks": (clocks, "x = datetime.datetime.now(tz)", "x = clock.now()"),
    "short_ids": (short_ids, "code = str(row.id)[:8]", "shown = row.name[:8]"),
}


def test_the_code_keeps_its_habits() -> None:
    none([found for guard, _, _ in GUARDS.values() for module in product() for found in guard(module)])


def test_each_guard_sees_an_offender_and_lets_others_pass() -> None:
    for name, (guard, offender, fine) in GUARDS.items():
        assert guard(Module("kith/rewards/actions.py", offender)), name
        assert not guard(Module("kith/rewards/actions.py", fine)), name
    assert floats(Module("kith/analytics/rules.py", "float(paid_minor)"))
    assert not floats(Module("kith/analytics/rules.py", "float(rate)"))


def test_no_exception_outlives_its_file() -> None:
    paths = {module.path for module in product()}
    assert not [path for path in (*FLOATS, *CLOCK) if path not in paths]
