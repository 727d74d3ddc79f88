"""Everything that can be called from outside: the URL map walked down to each page and API operation."""

import re
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from typing import Any

from django.urls import URLPattern, URLResolver, get_resolver
from ninja.operation import Operation, PathView

from kith.tenants.access import GATE, OPEN


@dataclass(frozen=True)
class Entry:
    """One page (`operation` is None, any method) or one operation of an API."""

    path: str
    method: str
    view: Callable[..., Any]
    operation: Operation | None = None

    @property
    def name(self) -> str:
        """Dotted name of the function or class that answers."""
        view = getattr(self.view, "view_class", None) or getattr(self.view, "func", None) or self.view
        return f"{view.__module__}.{getattr(view, '__qualname__', type(view).__name__)}"

    @property
    def permission(self) -> str | None:
        """The permission it asks for."""
        return getattr(self.view, GATE, None)

    @property
    def reason(self) -> str | None:
        """Why it asks for none."""
        return getattr(self.view, OPEN, None)

    @property
    def parameters(self) -> list[tuple[str, str]]:
        """(converter, name) of each variable part of the path."""
        return [(kind or "str", name) for kind, name in re.findall(r"<(?:(\w+):)?(\w+)>", self.path)]

    def url(self, value: Callable[[str, str], Any]) -> str:
        """The path with `value(converter, name)` in each variable part."""
        return "/" + re.sub(
            r"<(?:(\w+):)?(\w+)>", lambda part: str(value(part[1] or "str", part[2])), self.path
        )

    def __str__(self) -> str:
        return f"{self.method} /{self.path}".strip()


def entries(patterns: Iterable[URLPattern | URLResolver] | None = None, prefix: str = "") -> Iterator[Entry]:
    """Every page and operation below `patterns`, the whole URL map when none are given."""
    seen = set()
    for pattern in get_resolver().url_patterns if patterns is None else patterns:
        path = prefix + str(pattern.pattern).lstrip("^")
        if isinstance(pattern, URLResolver):
            found = list(entries(pattern.url_patterns, path))
        else:
            found = list(_entries_of(path, pattern.callback))
        for entry in found:
            if (entry.path, entry.method) not in seen:
                seen.add((entry.path, entry.method))
                yield entry


def _entries_of(path: str, view: Callable[..., Any]) -> Iterator[Entry]:
    held = [cell.cell_contents for cell in getattr(view, "__closure__", None) or ()]
    for path_view in (item for item in held if isinstance(item, PathView)):
        for operation in path_view.operations:
            for method in operation.methods:
                yield Entry(path, method, operation.view_func, operation)
        return
    yield Entry(path, "", view)
