"""A page of 20 out of 100,000 participants: the whole API call against the same SQL and JSON by hand.

    .venv/bin/python bench/participants_list.py [rows]

In one process, without a network: the call goes through every middleware, checks the access token and the
answer's shape. By hand means: one transaction, the tenant set, the same two statements, orjson.
"""

import os
import statistics
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parent.parent))
from tests import postgres

WARM, ROUNDS = 5, 60
COLUMNS = "id, name, email, code, external_id, kind, status, country, language, referred_by_id, created_at, updated_at"
FILL = """
insert into participants_participant (id, tenant_id, kind, status, external_id, name, email, country, language,
  timezone, picture_url, visa_stage, visa_type, code, source, created_at, updated_at)
select gen_random_uuid(), %s, 'person', 'active', 'CUST' || n,
  (array['Jan','Piet','Anna','Sara','Mohamed','Priya','Emma','Daan'])[1 + n %% 8] || ' '
  || (array['Jansen','de Vries','Bakker','Patel','Visser','Smit','Bos'])[1 + n %% 7] || ' ' || n,
  'customer' || n || '@example.com', 'NL', 'nl', '', '', '', '', upper(substr(md5(n::text), 1, 16)), 'bench',
  now() - n * interval '1 minute', now() from generate_series(1, %s) n
"""


def main(rows: int) -> None:
    """Print the table."""
    database = postgres.acquire()
    os.environ |= {"KITH_DATABASE_URL": database.owner_url, "KITH_APP_DATABASE_URL": database.app_url}
    os.environ["DJANGO_SETTINGS_MODULE"] = "kith.settings"
    import django

    django.setup()
    from django.db import connections

    try:
        client, tenant_id = build()
        fill(database, tenant_id, rows)
        measure(client, database.app_url, tenant_id, rows)
    finally:
        connections.close_all()
        postgres.release()


def build() -> tuple[Any, int]:
    """An organization and a client with its owner's access token."""
    from django.test import Client

    from kith.kit import clock, tenancy
    from kith.tenants import actions

    now = clock.now()
    tenant = actions.create_tenant(
        slug="bench", name="Bench", currency="EUR", locale="en", timezone="UTC", now=now
    )
    user = actions.create_user(
        username="bench", email="bench@example.com", name="Bench", password="correct horse battery", now=now
    )
    with tenancy.use(tenant.id):
        member = actions.add_member(user=user, role="owner", now=now)
        pair = actions.open_token_family(member_id=str(member.id), now=now)
    return Client(headers={"authorization": f"Bearer {pair.access}"}, SERVER_NAME="localhost"), tenant.id


def fill(database: Any, tenant_id: int, rows: int) -> None:
    """Put the participants there."""
    import psycopg

    with psycopg.connect(database.app_url) as app:
        app.execute("select set_config('app.tenant_id', %s, true)", [str(tenant_id)])
        app.execute(FILL, [tenant_id, rows])
    with psycopg.connect(database.owner_url, autocommit=True) as owner:
        owner.execute("vacuum analyze participants_participant")


def times(run: Callable[[], Any]) -> list[float]:
    """Milliseconds of each round, sorted."""
    return sorted(together(run)[0])


def together(*runs: Callable[[], Any]) -> list[list[float]]:
    """Milliseconds of each, after a few rounds to warm up; taken in turns, so that what else the machine does meets
    all of them."""
    taken: list[list[float]] = [[] for _ in runs]
    for _ in range(WARM + ROUNDS):
        for run, mine in zip(runs, taken, strict=True):
            start = time.perf_counter()
            run()
            mine.append((time.perf_counter() - start) * 1000)
    return [mine[WARM:] for mine in taken]


def measure(client: Any, app_url: str, tenant_id: int, rows: int) -> None:
    """Each kind of page through the API and by hand."""
    import psycopg

    deep = client.get("/api/v1/participants", {"limit": 100}).json()["pagination"]["next"]
    customer = f"customer{rows // 2}@example"
    pages: tuple[tuple[str, dict[str, str], str], ...] = (
        ("first page", {}, ""),
        ("page 400", {"page": "400"}, " offset 7980"),
        ("one customer by e-mail", {"search": customer}, ""),
        ("a common name", {"search": "jansen"}, ""),
        ("nobody", {"search": "zzzzzz"}, ""),
        ("by cursor, not counted", {"cursor": deep}, " offset 100"),
    )
    print(f"20 of {rows:,} participants: median milliseconds of {ROUNDS} rounds, p95 of the call\n")
    print(f"{'':<24}{'API':>8}{'p95':>8}{'query':>8}{'by hand':>9}{'API ÷ hand':>12}{'query ÷ hand':>14}")
    with psycopg.connect(app_url) as app:
        for label, query, offset in pages:
            api = times(lambda query=query: get(client, query))
            layer = statistics.median(times(lambda query=query: listed(tenant_id, query)))
            counted = "cursor" not in query
            hand = statistics.median(
                times(lambda query=query, offset=offset, counted=counted: by_hand(
                    app, tenant_id, query.get("search", ""), offset, counted=counted
                ))
            )  # fmt: skip
            middle, slow = statistics.median(api), api[-len(api) // 20]
            print(
                f"{label:<24}{middle:8.1f}{slow:8.1f}{layer:8.1f}{hand:9.1f}{middle / hand:12.2f}{layer / hand:14.2f}",
                flush=True,
            )


def listed(tenant_id: int, query: dict[str, str]) -> None:
    """What the call does below the interface: the tenant's transaction and the query."""
    from kith.kit import tenancy
    from kith.participants import queries

    with tenancy.use(tenant_id):
        queries.participant_list(**query)


def get(client: Any, query: dict[str, str]) -> None:
    """The call, which must succeed."""
    answer = client.get("/api/v1/participants", query)
    if answer.status_code != 200:
        raise RuntimeError(answer.content)


def by_hand(app: Any, tenant_id: int, term: str, offset: str, *, counted: bool = True) -> bytes:
    """The same rows and count, as JSON."""
    import orjson

    with app.transaction(), app.cursor() as cursor:
        cursor.execute(
            "select set_config('app.tenant_id', %s, true), set_config('role', %s, true)",
            [str(tenant_id), "kith_system" if term else "none"],
        )
        found = f"from participants_participant where tenant_id = {tenant_id} and status <> 'erased'"
        if term:
            found += f" and search like '%{term}%'"
        cursor.execute(f"select {COLUMNS} {found} order by created_at desc, id desc limit 21{offset}")
        rows = cursor.fetchall()
        names = COLUMNS.split(", ")
        total = 0
        if counted:
            cursor.execute(f"select count(*) from (select 1 {found} limit 10001) capped")
            total = cursor.fetchone()[0]
    return orjson.dumps({"data": [dict(zip(names, row, strict=True)) for row in rows[:20]], "total": total})


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
