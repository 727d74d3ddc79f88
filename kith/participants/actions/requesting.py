"""Asking for long work: an import or export that a worker does soon."""

import datetime
from collections.abc import Mapping
from typing import IO, Any

from django.utils.translation import gettext_lazy as _

from kith.kit import jobs
from kith.kit.actors import Actor
from kith.kit.errors import Invalid
from kith.kit.models import Job
from kith.kit.tables import Format
from kith.participants import rules
from kith.participants.actions.importing import Mode

IMPORT, EXPORT = "participants.import_customers", "participants.export"


def request_import(
    *,
    file: IO[Any],
    mode: Mode,
    keep_columns: bool = False,
    sheet: str = "",
    mapping: Mapping[str, str] | None = None,
    actor: Actor,
    now: datetime.datetime,
) -> Job:
    """Keep the uploaded file and queue its import. Raises TooLarge, Invalid, and TooMany as `jobs.start`."""
    params = _wishes(mode, keep_columns, sheet, mapping)
    return jobs.start(IMPORT, params=params, upload=file, actor=actor, now=now)


def _wishes(mode: Mode, keep_columns: bool, sheet: str, mapping: Mapping[str, str] | None) -> dict[str, Any]:
    wrong = sorted({target for target in (mapping or {}).values() if target not in rules.TARGETS})
    if wrong:
        remedy = _("A column becomes one of: %(targets)s.") % {"targets": ", ".join(rules.TARGETS)}
        raise Invalid(fields={"mapping": remedy}, wrong=[target[:40] for target in wrong])
    return {"mode": mode, "keep_columns": keep_columns, "sheet": sheet, "mapping": dict(mapping or {})}


def prepare_import(*, file: IO[Any], name: str, actor: Actor, now: datetime.datetime) -> Job:
    """Keep the uploaded file until the actor has looked at it, instead of the one before. Raises TooLarge."""
    return jobs.prepare(IMPORT, params={"file_name": name[:200]}, upload=file, actor=actor, now=now)


def start_import(
    *,
    job: Job,
    mode: Mode,
    keep_columns: bool = False,
    sheet: str = "",
    mapping: Mapping[str, str] | None = None,
    actor: Actor,
    now: datetime.datetime,
) -> Job:
    """Queue the import of a prepared file. Raises Invalid, AlreadyStarted, and TooMany as `jobs.start`."""
    return jobs.begin(job, params=_wishes(mode, keep_columns, sheet, mapping), now=now)


def request_export(
    *,
    format: Format,
    search: str = "",
    status: str = "",
    kind: str = "",
    actor: Actor,
    now: datetime.datetime,
) -> Job:
    """Queue an export of the participants that a list with these filters shows."""
    params = {"format": format, "search": search, "status": status, "kind": kind}
    return jobs.start(EXPORT, params=params, actor=actor, now=now)
