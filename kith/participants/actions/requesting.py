"""Asking for long work: an import or export that a worker does soon."""

import datetime
from typing import IO, Any

from kith.kit import jobs
from kith.kit.actors import Actor
from kith.kit.models import Job
from kith.kit.tables import Format
from kith.participants.actions.importing import Mode

IMPORT, EXPORT = "participants.import_customers", "participants.export"


def request_import(
    *,
    file: IO[Any],
    mode: Mode,
    keep_columns: bool = False,
    sheet: str = "",
    actor: Actor,
    now: datetime.datetime,
) -> Job:
    """Keep the uploaded file and queue its import. Raises TooLarge, and TooMany as `jobs.start`."""
    params = {"mode": mode, "keep_columns": keep_columns, "sheet": sheet}
    return jobs.start(IMPORT, params=params, upload=file, actor=actor, now=now)


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
