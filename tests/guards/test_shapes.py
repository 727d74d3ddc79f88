"""The API's description can be trusted: no two shapes share a name, and every operation has a summary."""

from collections import defaultdict
from collections.abc import Iterable, Iterator

from kith.kit.http import Schema
from tests.guards.source import none
from tests.guards.surface import Entry, entries


def shapes(base: type = Schema) -> Iterator[type]:
    """Every request and response shape of Kith; importing the URL map has loaded them all."""
    assert list(entries())
    for cls in base.__subclasses__():
        yield cls
        yield from shapes(cls)


def namesakes(found: Iterable[type]) -> list[str]:
    """Shapes of one API with the same name: the description would hold only the last of them."""
    by_name: dict[tuple[bool, str], set[str]] = defaultdict(set)
    for cls in found:
        # The older calls have an API, and so a description, of their own.
        by_name[cls.__module__.startswith("kith.compat"), cls.__name__].add(cls.__module__)
    return [
        f"{name} is a shape in {' and in '.join(sorted(modules))}"
        for (_, name), modules in by_name.items()
        if len(modules) > 1
    ]


def unsaid(found: Iterable[Entry]) -> list[str]:
    """Operations that do not say what they do."""
    return [
        f"{entry}: {entry.name} has no docstring"
        for entry in found
        if entry.operation is not None
        and not (entry.operation.summary and (entry.view.__doc__ or "").strip())
    ]


def test_no_two_shapes_share_a_name() -> None:
    none(namesakes(cls for cls in shapes() if cls.__module__.startswith("kith.")))


def test_every_operation_says_what_it_does() -> None:
    none(unsaid(entries()))


def test_the_guard_sees_namesakes() -> None:
    one, other, older = (
        type("ExportIn", (), {"__module__": f"kith.{feature}.schemas"})
        for feature in ("participants", "referrals", "compat")
    )
    assert namesakes([one, other, older]) == [
        "ExportIn is a shape in kith.participants.schemas and in kith.referrals.schemas"
    ]
    assert namesakes([one, older]) == []
