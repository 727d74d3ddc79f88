"""All participants of a list as one file."""

from collections.abc import Iterator
from typing import Any

from kith.kit import files, tables
from kith.kit.tables import Format
from kith.participants import queries

# Headings that the import reads, so that an exported file can be changed and imported again.
COLUMNS = (
    "name", "email", "phone", "external_id", "country", "language", "timezone", "kind", "status", "code",
    "referred_by_code", "picture_url", "visa_number", "visa_stage", "visa_type", "application_on", "extra",
    "email_verified_at", "last_login_at", "source", "created_at", "updated_at", "id",
)  # fmt: skip


def export_participants(
    *,
    format: Format,
    search: str = "",
    status: str = "",
    kind: str = "",
    filters: dict[str, Any] | None = None,
) -> tuple[str, int]:
    """Write the list into a stored file, row by row: its name and how many rows. Needs a tenant in force."""
    rows = queries.export_rows(search=search, status=status, kind=kind, filters=filters)
    return files.keep_table(COLUMNS, rows, folder="exports", format=format)


def everybody(*, format: Format) -> Iterator[bytes]:
    """The file of all participants in pieces, for whoever stores it elsewhere. Iterate with the tenant in force."""
    return tables.as_file(COLUMNS, queries.export_rows(), format=format)
