"""The fourth fence, read from pg_catalog: what the models promise is what the database enforces."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import pytest
from django.apps import apps
from django.db import connection, connections, models, transaction

from kith.kit.fences import Fence
from kith.kit.models import TenantScoped
from kith.kit.provision import SYSTEM_ROLE
from kith.kit.tenancy import TenantForeignKey, TenantOwned
from tests.guards.source import none

pytestmark = pytest.mark.django_db(databases=["default", "owner"])

# Tables of ours that belong to no tenant.
TENANTLESS = {
    "audit_block": "one chain over everybody's rows, made of digests",
    "kit_cache": "cached values under keys that name their tenant",
    "kit_eventcursor": "one position per consumer",
    "kit_heartbeat": "processes of the installation",
    "kit_rate_window": "counters by caller, without content",
    "kit_schedulerun": "jobs of the installation",
    "kit_state_edge": "the declared steps, the same for everybody",
    "referrals_dailysalt": "one salt a day for everybody",
    "tenants_platformsetting": "the installation's own settings",
    "tenants_tenant": "the tenants themselves",
    "tenants_user": "a person may have a place in several tenants",
}
NULLABLE = {"audit_auditentry": "changes of rows without a tenant are in the trail as well"}
# Functions that run with their owner's rights.
DEFINERS = {
    "audit_row": "the trail is written through, never by, the application's role",
    "click_partition": "a partition is made by the owner of the table",
    "is_participant_code": "codes are unique on the whole installation",
    "ledger_define_points": "doors of the ledger, whose tables nobody else writes",
    "ledger_freeze": "doors of the ledger, whose tables nobody else writes",
    "ledger_lock": "doors of the ledger, whose tables nobody else writes",
    "ledger_open": "doors of the ledger, whose tables nobody else writes",
    "ledger_post": "doors of the ledger, whose tables nobody else writes",
    "ledger_post_many": "doors of the ledger, whose tables nobody else writes",
    "ledger_set_floor": "doors of the ledger, whose tables nobody else writes",
    "locate_code": "a code leads to its tenant, which is not known before",
    "locate_site": "the key of a page leads to its tenant, which is not known before",
    "participants_participant_matching": "names the tenant itself, so that LIKE may use the index",
    "referrals_referral_matching": "names the tenant itself, so that LIKE may use the index",
    "record_click": "a click finds its tenant by its code",
}
TRUNCATE, REFERENCES = "truncate", "references"
READ = {"select"}
PRIVILEGES = {"all": READ | {"insert", "update", "delete"}, "append": READ | {"insert"}, "none": READ}


@dataclass(frozen=True)
class Wanted:
    """What the database must say about one table."""

    table: str
    writes: str = "all"
    audit: bool = True
    pii: frozenset[str] = frozenset()
    secret: frozenset[str] = frozenset()
    references: dict[str, str] = field(default_factory=dict)
    key: str = "id"


def owned_models() -> list[type[models.Model]]:
    """Every concrete model that belongs to a tenant."""
    return [model for model in apps.get_models() if issubclass(model, (TenantOwned, TenantScoped))]


def wanted(model: type[models.Model]) -> Wanted:
    """What the model promises."""
    promise: Any = model.Fence  # type: ignore[attr-defined]
    keys = [each for each in model._meta.local_fields if isinstance(each, TenantForeignKey)]
    return Wanted(
        table=model._meta.db_table,
        writes=promise.writes,
        audit=promise.audit,
        pii=frozenset(promise.pii),
        secret=frozenset(promise.secret),
        references={key.column: key.related_model._meta.db_table for key in keys},
        key=model._meta.pk.column,
    )


def problems(cursor: Any, want: Wanted) -> list[str]:
    """Everything in which the table is not what is wanted."""
    found = [*_column(cursor, want), *_security(cursor, want), *_keys(cursor, want)]
    found += [*_triggers(cursor, want), *_privileges(cursor, want)]
    return [f"{want.table}: {problem}" for problem in found]


def rows(cursor: Any, query: str, *values: Any) -> list[tuple]:
    """The answer of a query."""
    cursor.execute(query, values)
    return cursor.fetchall()


def _column(cursor: Any, want: Wanted) -> Iterator[str]:
    found = rows(
        cursor,
        "select attnotnull, format_type(atttypid, atttypmod) from pg_attribute"
        " where attrelid = to_regclass(%s) and attname = 'tenant_id'",
        want.table,
    )
    if not found:
        yield "no tenant_id"
    elif found[0][1] != "integer":
        yield f"tenant_id is {found[0][1]}"
    elif not found[0][0] and want.table not in NULLABLE:
        yield "tenant_id may be null"


def _security(cursor: Any, want: Wanted) -> Iterator[str]:
    flags = rows(
        cursor,
        "select relrowsecurity, relforcerowsecurity from pg_class where oid = to_regclass(%s)",
        want.table,
    )
    if flags != [(True, True)]:
        yield "row-level security is not enabled and forced"
    policies = rows(
        cursor,
        "select policyname, permissive, roles::text[], cmd, qual from pg_policies"
        " where schemaname = 'public' and tablename = %s",
        want.table,
    )
    by_name = {name: rest for name, *rest in policies}
    if set(by_name) != {"tenant", "crossing"}:
        yield f"policies are {sorted(by_name)}, not tenant and crossing"
        return
    _, roles, command, condition = by_name["tenant"]
    if (
        roles != ["public"]
        or command != "ALL"
        or "tenant_id = " not in condition
        or "app.tenant_id" not in condition
    ):
        yield "policy tenant does not compare tenant_id with app.tenant_id for everybody"
    if by_name["crossing"][1] != [SYSTEM_ROLE]:
        yield "policy crossing is open to more than the crossing role"


def _keys(cursor: Any, want: Wanted) -> Iterator[str]:
    unique = rows(
        cursor,
        "select array_agg(attname::text order by attname) from pg_index join pg_attribute on attrelid = indrelid"
        " and attnum = any(indkey[0:indnkeyatts - 1]) where indrelid = to_regclass(%s) and indisunique"
        " and indpred is null group by indexrelid",
        want.table,
    )
    referenced = rows(
        cursor,
        "select 1 from pg_constraint where contype = 'f' and confrelid = to_regclass(%s) limit 1",
        want.table,
    )
    if referenced and not any({"tenant_id", want.key} <= set(columns) for (columns,) in unique):
        yield f"no unique (tenant_id, {want.key}) to point at"
    for column, target in want.references.items():
        held = rows(
            cursor,
            "select 1 from pg_constraint where contype = 'f' and conrelid = to_regclass(%s)"
            " and confrelid = to_regclass(%s) and (select array_agg(attname::text order by attname) from"
            " pg_attribute where attrelid = conrelid and attnum = any(conkey)) @> %s::text[]",
            want.table,
            target,
            sorted(["tenant_id", column]),
        )
        if not held:
            yield f"no foreign key (tenant_id, {column}) to {target}"


def _triggers(cursor: Any, want: Wanted) -> Iterator[str]:
    found = rows(
        cursor,
        "select tgname, proname, tgtype, encode(tgargs, 'escape') from pg_trigger join pg_proc on pg_proc.oid = tgfoid"
        " where tgrelid = to_regclass(%s) and not tgisinternal and tgenabled = 'O'",
        want.table,
    )
    audit = [text for name, function, _, text in found if (name, function) == ("audit", "audit_row")]
    if want.audit and not audit:
        yield "not audited"
    elif audit and not want.audit:
        yield "audited, though the model says it is not"
    elif audit:
        pii, secret = (frozenset(filter(None, part.split(","))) for part in audit[0].split("\\000")[:2])
        if pii != want.pii:
            yield f"audited with personal columns {sorted(pii)}, the model says {sorted(want.pii)}"
        if secret != want.secret:
            yield f"audited with secret columns {sorted(secret)}, the model says {sorted(want.secret)}"
    # Bits of tgtype: 1 row, 2 before, 8 delete, 16 update.
    kept = [
        1 for _, name, bits, _ in found if name in {"refuse_change", "ledger_immutable"} and bits & 27 == 27
    ]
    if want.writes == "append" and not kept:
        yield "rows are append-only, but no trigger refuses updates and deletes"


def _privileges(cursor: Any, want: Wanted) -> Iterator[str]:
    for role in (app_role(), SYSTEM_ROLE):
        may = {
            privilege
            for privilege in (*PRIVILEGES["all"], TRUNCATE, REFERENCES, "trigger")
            if rows(cursor, "select has_table_privilege(%s, %s, %s)", role, want.table, privilege)[0][0]
        }
        if may != PRIVILEGES[want.writes]:
            yield f"{role} may {sorted(may)}, not {sorted(PRIVILEGES[want.writes])}"


def app_role() -> str:
    """The role the application signs in as."""
    return str(connection.settings_dict["USER"])


# --- the rules ----------------------------------------------------------------------------------------


def test_every_tenant_owned_table_is_fenced_as_its_model_says() -> None:
    assert len(owned_models()) > 25
    with connection.cursor() as cursor:
        none([problem for model in owned_models() for problem in problems(cursor, wanted(model))])


def test_fenced_columns_exist() -> None:
    none(
        [
            f"{model._meta.db_table}: {column} is fenced and does not exist"
            for model in owned_models()
            for column in wanted(model).pii | wanted(model).secret
            if column not in {each.column for each in model._meta.local_fields}
        ]
    )


def test_every_table_of_ours_is_tenant_owned_or_says_why_not() -> None:
    fenced = {model._meta.db_table for model in owned_models()} | {"ledger_currency"}
    ours = tuple(f"{config.label}_" for config in apps.get_app_configs() if config.name.startswith("kith."))
    with connection.cursor() as cursor:
        tables = rows(
            cursor,
            "select relname::text from pg_class where relkind in ('r', 'p') and not relispartition"
            " and relnamespace = 'public'::regnamespace",
        )
    found = {name for (name,) in tables if name.startswith(ours)}
    none([f"{name}: belongs to no tenant" for name in found - fenced - set(TENANTLESS)])
    none([f"{name}: an exception for nothing" for name in (set(TENANTLESS) | set(NULLABLE)) - found])


def test_no_partition_can_be_asked_past_its_parent() -> None:
    with connection.cursor() as cursor:
        open_ones = rows(
            cursor,
            "select relname from pg_class where relispartition and relkind = 'r'"
            " and has_table_privilege(%s, oid, 'select, insert, update, delete')",
            app_role(),
        )
    none([str(name) for (name,) in open_ones])


def test_views_look_with_the_eyes_of_whoever_asks() -> None:
    with connection.cursor() as cursor:
        views = rows(
            cursor,
            "select relname, coalesce(reloptions, '{}') from pg_class"
            " where relkind in ('v', 'm') and relnamespace = 'public'::regnamespace",
        )
    none(
        [f"{name}: not security_invoker" for name, options in views if "security_invoker=true" not in options]
    )


def loose_definers(cursor: Any) -> list[str]:
    """Definer functions nobody explained, or that a temporary table of the caller's could fool."""
    found = dict(
        rows(
            cursor,
            "select proname::text, (select min(setting) from unnest(proconfig) setting"
            " where setting like 'search\\_path=%%') from pg_proc"
            " where prosecdef and pronamespace = 'public'::regnamespace",
        )
    )
    wrong = [
        f"{name}: runs with its owner's rights, and nobody said why" for name in set(found) - set(DEFINERS)
    ]
    wrong += [f"{name}: an exception for nothing" for name in set(DEFINERS) - set(found)]
    # Without pg_temp at the end, PostgreSQL looks for tables in the caller's temporary schema first.
    fooled = [name for name, path in found.items() if not (path or "").endswith("pg_temp")]
    return wrong + [f"{name}: search_path must end in pg_temp" for name in fooled]


def test_functions_with_their_owners_rights_are_few_and_cannot_be_fooled() -> None:
    with connection.cursor() as cursor:
        none(loose_definers(cursor))


def test_the_application_owns_nothing_and_bypasses_nothing() -> None:
    with connection.cursor() as cursor:
        assert rows(cursor, "select current_user::text") == [(app_role(),)]
        for role in (app_role(), SYSTEM_ROLE):
            powers = rows(
                cursor,
                "select rolsuper or rolbypassrls or rolcreaterole or rolcreatedb or rolreplication"
                " from pg_roles where rolname = %s",
                role,
            )
            assert powers == [(False,)], role
            owned = rows(
                cursor,
                "select relname from pg_class where relowner = (select oid from pg_roles where rolname = %s)",
                role,
            )
            assert owned == [], role
        assert rows(cursor, "select has_schema_privilege(%s, 'public', 'create')", app_role()) == [(False,)]
        # The crossing role is reached by SET ROLE only, never by inheritance.
        assert rows(cursor, "select pg_has_role(%s, %s, 'usage')", app_role(), SYSTEM_ROLE) == [(False,)]


# --- broken on purpose --------------------------------------------------------------------------------


@contextmanager
def planted(*statements: str) -> Iterator[Any]:
    """A cursor of the owner in a transaction that is taken back."""
    with transaction.atomic(using="owner"), connections["owner"].cursor() as cursor:
        for statement in statements:
            cursor.execute(statement)
        yield cursor
        transaction.set_rollback(True, using="owner")


TABLE = (
    "create table planted (id uuid primary key, tenant_id int not null references tenants_tenant,"
    " name text, reward_id uuid)"
)
WANTED = Wanted("planted", pii=frozenset({"name"}), references={"reward_id": "rewards_reward"})


def fence(**changes: Any) -> list[str]:
    """The statements of a migration's Fence, and the privileges given after it."""
    arguments = {"references": {"reward_id": "rewards_reward"}, "pii": ("name",)} | changes
    writes = PRIVILEGES[arguments.get("writes", "all")]
    grants = f"grant {', '.join(sorted(writes))} on planted to {app_role()}, {SYSTEM_ROLE}"
    return [TABLE, *Fence("planted", **arguments).sql(), grants]


def test_a_fenced_table_passes() -> None:
    with planted(*fence()) as cursor:
        assert problems(cursor, WANTED) == []


def test_the_guard_sees_a_table_without_any_fence() -> None:
    bare = TABLE.replace("int not null", "int")
    with planted(bare) as cursor:
        said = " ".join(problems(cursor, WANTED))
    for problem in (
        "may be null", "not enabled and forced", "policies are []", "not audited", "no foreign key", "may [], not",
    ):  # fmt: skip
        assert problem in said, problem


@pytest.mark.parametrize(
    ("statement", "problem"),
    [
        ("alter table planted no force row level security", "not enabled and forced"),
        ("create policy wide on planted using (true)", "policies are"),
        ("alter policy crossing on planted to public", "more than the crossing role"),
        ("alter policy tenant on planted using (true)", "does not compare"),
        ("alter table planted drop constraint planted_reward_id_tenant_fk", "no foreign key"),
        ("alter table planted disable trigger audit", "not audited"),
        ("grant truncate on planted to kith_app", "truncate"),
    ],
)
def test_the_guard_sees_a_fence_with_a_hole(statement: str, problem: str) -> None:
    with planted(*fence(), statement) as cursor:
        assert problem in " ".join(problems(cursor, WANTED))


def test_the_guard_sees_a_model_and_a_migration_that_disagree() -> None:
    with planted(*fence(pii=())) as cursor:
        assert "personal columns []" in " ".join(problems(cursor, WANTED))
    with planted(*fence()) as cursor:
        said = " ".join(problems(cursor, Wanted("planted", writes="append", audit=False)))
    assert "though the model says it is not" in said
    assert "no trigger refuses" in said
    child = "create table child (planted_id uuid references planted)"
    with planted(*fence(unique_id=False), child) as cursor:
        assert "no unique (tenant_id, id)" in " ".join(problems(cursor, WANTED))


def test_the_guard_sees_a_function_nobody_explained() -> None:
    body = "create function planted() returns int language sql security definer"
    with planted(f"{body} set search_path = public as 'select 1'") as cursor:
        said = " ".join(loose_definers(cursor))
    assert "planted: runs with its owner's rights" in said
    assert "planted: search_path must end in pg_temp" in said
