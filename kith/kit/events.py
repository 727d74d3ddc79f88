"""What features announce: frozen dataclasses with a dotted, past-tense name. No Django here."""

import dataclasses
import datetime
from collections.abc import Callable
from typing import Any, TypeVar, dataclass_transform
from uuid import UUID

T = TypeVar("T")

REGISTRY: dict[str, type] = {}


@dataclass_transform(frozen_default=True, kw_only_default=True)
def event(name: str, *, outside: bool = False) -> Callable[[type[T]], type[T]]:
    """Declare an event class. `outside=True`: no feature reacts, it is for feeds and webhooks only."""

    def declare(cls: type[T]) -> type[T]:
        made = dataclasses.dataclass(frozen=True, kw_only=True)(cls)
        made.event_name = name  # type: ignore[attr-defined]
        made.outside = outside  # type: ignore[attr-defined]
        REGISTRY[name] = made
        return made

    return declare


@dataclasses.dataclass(frozen=True, slots=True)
class StoredEvent:
    """An event as handlers receive it: `data` holds plain JSON values, ids as text."""

    position: int
    id: UUID
    tenant_id: int
    type: str
    subject_type: str
    subject_id: UUID
    actor: str
    request_id: str
    occurred_at: datetime.datetime
    data: dict[str, Any]


def as_data(event: Any) -> dict[str, Any]:
    """The event's fields as JSON values."""
    return {field.name: _plain(getattr(event, field.name)) for field in dataclasses.fields(event)}


def _plain(value: Any) -> Any:
    if isinstance(value, UUID):
        return str(value)
    if isinstance(value, (datetime.datetime, datetime.date)):
        return value.isoformat()
    if isinstance(value, (list, tuple)):
        return [_plain(item) for item in value]
    return value
