"""The roles and extensions a database needs before its first migration.

`kith_owner` owns the tables and migrates. `kith_app` runs the application: it owns nothing and cannot
bypass row-level security. `kith_system` cannot sign in; the application switches to it to cross tenants on
purpose, so its rights must never reach `kith_app` by inheritance.
"""

from __future__ import annotations

import psycopg
from psycopg import errors, sql
from psycopg.conninfo import conninfo_to_dict

from kith.kit.patience import BRIEF
from kith.kit.starting import CannotStart, Exit

OWNER_ROLE = "kith_owner"
APP_ROLE = "kith_app"
SYSTEM_ROLE = "kith_system"
EXTENSIONS = ("pg_trgm", "btree_gin", "unaccent")
OLDEST, NEWEST = 15, 18
CONNECT_SECONDS = 10
# Two processes that provision the same server at once take turns.
_LOCK = 0x6B697468


def connect(url: str) -> psycopg.Connection:
    """An autocommitting connection. Raises CannotStart, never with the password, when there is none."""
    try:
        connection = psycopg.connect(url, autocommit=True, connect_timeout=CONNECT_SECONDS)
    except psycopg.ProgrammingError:  # what it says may quote the address and with it the password
        raise CannotStart(
            f"The database at {where(url)} cannot be reached: its address is not of the form "
            "postgresql://owner:password@host:5432/name.",
            Exit.CONFIGURATION,
        ) from None
    except psycopg.Error as error:
        raise _unreachable(url, " ".join(str(error).split())) from None
    major = connection.info.server_version // 10000
    if not OLDEST <= major <= NEWEST:
        connection.close()
        raise CannotStart(
            f"The database at {where(url)} is PostgreSQL {major}; Kith needs PostgreSQL {OLDEST} to {NEWEST}: "
            "name another server in KITH_DATABASE_URL.",
            Exit.CONFIGURATION,
        )
    return connection


def _unreachable(url: str, reason: str) -> CannotStart:
    """Says what mends it; libpq gives no code, so a server that speaks another language counts as away."""
    code, remedy = Exit.UNAVAILABLE, "start it, or mend host and port in KITH_DATABASE_URL"
    if "password authentication failed" in reason or "no pg_hba.conf entry" in reason:
        code, remedy = Exit.NO_RIGHT, "mend user and password in KITH_DATABASE_URL or KITH_APP_DATABASE_URL"
    elif "does not exist" in reason:
        code, remedy = Exit.CONFIGURATION, "make it, or mend its name in KITH_DATABASE_URL"
    return CannotStart(f"The database at {where(url)} cannot be reached: {reason}; {remedy}.", code)


def where(url: str) -> str:
    """Host, port and database of `url`, fit to be shown."""
    try:
        parts = conninfo_to_dict(url)
    except psycopg.Error:
        return "the given address"
    return f"{parts.get('host', 'localhost')}:{parts.get('port', 5432)}/{parts.get('dbname', '')}"


def create_owner(admin_url: str, database: str, password: str) -> None:
    """As a superuser: make the role that owns `database`, set its password, and make the database."""
    with connect(admin_url) as admin:
        admin.execute("select pg_advisory_lock(%s)", [_LOCK])
        exists = admin.execute("select 1 from pg_roles where rolname = %s", [OWNER_ROLE]).fetchone()
        verb = sql.SQL("alter role" if exists else "create role")
        rights = sql.SQL("nosuperuser createrole nocreatedb nobypassrls login")
        admin.execute(
            sql.SQL("{} {} {} password {}").format(
                verb, sql.Identifier(OWNER_ROLE), rights, _verifier(admin, OWNER_ROLE, password)
            )
        )
        if not admin.execute("select 1 from pg_database where datname = %s", [database]).fetchone():
            name = sql.Identifier(database)
            admin.execute(
                sql.SQL("create database {} owner {} template template0").format(
                    name, sql.Identifier(OWNER_ROLE)
                )
            )
            # Only the roles that provision() names may connect.
            admin.execute(sql.SQL("revoke all on database {} from public").format(name))


def provision(owner_url: str, app_role: str, app_password: str | None) -> None:
    """As the owner: make the application's and the crossing role, and the extensions. Idempotent.

    `app_password=None` leaves the password of an existing application role alone. Raises CannotStart with the
    statements for an administrator where the owner lacks the right.
    """
    with connect(owner_url) as owner:
        _refuse_encoding(owner, owner_url)
        owner.execute("select pg_advisory_lock(%s)", [_LOCK])
        try:
            _make_roles(owner, app_role, app_password)
            for extension in EXTENSIONS:
                owner.execute(f"create extension if not exists {extension}")
        except errors.InsufficientPrivilege as error:
            raise CannotStart(
                f"Role {owner.info.user} cannot prepare {where(owner_url)} ({error.diag.message_primary}); "
                f"let an administrator run: {remedy(owner.info.user, app_role, owner.info.dbname)}",
                Exit.NO_RIGHT,
            ) from None
        _refuse_powerful(owner, app_role)


def role_exists(owner_url: str, role: str) -> bool:
    """Whether the server knows `role`."""
    with connect(owner_url) as owner:
        return owner.execute("select 1 from pg_roles where rolname = %s", [role]).fetchone() is not None


def remedy(owner_role: str, app_role: str, database: str) -> str:
    """What an administrator runs once when the owner may not make roles or extensions."""
    return " ".join(
        [
            f"ALTER ROLE {owner_role} CREATEROLE;",
            f"GRANT CREATE ON DATABASE {database} TO {owner_role};",
            f"GRANT CREATE ON SCHEMA public TO {owner_role};",
            *(f"CREATE EXTENSION IF NOT EXISTS {extension};" for extension in EXTENSIONS),
            f"and, where they exist: GRANT {app_role}, {SYSTEM_ROLE} TO {owner_role} WITH ADMIN OPTION;",
        ]
    )


def _make_roles(owner: psycopg.Connection, app_role: str, app_password: str | None) -> None:
    app, system = sql.Identifier(app_role), sql.Identifier(SYSTEM_ROLE)
    known = {row[0] for row in owner.execute("select rolname from pg_roles").fetchall()}
    if SYSTEM_ROLE not in known:
        owner.execute(sql.SQL("create role {} nologin").format(system))
    if app_role not in known:
        rights = sql.SQL("login nosuperuser nobypassrls nocreatedb nocreaterole noinherit")
        owner.execute(sql.SQL("create role {} {}").format(app, rights))
    if app_password is not None:
        verifier = _verifier(owner, app_role, app_password)
        owner.execute(sql.SQL("alter role {} password {}").format(app, verifier))
    _limit(owner, app_role)
    database = sql.Identifier(owner.info.dbname)
    owner.execute(sql.SQL("grant connect, temporary on database {} to {}").format(database, app))
    if owner.info.server_version >= 160000:
        # Not by inheritance for the owner either: definer functions run as the owner and must stay fenced.
        for role in (app, sql.SQL("current_user")):
            owner.execute(sql.SQL("grant {} to {} with inherit false, set true").format(system, role))
    else:
        owner.execute(sql.SQL("grant {} to {}").format(system, app))
        owner.execute(sql.SQL("grant {} to current_user").format(system))


def _limit(owner: psycopg.Connection, app_role: str) -> None:
    """Let the role wait no longer than a request may, unless an administrator has chosen a time already."""
    found = owner.execute(
        "select unnest(setconfig) from pg_db_role_setting"
        " where setrole = (select oid from pg_roles where rolname = %s)",
        [app_role],
    ).fetchall()
    chosen = {setting.partition("=")[0] for (setting,) in found}
    for name, value in BRIEF.settings().items():
        if name not in chosen:
            command = sql.SQL("alter role {} set {} = {}")
            owner.execute(command.format(sql.Identifier(app_role), sql.Identifier(name), sql.Literal(value)))


def _refuse_encoding(owner: psycopg.Connection, owner_url: str) -> None:
    encoding = owner.info.parameter_status("server_encoding")
    if encoding != "UTF8":
        raise CannotStart(
            f"The database at {where(owner_url)} holds text in {encoding} and cannot hold every name; make another "
            "one with: CREATE DATABASE kith ENCODING 'UTF8' LOCALE 'C.UTF-8' TEMPLATE template0;",
            Exit.CONFIGURATION,
        )


def _refuse_powerful(owner: psycopg.Connection, app_role: str) -> None:
    row = owner.execute(
        "select rolsuper or rolbypassrls, rolinherit from pg_roles where rolname = %s", [app_role]
    ).fetchone()
    if row is None or row[0]:
        raise CannotStart(
            f"The application's role {app_role} could read every organization's rows; "
            f"let an administrator run: ALTER ROLE {app_role} NOSUPERUSER NOBYPASSRLS;",
            Exit.CONFIGURATION,
        )
    if row[1] and owner.info.server_version < 160000:
        raise CannotStart(
            f"On PostgreSQL 15 the role {app_role} must not inherit the rights of {SYSTEM_ROLE}; "
            f"let an administrator run: ALTER ROLE {app_role} NOINHERIT;",
            Exit.CONFIGURATION,
        )


def _verifier(connection: psycopg.Connection, role: str, password: str) -> sql.Literal:
    """The SCRAM verifier of a password, so that the server's log never holds the password itself."""
    made = connection.pgconn.encrypt_password(password.encode(), role.encode(), b"scram-sha-256")
    return sql.Literal(made.decode())
