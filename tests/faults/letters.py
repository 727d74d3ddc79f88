"""The letters that jobs write: run here and now, since a worker would not see what a test has not committed."""

import json
import re
from typing import Any

from django.conf import settings
from django.core import mail
from django.db import connection

from kith.presets import jobs as starting
from kith.tenants import jobs

TASKS = {
    "tenants.send_reset": jobs.send_reset,
    "tenants.send_unlock": jobs.send_unlock,
    "presets.send_start": starting.send_start,
}


def deliver(*, to: str = "") -> list[Any]:
    """Run every queued letter once; the messages sent by that, those to one address when it is given."""
    before = len(mail.outbox)
    for number, task, arguments in queued():
        with connection.cursor() as cursor:
            cursor.execute("update procrastinate_jobs set status = 'cancelled' where id = %s", [number])
        TASKS[task](**arguments)
    return [message for message in mail.outbox[before:] if to in ("", *message.to)]


def queued() -> list[tuple[int, str, dict[str, Any]]]:
    """(id, task, arguments) of every letter that waits."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select id, task_name, args from procrastinate_jobs"
            " where status = 'todo' and task_name = any(%s) order by id",
            [list(TASKS)],
        )
        return [(number, task, json.loads(arguments)) for number, task, arguments in cursor.fetchall()]


def link(message: Any) -> str:
    """The path of the one link in a letter, which leads to this installation."""
    (found,) = set(re.findall(r"https?://\S+", str(message.body)))
    address = str(found)
    assert address.startswith(settings.KITH_PUBLIC_URL + "/")
    return address.removeprefix(settings.KITH_PUBLIC_URL)
