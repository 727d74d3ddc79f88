"""Sponsors, programs and campaigns."""

import datetime
from collections.abc import Mapping
from typing import Any

from django.core.exceptions import ValidationError
from django.core.validators import validate_slug
from django.db import IntegrityError, transaction
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from kith.kit import errors, outbox, web
from kith.kit.actors import Actor
from kith.kit.currencies import CURRENCIES
from kith.pipelines.actions import record_status
from kith.pipelines.models import Pipeline, Subject
from kith.programs.actions.budgets import open_budget
from kith.programs.actions.landing import LandingFault, checked_content, record_landing
from kith.programs.events import ProgramChanged, ProgramCreated
from kith.programs.models import Campaign, Program, ProgramStatus, Sponsor


class ProgramTaken(errors.Conflict):
    """The organization has a program of this code."""

    code = "program_taken"
    message = _("There is already a program “%(program)s”.")


class CampaignTaken(errors.Conflict):
    """The program has a campaign of this code."""

    code = "campaign_taken"
    message = _("This program already has a campaign “%(campaign)s”.")


class SponsorTaken(errors.Conflict):
    """The organization has a sponsor of this code."""

    code = "sponsor_taken"
    message = _("There is already a sponsor “%(sponsor)s”.")


ANOTHER_CODE = _("Choose another code; capitals make no difference.")
_WINDOWS = {"click_window_days": 1, "conversion_window_days": 1, "report_window_days": 0}
_PROGRAM_FIELDS = frozenset(
    {"name", "status", "is_default", "sponsor", "destination_url", "landing", *_WINDOWS}
)
_CAMPAIGN_FIELDS = frozenset({"name", "status", "starts_at", "ends_at", "multiplier_bps"})


def create_sponsor(
    *, code: str, name: str, kind: str = "brand", actor: Actor, now: datetime.datetime
) -> Sponsor:
    """Name somebody who pays for programs. Raises SponsorTaken, errors.Invalid."""
    refuse(naming_faults({"code": code, "name": name}))
    try:
        with transaction.atomic():
            refuse_twin(Sponsor.objects.all(), code)
            made: Sponsor = Sponsor.objects.create(code=code, name=name.strip(), kind=kind, created_at=now)
    except IntegrityError as error:
        raise SponsorTaken(sponsor=code, fields={"code": ANOTHER_CODE}) from error
    return made


def update_sponsor(
    *, sponsor: Sponsor, changes: Mapping[str, Any], actor: Actor, now: datetime.datetime
) -> Sponsor:
    """Change a sponsor's name or kind; its code stays. Raises errors.Invalid."""
    locked: Sponsor = Sponsor.objects.select_for_update().get(pk=sponsor.pk)
    refuse(_unknown(changes, frozenset({"name", "kind"})) | naming_faults(changes))
    for name, value in changes.items():
        setattr(locked, name, value.strip())
    if changes:
        locked.save(update_fields=list(changes))
    return locked


def create_program(
    *,
    code: str,
    name: str,
    pipeline: Pipeline,
    currency: str,
    is_default: bool = False,
    status: str = "live",
    sponsor: Sponsor | None = None,
    actor: Actor,
    now: datetime.datetime,
    **values: Any,
) -> Program:
    """Set up a program with an uncapped budget. `values`: destination_url, landing, the three windows in days.

    Raises ProgramTaken, errors.Invalid naming the field.
    """
    given = {"code": code, "name": name, "currency": currency, "status": status, **values}
    faults = naming_faults(given) | _program_faults(given)
    if pipeline.subject != Subject.REFERRAL:
        faults["pipeline"] = _("Choose a pipeline for referrals.")
    refuse(faults)
    given |= _stored(given)
    try:
        with transaction.atomic():
            refuse_twin(Program.objects.all(), code)
            if is_default:
                _displace_default()
            made: Program = Program.objects.create(
                **(given | {"name": name.strip()}), pipeline=pipeline, sponsor=sponsor, is_default=is_default,
                created_at=now,
            )  # fmt: skip
    except IntegrityError as error:
        raise ProgramTaken(program=code, fields={"code": ANOTHER_CODE}) from error
    record_status(
        machine="program", subject_id=made.id, from_state="", to_state=status, actor=actor, reason="", now=now
    )
    created = ProgramCreated(program_id=made.id, code=code)
    outbox.publish(created, subject_type="program", subject_id=made.id, now=now)
    if made.landing:
        record_landing(program=made, content=made.landing, actor=actor, now=now)
    open_budget(program=made, hard_cap=None, actor=actor, now=now)
    return made


def update_program(
    *, program: Program, changes: Mapping[str, Any], actor: Actor, now: datetime.datetime
) -> Program:
    """Change what may change of a program; its code, currency and pipeline stay. Raises errors.Invalid."""
    locked: Program = Program.objects.select_for_update().get(pk=program.pk)
    refuse(_unknown(changes, _PROGRAM_FIELDS) | naming_faults(changes) | _program_faults(changes))
    before, changes = locked.status, {**changes, **_stored(changes)}
    changed = [name for name, value in changes.items() if getattr(locked, name) != value]
    if not changed:
        return locked
    if "is_default" in changed and changes["is_default"]:
        _displace_default()
    for name in changed:
        setattr(locked, name, changes[name])
    locked.save(update_fields=changed)
    if "landing" in changed:
        record_landing(program=locked, content=locked.landing, actor=actor, now=now)
    if locked.status != before:
        record_status(
            machine="program", subject_id=locked.id, from_state=before, to_state=locked.status, actor=actor,
            reason="", now=now,
        )  # fmt: skip
    told = ProgramChanged(program_id=locked.id, status=locked.status, fields=sorted(changed))
    outbox.publish(told, subject_type="program", subject_id=locked.id, now=now)
    return locked


def create_campaign(
    *,
    program: Program,
    code: str,
    name: str,
    starts_at: datetime.datetime,
    ends_at: datetime.datetime | None = None,
    multiplier_bps: int = 10_000,
    status: str = "live",
    actor: Actor,
    now: datetime.datetime,
) -> Campaign:
    """Start a push within a program. Raises CampaignTaken, errors.Invalid naming the field."""
    given = {
        "code": code, "name": name, "starts_at": starts_at, "ends_at": ends_at, "multiplier_bps": multiplier_bps,
        "status": status,
    }  # fmt: skip
    refuse(naming_faults(given) | _campaign_faults(given))
    try:
        with transaction.atomic():
            refuse_twin(Campaign.objects.filter(program=program), code)
            made: Campaign = Campaign.objects.create(program=program, created_at=now, **given)
    except IntegrityError as error:
        raise CampaignTaken(campaign=code, fields={"code": ANOTHER_CODE}) from error
    return made


def update_campaign(
    *, campaign: Campaign, changes: Mapping[str, Any], actor: Actor, now: datetime.datetime
) -> Campaign:
    """Change a campaign; its code stays. Rewards already granted keep their amount. Raises errors.Invalid."""
    locked: Campaign = Campaign.objects.select_for_update().get(pk=campaign.pk)
    whole = {name: getattr(locked, name) for name in _CAMPAIGN_FIELDS} | dict(changes)
    refuse(_unknown(changes, _CAMPAIGN_FIELDS) | naming_faults(changes) | _campaign_faults(whole))
    for name, value in changes.items():
        setattr(locked, name, value)
    if changes:
        locked.save(update_fields=list(changes))
    return locked


Faults = dict[str, Any]


def _displace_default() -> None:
    Program.objects.filter(is_default=True).update(is_default=False)


def refuse(faults: Faults) -> None:
    """Raises errors.Invalid when there are any."""
    if faults:
        raise errors.Invalid(fields=faults)


def refuse_twin(rows: QuerySet[Any], code: str) -> None:
    """Raises IntegrityError for a code that differs from another one only in capitals, as the same one does."""
    if rows.filter(code__iexact=code).exists():
        raise IntegrityError("code")


def _unknown(changes: Mapping[str, Any], known: frozenset[str]) -> Faults:
    return {name: _("This cannot be changed.") for name in changes if name not in known}


def naming_faults(given: Mapping[str, Any]) -> Faults:
    """What is wrong with code, name and status, as far as they are given."""
    found: Faults = {}
    if "code" in given:
        try:
            validate_slug(given["code"])
        except ValidationError:
            found["code"] = _("Use letters, digits, hyphens and underscores.")
        if len(given["code"]) > 60:
            found["code"] = _("Use at most 60 characters.")
    if "name" in given and not 0 < len(given["name"].strip()) <= 120:
        found["name"] = _("Give a name of at most 120 characters.")
    if "status" in given and given["status"] not in ProgramStatus.values:
        found["status"] = _("Choose one of the states.")
    return found


def _program_faults(given: Mapping[str, Any]) -> Faults:
    found: Faults = {}
    if "currency" in given and given["currency"] not in CURRENCIES:
        found["currency"] = _("Use a currency code of ISO 4217, such as EUR.")
    if given.get("destination_url"):
        found_url = web.address(given["destination_url"])
        if found_url is None or len(found_url) > 200:
            found["destination_url"] = _("Give an address that begins with https:// or http://.")
    for name, least in _WINDOWS.items():
        if name in given and not (type(given[name]) is int and least <= given[name] <= 3650):
            found[name] = _("Give a number of days, at most 3650.")
    try:
        checked_content(given.get("landing", {}))
    except LandingFault as fault:
        found["landing"] = f"{fault.text} {' '.join(str(each) for each in fault.fields.values())}"
    return found


def _stored(given: Mapping[str, Any]) -> dict[str, Any]:
    """Address and landing page in their stored form; what is at fault stays, to be named."""
    url, landing = given.get("destination_url"), given.get("landing")
    stored = {"destination_url": web.address(url) or url} if url else {}
    return stored | ({"landing": checked_content(landing)} if landing else {})


def _campaign_faults(given: Mapping[str, Any]) -> Faults:
    found: Faults = {}
    if given["ends_at"] is not None and given["ends_at"] <= given["starts_at"]:
        found["ends_at"] = _("A campaign ends after it starts.")
    if not (type(given["multiplier_bps"]) is int and 0 < given["multiplier_bps"] <= 1_000_000):
        found["multiplier_bps"] = _("Give basis points above 0: 20000 doubles rewards.")
    return found
