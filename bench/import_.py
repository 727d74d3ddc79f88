"""100,000 customers: the import (check, encrypt, audit, announce) against COPY of the same rows.

    .venv/bin/python bench/import_.py [rows]

Runs on the test server, in a database of its own that is dropped afterwards.
"""

import csv
import io
import os
import resource
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent.parent))
from tests import postgres

FIRST = ("Jan", "Piet", "Anna", "Sara", "Mohamed", "Priya", "Zoë", "Daan", "Emma", "Noor")
LAST = ("Jansen", "de Vries", "Bakker", "Patel", "Visser", "Smit", "van den Berg", "Mulder", "Bos", "Müller")


def write_file(file: io.BufferedIOBase, rows: int) -> None:
    """A file as the travel company would export it."""
    text = io.TextIOWrapper(file, "utf-8", newline="", write_through=True)
    writer = csv.writer(text, delimiter=";")
    writer.writerow(["klantnummer", "naam", "e-mailadres", "telefoon", "land", "taal"])
    for n in range(rows):
        name = f"{FIRST[n % 10]} {LAST[n // 10 % 10]} {n}"
        writer.writerow(
            [f"CUST{n:06}", name, f"customer{n}@example.com", f"06 {10_000_000 + n}", "Nederland", "nl"]
        )
    text.detach()


def timed(label: str, run) -> float:
    """Run it, print what it took."""
    start, cpu = time.perf_counter(), time.process_time()
    result = run()
    took, own = time.perf_counter() - start, time.process_time() - cpu
    print(f"{label:<52} {took:7.2f} s   {own:6.2f} s of it own CPU   {result or ''}", flush=True)
    return took


def main(rows: int) -> None:
    """Print the table."""
    database = postgres.acquire()
    os.environ |= {"KITH_DATABASE_URL": database.owner_url, "KITH_APP_DATABASE_URL": database.app_url}
    os.environ["DJANGO_SETTINGS_MODULE"] = "kith.settings"
    import django

    django.setup()
    from django.db import connections

    try:
        measure(rows, database.owner_url)
    finally:
        connections.close_all()
        postgres.release()


def measure(rows: int, owner_url: str) -> None:
    """Import into an empty organization, import the same again, COPY the same rows."""
    import psycopg
    from django.conf import settings

    from kith.kit import clock
    from kith.kit.actors import SYSTEM
    from kith.participants import actions
    from kith.tenants.actions import create_tenant

    with tempfile.TemporaryDirectory() as folder, tempfile.TemporaryFile() as file:
        settings.STORAGES["default"]["OPTIONS"]["location"] = folder
        write_file(file, rows)
        size = file.tell()
        tenant = create_tenant(
            slug="bench",
            name="Bench",
            currency="EUR",
            locale="nl",
            timezone="Europe/Amsterdam",
            now=clock.now(),
        )

        def imported() -> dict[str, int]:
            return actions.import_customers(
                tenant_id=tenant.id, stream=file, mode="all-or-nothing", actor=SYSTEM, now=clock.now()
            ).counts

        busy = os.getloadavg()[0]
        print(f"{rows:,} customers, {size / 1e6:.1f} MB, {os.cpu_count()} cores, load {busy:.1f} before\n")
        before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        first = timed("import into an empty organization", imported)
        again = timed("the same file again", imported)
        after = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        with psycopg.connect(owner_url) as owner:
            owner.execute("select set_config('app.tenant_id', %s, true)", [str(tenant.id)])
            columns, lines = dump(owner)
            everything = timed(
                "COPY of the same rows, all indexes and audit", lambda: load(owner, "copied", columns, lines)
            )
            owner.rollback()
            owner.execute("select set_config('app.tenant_id', %s, true)", [str(tenant.id)])
            bare = timed(
                "COPY of the same rows into a bare table", lambda: load(owner, "bare", columns, lines)
            )
    print(f"\nmemory of the importing process grew by              {(after - before) / 1024:7.0f} MB")
    print(f"import ÷ COPY with the same indexes and audit        {first / everything:7.2f}")
    print(f"import ÷ COPY into a bare table                      {first / bare:7.2f}")
    print(f"second import ÷ first                                {again / first:7.2f}")


def dump(owner) -> tuple[str, list[bytes]]:
    """The stored rows as COPY text."""
    names = [
        row[0]
        for row in owner.execute(
            "select attname from pg_attribute where attrelid = 'participants_participant'::regclass"
            " and attnum > 0 and not attisdropped and attgenerated = '' order by attnum"
        ).fetchall()
    ]
    columns = ", ".join(names)
    with owner.cursor().copy(f"copy (select {columns} from participants_participant) to stdout") as copy:
        return columns, [bytes(piece) for piece in copy]


def load(owner, kind: str, columns: str, lines: list[bytes]) -> None:
    """COPY the rows into a table like the real one (behind row security COPY is refused, so beside it)."""
    if kind == "copied":
        owner.execute("create table copied (like participants_participant including all)")
        owner.execute(
            "create trigger audit after insert on copied for each row execute function audit_row("
            "'name,email,picture_url,search', 'phone_enc,phone_index,email_index,visa_number_enc,visa_number_index')"
        )
    else:
        owner.execute(f"create table bare as select {columns} from participants_participant limit 0")
    with owner.cursor().copy(f"copy {kind} ({columns}) from stdin") as copy:
        for line in lines:
            copy.write(line)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 100_000)
