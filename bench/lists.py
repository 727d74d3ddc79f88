"""A console list of 100 rows out of 100,000: the whole page against the same SQL alone.

    .venv/bin/python bench/lists.py [rows]

In one process, without a network: the page goes through every middleware and is drawn with its frame; as htmx
asks for it, without. The same SQL alone is what the page sent, sent again in one transaction.
"""

import os
import statistics
import sys
from functools import partial
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))
from bench.participants_list import FILL, together
from tests import postgres

REFER = """
insert into referrals_referral (id, tenant_id, program_id, referrer_id, referred_name, referred_email, referred_key,
  referred_country, visa_type, booking_reference, code, method, source, stage_id, category, utm_source, utm_medium,
  utm_campaign, utm_term, utm_content, created_at, updated_at)
select gen_random_uuid(), %(tenant)s, %(program)s, p.id, 'Friend ' || p.name, 'friend-of-' || p.email,
  sha256(p.id::text::bytea), 'NL', '', 'B-' || p.external_id, p.code, 'code', 'bench', %(stage)s, 'new',
  '', '', '', '', '', p.created_at, now() from participants_participant p where p.tenant_id = %(tenant)s
"""

# Every tenth referral has earned something that waits for approval: 10,000 of 100,000.
EARN = """
with decided as (
  insert into rewards_decision (id, tenant_id, program_id, cause_kind, cause_id, ruleset_hash, facts, trace, decided_at)
  values (gen_random_uuid(), %(tenant)s, %(program)s, 'bench', gen_random_uuid(), '', '{}', '[]', now()) returning id)
insert into rewards_reward (id, tenant_id, decision_id, program_id, referral_id, rule_version_id, rule_code,
  beneficiary_id, cause_kind, cause_id, instalment, amount_minor, currency, clawed_back_minor, status, hold_until,
  hold_reason, approved_by, closed_reason, reinstated, created_at)
select gen_random_uuid(), %(tenant)s, d.id, %(program)s, r.id, %(version)s, 'booking', r.referrer_id, 'bench', r.id,
  1, 2500, 'EUR', 0, 'pending_approval', now(), '', '', '', 0, r.created_at
  from decided d, (select *, row_number() over () n from referrals_referral where tenant_id = %(tenant)s) r
 where n %% 10 = 0
"""


def main(rows: int) -> None:
    """Print the table."""
    database = postgres.acquire()
    os.environ |= {"KITH_DATABASE_URL": database.owner_url, "KITH_APP_DATABASE_URL": database.app_url}
    os.environ["DJANGO_SETTINGS_MODULE"] = "kith.settings"
    import django

    django.setup()
    from django.conf import settings
    from django.db import connections
    from django.test.utils import override_settings

    plain = {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"}
    try:
        client, tenant_id = build(database, rows)
        with override_settings(STORAGES={**settings.STORAGES, "staticfiles": plain}):
            measure(client, tenant_id, rows)
    finally:
        connections.close_all()
        postgres.release()


def build(database: Any, rows: int) -> tuple[Any, int]:
    """An organization with that many people and as many referrals, and its owner's browser."""
    import psycopg
    from django.test import Client

    from kith.kit import clock, tenancy
    from kith.pipelines.queries import get_stage
    from kith.programs.tests.factories import make_program, publish_rule
    from kith.tenants import actions
    from kith.tenants.models import User

    now = clock.now()
    tenant = actions.create_tenant(
        slug="bench", name="Bench", currency="EUR", locale="en", timezone="UTC", now=now
    )
    user = actions.create_user(
        username="bench", email="bench@example.com", name="Bench", password="correct horse battery", now=now
    )
    with tenancy.use(tenant.id):
        actions.add_member(user=user, role="owner", now=now)
        program = make_program()
        stage = get_stage(program.pipeline_id, "invited")
        version = publish_rule(program, "booking")
    with psycopg.connect(database.app_url) as app:
        app.execute(
            "select set_config('app.tenant_id', %s, true), set_config('statement_timeout', '0', true)",
            [str(tenant.id)],
        )
        app.execute(FILL, [tenant.id, rows])
        app.execute(REFER, {"tenant": tenant.id, "program": program.pk, "stage": stage.pk})
        app.execute(EARN, {"tenant": tenant.id, "program": program.pk, "version": version.pk})
    with psycopg.connect(database.owner_url, autocommit=True) as owner:
        owner.execute("vacuum analyze participants_participant, referrals_referral, rewards_reward")
    client = Client(SERVER_NAME="localhost")
    client.force_login(User.objects.get(pk=user.pk))
    return client, tenant.id


def measure(client: Any, tenant_id: int, rows: int) -> None:
    """Each list as a page and as a part, beside its own statements."""
    lists = {
        "people": ("/t/bench/people/", {"limit": "100"}),
        "people by name": ("/t/bench/people/", {"limit": "100", "sort": "name"}),
        "people called Jansen": ("/t/bench/people/", {"limit": "100", "q": "jansen"}),
        "referrals": ("/t/bench/referrals/", {"limit": "100", "show": "all"}),
        "referrals to decide": ("/t/bench/referrals/", {"limit": "100", "show": "waiting"}),
        "the last to decide": ("/t/bench/referrals/", {"limit": "100", "show": "waiting", "page": "100"}),
        "rewards": ("/t/bench/rewards/", {}),
    }
    print(f"100 of {rows:,} rows: median milliseconds\n")
    print(f"{'':<24}{'page':>8}{'part':>8}{'SQL':>8}{'statements':>12}{'page ÷ SQL':>12}{'part ÷ SQL':>12}")
    for label, (path, query) in lists.items():
        sent = statements(client, path, query)
        page, part, alone = together(
            partial(get, client, path, query),
            partial(get, client, path, query, htmx=True),
            partial(again, tenant_id, sent),
        )
        ratios = [
            statistics.median(one / sql for one, sql in zip(each, alone, strict=True))
            for each in (page, part)
        ]
        middle = "".join(f"{statistics.median(each):8.1f}" for each in (page, part, alone))
        print(f"{label:<24}{middle}{len(sent):12d}{ratios[0]:12.2f}{ratios[1]:12.2f}", flush=True)


def get(client: Any, path: str, query: dict[str, str], *, htmx: bool = False) -> None:
    """The list, which must come."""
    answer = client.get(path, query, headers={"HX-Request": "true"} if htmx else {})
    if answer.status_code != 200:
        raise RuntimeError(f"{answer.status_code} {answer.headers}")


def statements(client: Any, path: str, query: dict[str, str]) -> list[str]:
    """What the page asks the database."""
    from django.db import connection
    from django.test.utils import CaptureQueriesContext

    with CaptureQueriesContext(connection) as seen:
        get(client, path, query)
    return [each["sql"] for each in seen.captured_queries if each["sql"].lower().startswith("select")]


def again(tenant_id: int, sent: list[str]) -> None:
    """The same statements, with nothing made of their rows."""
    from django.db import connection

    from kith.kit import tenancy

    with tenancy.use(tenant_id), connection.cursor() as cursor:
        for statement in sent:
            cursor.execute(statement)
            cursor.fetchall()


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
