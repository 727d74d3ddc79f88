"""Files and functions stay small enough to be read in one go."""

import ast

from tests.guards.source import Module, at, modules, none

FILE, FUNCTION, PAGE = 400, 50, 25


def too_long(module: Module) -> list[str]:
    """Files over 400 lines, functions over 50, page functions over 25. Migrations are exempt."""
    if "migrations" in module.parts:
        return []
    is_test = "tests" in module.parts or module.path.startswith(("tests/", "conftest"))
    found = []
    lines = module.text.count("\n")
    if lines > FILE:
        found.append(f"{module.path}: {lines} lines, at most {FILE}")
    if is_test:
        return found
    limit = PAGE if module.kind == "pages" else FUNCTION
    for function in module.functions():
        length = (function.end_lineno or 0) - function.lineno + 1
        if length > limit:
            found.append(at(module, function, f"{function.name} has {length} lines, at most {limit}"))
    return found


def test_files_and_functions_stay_small() -> None:
    none([found for module in modules("kith", "tests", "bench", "scripts") for found in too_long(module)])


def _function(lines: int) -> str:
    return "def grown():\n" + "    x = 1\n" * (lines - 1)


def test_the_guard_sees_what_has_grown() -> None:
    assert too_long(Module("kith/rewards/actions.py", _function(FUNCTION))) == []
    assert too_long(Module("kith/rewards/actions.py", _function(FUNCTION + 1)))
    assert too_long(Module("kith/rewards/pages.py", _function(PAGE + 1)))
    assert too_long(Module("kith/rewards/pages/console.py", _function(PAGE + 1)))
    assert too_long(Module("kith/rewards/rules.py", "\n" * (FILE + 1)))
    assert too_long(Module("tests/flows/test_story.py", "\n" * (FILE + 1)))
    assert too_long(Module("kith/rewards/migrations/0001_initial.py", "\n" * 900)) == []
    assert isinstance(ast.parse(_function(3)), ast.Module)
