"""Demonstration data: a travel company with eighteen months behind it, and a small consultancy beside it.

Nobody and nothing in it exists. The past is lived through with the features' own actions, so that every
balance, history and figure is as it would be, and the same on every installation but for codes and passwords.
"""

import json
import os
import random
import secrets
import string
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from django.conf import settings

from kith.kit import clock, tenancy
from kith.kit.actors import SYSTEM, Actor
from kith.participants import actions as participants
from kith.participants.models import Participant
from kith.presets import actions
from kith.presets.demo import history, people, plan, settle
from kith.programs import queries as programs
from kith.tenants import actions as tenants
from kith.tenants import queries as members
from kith.tenants.models import Role, Tenant

MONTHS = timedelta(days=548)
STAFF = {
    Role.OWNER: "Marijke Hofstra", Role.ADMIN: "Ruben Castelein", Role.MANAGER: "Fenna Wiersma",
    Role.AGENT: "Idris Bouzidi", Role.VIEWER: "Tobias Lindqvist", Role.AUDITOR: "Hedda Zwaan",
}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Company:
    """One demonstration organization. `payouts` are (days ago, payments that come back); the last stays a draft."""

    slug: str
    preset: str
    name: str
    numbers: str
    customers: int
    referrers: int
    shape: plan.Shape
    booking_prefix: str
    seed: int
    payouts: tuple[tuple[int, int], ...] = ()
    visa_types: tuple[str, ...] = ()
    days: timedelta = MONTHS


COMPANIES = (
    Company(
        "travel", "travel", "Kornoelje Reizen", "KR", customers=2_000, referrers=260, booking_prefix="KR26",
        seed=20_260,
        shape=plan.Shape(
            referrals=440, clicks=45_000, waiting=34, direct_bookings=0.68, amounts=(180, 4_800), amount_known=0.78,
            hears_within=(4, 40),
        ),
        payouts=((215, 0), (88, 1), (2, 0)),
    ),
    Company(
        "visa", "visa", "Brugwater Visa Advice", "BW", customers=40, referrers=16, booking_prefix="", seed=339,
        shape=plan.Shape(
            referrals=25, clicks=240, waiting=3, direct_bookings=0.0, amounts=(900, 3_600), amount_known=0.0,
            hears_within=(5, 25),
        ),
        visa_types=("work", "family", "study", "highly skilled migrant"), days=timedelta(days=240),
    ),
)  # fmt: skip


def credentials_path() -> Path:
    """Where the sign-ins of the demonstration are kept, readable by the owner of the installation only."""
    return Path(settings.DATA_DIR) / "credentials.json"


def load_once() -> bool:
    """Fill an installation that has no organization yet; True when that was done. Sign-ins go to a file.

    Where that was interrupted, the organizations still missing are made the next time; one that was begun
    stays as far as it came.
    """
    unfinished = customers_path(COMPANIES[0].slug).with_name("unfinished")
    if Tenant.objects.exists() and not unfinished.exists():
        return False
    unfinished.parent.mkdir(parents=True, exist_ok=True)
    unfinished.touch()
    now = clock.now()
    for company in COMPANIES:
        if not Tenant.objects.filter(slug=company.slug).exists():
            load(company, now=now)
    unfinished.unlink()
    return True


def load(company: Company, *, now: datetime) -> list[dict[str, str]]:
    """Make one organization with its past; answers how its members sign in, which goes to the file at once."""
    dice = random.Random(company.seed)  # noqa: S311 - the demonstration is the same everywhere on purpose
    start = (now - company.days).replace(hour=8, minute=0, second=0, microsecond=0)
    tenant, rows, staff = _found(company, start)
    _keep(rows)
    customers = _import_customers(tenant, company, dice, staff[Role.ADMIN], start)
    stage = _stage(tenant, company, dice, customers, staff)
    planned = plan.make_plan(
        random.Random(company.seed),  # noqa: S311 - as above
        company.shape, start=start + timedelta(days=2), end=now, referrers=company.referrers,
    )  # fmt: skip
    _live(company, stage, planned, staff, start=start, end=now)
    return rows


def _found(company: Company, start: datetime) -> tuple[Tenant, list[dict[str, str]], dict[Role, Actor]]:
    """The organization as its preset describes it, with one member for each role."""
    passwords = {role: _password() for role in STAFF}
    rows = [_sign_in(company.slug, role, passwords[role]) for role in STAFF]
    by_role = dict(zip(STAFF, rows, strict=True))
    with clock.frozen(start):
        owner = by_role[Role.OWNER]
        tenant = actions.load_preset(
            code=company.preset, slug=company.slug, name=company.name, actor=SYSTEM, now=start, is_demo=True,
            owner=actions.Owner(owner["username"], owner["email"], STAFF[Role.OWNER], owner["password"]),
        )  # fmt: skip
        with tenancy.use(tenant.id):
            for role, name in STAFF.items():
                if role != Role.OWNER:
                    row = by_role[role]
                    user = tenants.create_user(
                        username=row["username"],
                        email=row["email"],
                        name=name,
                        password=row["password"],
                        now=start,
                    )
                    tenants.add_member(user=user, role=role, now=start)
            staff = {Role(member.role): members.member_actor(member) for member in members.members()}
    return tenant, rows, staff


def _password() -> str:
    """83 bits, of letters and digits only, so that it survives being pasted into a shell."""
    return "".join(secrets.choice(string.ascii_letters + string.digits) for _ in range(14))


def _sign_in(slug: str, role: str, password: str) -> dict[str, str]:
    return {
        "tenant": slug, "role": str(role), "username": f"{slug}-{role}", "email": f"{role}@{slug}.example.com",
        "password": password, "url": f"{settings.KITH_PUBLIC_URL}/t/{slug}/",
    }  # fmt: skip


def _import_customers(
    tenant: Tenant, company: Company, dice: random.Random, actor: Actor, start: datetime
) -> list[Participant]:
    """Bring the customers in by the file an organization would bring; answers them in the file's order."""
    path = customers_path(company.slug)
    everybody = people.people(dice, mailbox="example.com")
    people.write_csv(path, [next(everybody) for _ in range(company.customers)], prefix=company.numbers)
    with clock.frozen(start + timedelta(hours=1)), path.open("rb") as stream:
        participants.import_customers(tenant_id=tenant.id, stream=stream, actor=actor, now=clock.now())
    with tenancy.use(tenant.id):
        return list(Participant.objects.order_by("external_id"))


def customers_path(slug: str) -> Path:
    """The import file of a demonstration organization."""
    name = "customers.csv" if slug == COMPANIES[0].slug else f"customers-{slug}.csv"
    return Path(settings.DATA_DIR) / "demo" / name


def _stage(
    tenant: Tenant,
    company: Company,
    dice: random.Random,
    customers: Sequence[Participant],
    staff: Mapping[Role, Actor],
) -> history.Stage:
    friends = people.people(dice, mailbox="example.nl")
    with tenancy.use(tenant.id):
        program = programs.default_program()
    if program is None:
        raise RuntimeError(f"the preset {company.preset} has no default program")
    return history.Stage(
        tenant_id=tenant.id, program=program, referrers=dice.sample(list(customers), company.referrers),
        friends=[next(friends) for _ in range(company.shape.referrals)], agent=staff[Role.AGENT],
        manager=staff[Role.MANAGER], dice=dice, booking_prefix=company.booking_prefix, visa_types=company.visa_types,
    )  # fmt: skip


def _live(
    company: Company, stage: history.Stage, planned: plan.Plan, staff: Mapping[Role, Actor], *, start: datetime,
    end: datetime,
) -> None:  # fmt: skip
    """From the first day to the present, with the payouts in between."""
    admin, manager = staff[Role.ADMIN], staff[Role.MANAGER]
    with clock.frozen(start), tenancy.use(stage.tenant_id, actor=admin):
        settle.name_debtor(holder=company.name, dice=stage.dice, actor=admin, now=start)
        settle.open_accounts(stage.referrers[:150], dice=stage.dice, actor=admin, now=start)
        history.set_booking_rule(required=False, actor=admin, now=start)
    due = [(end - timedelta(days=days), returned) for days, returned in company.payouts]
    for moment in history.live_through(planned, stage, start=start, end=end):
        while len(due) > 1 and due[0][0] <= moment:
            at, returned = due.pop(0)
            settle.pay_everybody(
                tenant_id=stage.tenant_id, maker=manager, checker=admin, now=at, returned=returned
            )
    with clock.frozen(end), tenancy.use(stage.tenant_id, actor=admin):
        history.set_booking_rule(required=bool(company.booking_prefix), actor=admin, now=end)
        history.leave_on_desk(stage, now=end)
    if due:
        settle.draft(tenant_id=stage.tenant_id, maker=manager, now=due[0][0])
        with (
            clock.frozen(end),
            tenancy.use(stage.tenant_id, actor=admin),
        ):  # they can be paid with the next one
            settle.open_accounts(stage.referrers[150:200], dice=stage.dice, actor=admin, now=end)
    history.count(end)


def _keep(rows: Sequence[Mapping[str, Any]]) -> None:
    """Add sign-ins to the file, which nobody else on the machine can read."""
    path = credentials_path()
    path.parent.mkdir(parents=True, exist_ok=True)
    slugs = {row["tenant"] for row in rows}
    kept = (
        [row for row in json.loads(path.read_text()) if row["tenant"] not in slugs] if path.exists() else []
    )
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
        json.dump([*kept, *rows], file, indent=2)
