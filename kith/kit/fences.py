"""Migration operations that put a table behind the database's fences.

`Fence` is written once per tenant-owned table at the end of the migration that creates it: composite
keys so that no row can point into another tenant, forced row-level security, and the audit trigger.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from django.db.backends.base.schema import BaseDatabaseSchemaEditor
from django.db.migrations.operations.base import Operation
from django.db.migrations.state import ProjectState

TENANT = "(select nullif(current_setting('app.tenant_id', true), '')::int)"


class Fence(Operation):
    """Fence one table.

    references: column -> table it points at inside the same tenant.
    pii: columns audited only as a digest; secret: columns left out of the audit trail.
    writes: "all", "append" (no update or delete, ever) or "none" (only functions write).
    """

    reduces_to_sql = True
    reversible = True

    def __init__(
        self,
        table: str,
        *,
        references: Mapping[str, str] | None = None,
        pii: Sequence[str] = (),
        secret: Sequence[str] = (),
        audit: bool = True,
        writes: str = "all",
        unique_id: bool = True,
    ) -> None:
        self.table = table
        self.references = dict(references or {})
        self.pii, self.secret = tuple(pii), tuple(secret)
        self.audit, self.writes, self.unique_id = audit, writes, unique_id

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        """Needed by Django's migration writer; Fence is always written by hand."""
        return (type(self).__name__, [self.table], {"references": self.references})

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        """Nothing in Django's view of the models changes."""

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: Any, to_state: Any
    ) -> None:
        """Run every statement of `sql()`."""
        # Foreign keys of this migration are still deferred statements; they come after the unique keys.
        for statement in self.sql():
            schema_editor.execute(statement)

    def database_backwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: Any, to_state: Any
    ) -> None:
        """The table itself is dropped by the operation that made it; nothing to take back."""

    def describe(self) -> str:
        """Line printed by `migrate --plan`."""
        return f"Fence {self.table}"

    def sql(self) -> list[str]:
        """The statements, in order."""
        table = self.table
        statements = []
        if self.unique_id:
            statements.append(
                f"alter table {table} add constraint {table}_tenant_id_key unique (tenant_id, id)"
            )
        for column, target in self.references.items():
            statements.append(
                f"alter table {table} add constraint {table}_{column}_tenant_fk "
                f"foreign key (tenant_id, {column}) references {target} (tenant_id, id)"
            )
        statements += [
            f"alter table {table} enable row level security",
            f"alter table {table} force row level security",
            f"create policy tenant on {table} using (tenant_id = {TENANT}) with check (tenant_id = {TENANT})",
            f"create policy crossing on {table} to kith_system using (true) with check (true)",
        ]
        if self.audit:
            arguments = ", ".join(f"'{','.join(columns)}'" for columns in (self.pii, self.secret))
            statements.append(
                f"create trigger audit after insert or update or delete on {table} "
                f"for each row execute function audit_row({arguments})"
            )
        # Read by kit.database.grant_privileges, which runs after each migration.
        statements.append(f"comment on table {table} is 'writes:{self.writes}'")
        if self.writes == "append":
            statements.append(
                f"create trigger append_only before update or delete on {table} "
                "for each row execute function refuse_change()"
            )
        return statements


class RunSQLFile(Operation):
    """Run a file of `sql/` beside the feature; `backwards` is the SQL that undoes it."""

    reduces_to_sql = True
    reversible = True

    def __init__(self, path: Any, backwards: str = "") -> None:
        self.path, self.backwards = path, backwards

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        """Needed by Django's migration writer; always written by hand."""
        return (type(self).__name__, [str(self.path)], {})

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        """Nothing in Django's view of the models changes."""

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: Any, to_state: Any
    ) -> None:
        """Send the whole file in one go."""
        with schema_editor.connection.cursor() as cursor:
            cursor.execute(self.path.read_text())

    def database_backwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: Any, to_state: Any
    ) -> None:
        """Run the undoing SQL, if any."""
        if self.backwards:
            schema_editor.execute(self.backwards, params=None)  # a sign of per cent is itself

    def describe(self) -> str:
        """Line printed by `migrate --plan`."""
        return f"Run {self.path.name}"


class StateMachine(Operation):
    """Declare the steps of a status column; the database refuses any other."""

    reduces_to_sql = True
    reversible = True

    def __init__(self, table: str, machine: str, edges: Mapping[str, Sequence[str]]) -> None:
        self.table, self.machine, self.edges = table, machine, edges

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        """Needed by Django's migration writer; always written by hand."""
        return (type(self).__name__, [self.table, self.machine, dict(self.edges)], {})

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        """Nothing in Django's view of the models changes."""

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: Any, to_state: Any
    ) -> None:
        """Store the edges and attach the trigger."""
        rows = [(self.machine, start, end) for start, ends in self.edges.items() for end in ends]
        with schema_editor.connection.cursor() as cursor:
            cursor.executemany("insert into kit_state_edge values (%s, %s, %s)", rows)
        schema_editor.execute(
            f"create trigger declared_steps before update of status on {self.table} "
            f"for each row execute function refuse_undeclared_step('{self.machine}')"
        )

    def database_backwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: Any, to_state: Any
    ) -> None:
        """Forget the edges; the trigger goes with its table."""
        schema_editor.execute("delete from kit_state_edge where machine = %s", [self.machine])

    def describe(self) -> str:
        """Line printed by `migrate --plan`."""
        return f"Declare the steps of {self.machine}"


class Searchable(Operation):
    """Give a table with a `search` column the function behind `kit.search.matching`.

    It belongs to kith_system, whose policy hides nothing, so that LIKE may use the trigram index; the
    tenant in force is written into its text.
    """

    reduces_to_sql = True
    reversible = True

    def __init__(self, table: str) -> None:
        self.table = table

    def deconstruct(self) -> tuple[str, list[Any], dict[str, Any]]:
        """Needed by Django's migration writer; always written by hand."""
        return (type(self).__name__, [self.table], {})

    def state_forwards(self, app_label: str, state: ProjectState) -> None:
        """Nothing in Django's view of the models changes."""

    def database_forwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: Any, to_state: Any
    ) -> None:
        """Make the function and hand it over."""
        with schema_editor.connection.cursor() as cursor:
            cursor.execute(
                f"""
                create function {self.table}_matching(words text[]) returns setof uuid
                language plpgsql stable security definer set search_path = public, pg_temp as $$
                declare
                  tenant int := nullif(current_setting('app.tenant_id', true), '')::int;
                  longest text;
                  patterns text[];
                begin
                  select array_agg('%' || regexp_replace(word, '([\\\\%_])', '\\\\\\1', 'g') || '%'
                                   order by length(word) desc) into patterns from unnest(words) word;
                  longest := patterns[1];
                  return query execute 'select id from {self.table}'
                    ' where tenant_id = $1 and search like $2 and search like all ($3)' using tenant, longest, patterns;
                end $$;
                grant create on schema public to kith_system;
                alter function {self.table}_matching(text[]) owner to kith_system;
                revoke create on schema public from kith_system;
                """
            )

    def database_backwards(
        self, app_label: str, schema_editor: BaseDatabaseSchemaEditor, from_state: Any, to_state: Any
    ) -> None:
        """Drop the function."""
        schema_editor.execute(f"drop function {self.table}_matching(text[])")

    def describe(self) -> str:
        """Line printed by `migrate --plan`."""
        return f"Make {self.table} searchable"
