"""`kith keys`: which keys there are, and how to change them while Kith runs."""

import datetime
import fcntl
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import click
from django.conf import settings
from django.db import connection
from django.db.models import Count

from kith import secrets
from kith.kit import clock, crypto, tenancy, tokens
from kith.kit.keyring import fingerprint
from kith.kit.models import SubjectKey
from kith.tenants import actions
from kith.tenants.models import Tenant

BATCH = 1000
TWO_STEPS = """The master key comes from the environment, so you change it there, in every process at once:
  1. Make a key:  openssl rand -base64 32
  2. Set  KITH_MASTER_KEY           to the new key,
          KITH_MASTER_KEY_PREVIOUS  to the present one,
          KITH_PEPPER_KEY           to the present one, unless it is set already; look-ups stay with it for good.
  3. Restart all processes of Kith together, and call `kith keys rotate` again.
  4. When it is done remove KITH_MASTER_KEY_PREVIOUS and restart."""


@click.group(help="Look after the keys that encrypt and sign.")
def command() -> None:
    """Groups what concerns keys."""


@command.command("list", help="Each master key by its number, and how many persons' keys it wraps.")
def show() -> None:
    """Names no key, only fingerprints."""
    wrapped, known = _wrapped(), [fingerprint(master) for master in crypto.keyring().masters]
    for place, version in enumerate(known):
        word = "in use" if place == 0 else "former"
        click.echo(f"{version:>10}  {word:8} wraps {wrapped.pop(version, 0):,} key(s)")
    for version, count in wrapped.items():
        click.echo(f"{version:>10}  unknown  wraps {count:,} key(s) that nobody here can read")
    if wrapped:
        raise click.ClickException("Bring the missing master key back; see docs/operations/keys.md.")


@command.command("rotate", help="Change the master key and wrap every person's key with the new one.")
@click.option("--tokens", "of_tokens", is_flag=True, help="Change the key that signs access tokens instead.")
@click.option("--leaked", is_flag=True, help="With --tokens: refuse tokens of the former key at once.")
def rotate(of_tokens: bool, leaked: bool) -> None:
    """Services keep running: both keys are known until nothing needs the former. Call it again after a stop."""
    if leaked and not of_tokens:
        raise click.UsageError("--leaked goes with --tokens; a master key is replaced whole anyway.")
    if of_tokens:
        tokens.rotate(now=clock.now(), keep_former=not leaked)
        click.echo("New access tokens are signed with a new key.")
        return
    with _alone():
        _rotate_master()


def _rotate_master() -> None:
    if settings.KITH_KEYS_FOLLOWED:
        secrets.renew_master_key()
    elif not settings.KITH_MASTER_KEY_PREVIOUS or not settings.KITH_PEPPER_KEY:
        raise click.ClickException(TWO_STEPS)
    if lost := _wrapped().keys() - {fingerprint(master) for master in crypto.keyring().masters}:
        raise click.ClickException(
            f"Keys are wrapped with master key {min(lost)}, which is not here; bring it back."
        )
    published = _now()
    moved = _rewrap()
    # A transaction from before may still add a key under the former master: it must end first.
    while others := _older_transactions(published):
        click.echo(f"Waiting for {others} transaction(s) that began before …")
        threading.Event().wait(1)
    while _former_count():
        moved += _rewrap()
    if settings.KITH_KEYS_FOLLOWED:
        secrets.drop_former_keys()
        click.echo(f"{moved:,} key(s) wrapped anew; the former master key is gone. Back up secrets.json now.")
    else:
        click.echo(f"{moved:,} key(s) wrapped anew; remove KITH_MASTER_KEY_PREVIOUS and restart.")


def _rewrap() -> int:
    """Wrap the keys of every organization, a thousand per transaction; how many were moved."""
    tenants = list(Tenant.objects.order_by("id").values_list("id", "slug"))
    total = 0
    for number, (tenant_id, slug) in enumerate(tenants, 1):
        moved = 0
        while step := _step(tenant_id):
            moved += step
            click.echo(f"{slug} ({number} of {len(tenants)}): {moved:,} key(s) wrapped anew")
        total += moved
    factors = actions.reseal_factors()
    if factors:
        click.echo(f"{factors:,} second factor(s) sealed anew")
    return total + factors


def _step(tenant_id: int) -> int:
    with tenancy.use(tenant_id):
        return crypto.rewrap_keys(limit=BATCH)


def _wrapped() -> dict[int, int]:
    """Persons' keys per number of the master key that wraps them."""
    with tenancy.across_tenants("a master key wraps the keys of every organization"):
        rows = (
            SubjectKey.objects.values_list("kek_version").annotate(keys=Count("id")).order_by("kek_version")
        )
        return dict(rows)


def _former_count() -> int:
    return sum(count for version, count in _wrapped().items() if version != crypto.keyring().version)


def _now() -> datetime.datetime:
    """By the database's clock, which also dates its transactions."""
    with connection.cursor() as cursor:
        cursor.execute("select clock_timestamp()")
        found: datetime.datetime = cursor.fetchone()[0]
        return found


def _older_transactions(moment: datetime.datetime) -> int:
    """How many other transactions of the application on this database began before the moment."""
    with connection.cursor() as cursor:
        cursor.execute(
            "select count(*) from pg_stat_activity where datname = current_database() and usename = current_user"
            " and pid <> pg_backend_pid() and xact_start < %s",
            [moment],
        )
        return int(cursor.fetchone()[0])


@contextmanager
def _alone() -> Iterator[None]:
    """One rotation at a time in this installation."""
    with open(settings.DATA_DIR / "keys.lock", "w") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise click.ClickException("Another `kith keys rotate` is at work here.") from None
        yield
