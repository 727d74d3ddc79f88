"""The head of the audit trail reaches the owners of each organization that wants it."""

import json
from typing import Any

import pytest
from django.core import mail
from django.db import connection

from conftest import make_member
from kith.audit import actions as audit
from kith.audit import queries
from kith.kit import clock, tenancy
from kith.tenants import actions, jobs

pytestmark = pytest.mark.django_db


def test_owners_get_the_last_hash_and_nobody_else(
    acme: Any, alice: Any, bob: Any, rival: Any, charlie: Any
) -> None:
    make_member(acme, "olga", "owner")
    with tenancy.use(rival.id, actor=charlie):
        actions.set_setting(key="audit.mail_head", value=False, actor=charlie, now=clock.now())
    with tenancy.across_tenants("a block of nothing will do"):
        audit.seal(now=clock.now())
        chain = audit._Chain(10**9, b"", clock.now())
        chain.add("audit", queries.Place(), b"")
        chain.blocks[0].save(force_insert=True)
    jobs.mail_heads()
    with connection.cursor() as cursor:
        cursor.execute(
            "select args from procrastinate_jobs where task_name = 'tenants.send_head'"
            " and (args ->> 'tenant_id')::int in (%s, %s)",
            [acme.id, rival.id],
        )
        queued = [json.loads(arguments) for (arguments,) in cursor.fetchall()]
    assert [arguments["tenant_id"] for arguments in queued] == [acme.id]
    jobs.send_head(**queued[0])
    assert sorted(message.to[0].split("-")[0] for message in mail.outbox) == ["alice", "olga"]
    assert all(f"--head {chain.hash.hex()}" in message.body for message in mail.outbox)
    assert all("Acme" in message.body for message in mail.outbox)
