"""Where a code, a link or a site key leads: whose it is, and the page behind it."""

import datetime
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db import connection
from django.db.models import QuerySet
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _

from kith.kit import clock, codes, tenancy
from kith.kit.actors import PUBLIC
from kith.participants.models import Participant, ParticipantStatus
from kith.programs.models import Campaign, Program
from kith.programs.queries import Landing, campaign_of, landing
from kith.referrals import rules
from kith.referrals.models import Click, Link, Referral, SiteKey
from kith.tenants.models import Tenant
from kith.tenants.queries import label as own_word
from kith.tenants.queries import setting


@dataclass(frozen=True, slots=True)
class Located:
    """Who stands behind a code, on the whole installation. `program_id` is None without a default program."""

    tenant_id: int
    participant_id: UUID
    program_id: UUID | None
    campaign_id: UUID | None
    link_id: UUID | None
    is_live: bool
    destination_url: str


def locate_code(code: str) -> Located | None:
    """The active participant and program of a code or link, whatever tenant is in force; None when unknown."""
    wanted = codes.normalize(code)
    if not codes.is_well_formed(wanted, vanity=True):
        return None
    with connection.cursor() as cursor:
        cursor.execute("select * from locate_code(%s)", [wanted])
        row = cursor.fetchone()
    return Located(*row) if row else None


@dataclass(frozen=True, slots=True)
class Site:
    """Whose pages a live site key is for, and where they are."""

    tenant_id: int
    site_id: UUID
    origins: list[str]
    locale: str


def locate_site(key: str) -> Site | None:
    """The site of a key, whatever tenant is in force; None when there is no live one."""
    with connection.cursor() as cursor:
        cursor.execute("select * from locate_site(%s)", [key])
        row = cursor.fetchone()
    return Site(*row) if row else None


def site_keys() -> QuerySet[SiteKey]:
    """Live keys for the organization's own pages, by name."""
    found: QuerySet[SiteKey] = SiteKey.objects.filter(revoked_at=None).order_by("name", "created_at")
    return found


def site_events(*, since: datetime.datetime) -> tuple[int, int]:
    """Visits and leads that the organization's own pages reported since then."""
    clicks = Click.objects.filter(channel=rules.SITE_CHANNEL, occurred_at__gte=since).count()
    return clicks, Referral.objects.filter(source="site", created_at__gte=since).count()


@dataclass(frozen=True, slots=True)
class Sender:
    """The participant, program and link that a code of the tenant in force stands for."""

    participant: Participant
    program: Program | None
    campaign: Campaign | None
    link: Link | None
    code: str


def sender(code: str) -> Sender | None:
    """Who refers with that code in the tenant in force; None when it is unknown or not active."""
    wanted = codes.normalize(code)
    if not codes.is_well_formed(wanted, vanity=True):
        return None
    active = Participant.objects.filter(code=wanted, status=ParticipantStatus.ACTIVE).first()
    if active is not None:
        return Sender(active, Program.objects.filter(is_default=True).first(), None, None, wanted)
    found: Link | None = (
        Link.objects.select_related("participant", "program", "campaign")
        .filter(slug=wanted, active=True, participant__status=ParticipantStatus.ACTIVE)
        .first()
    )
    return Sender(found.participant, found.program, found.campaign, found, wanted) if found else None


@dataclass(frozen=True, slots=True)
class Place:
    """Where a code leads: the organization, who invites by first name, and the landing page as it is shown."""

    tenant: Tenant
    code: str
    status: str
    is_live: bool
    needs_booking: bool
    landing: Landing

    @property
    def organization(self) -> str:
        """The organization's name."""
        return self.landing.organization

    @property
    def referrer(self) -> str:
        """The first name of whoever invites."""
        return self.landing.referrer

    @property
    def title(self) -> str:
        """The page's own title, if one was written."""
        return self.landing.words.texts["title"]

    @property
    def text(self) -> str:
        """The page's own text below the title, if one was written."""
        return self.landing.words.texts["text"]

    @property
    def consent(self) -> str:
        """What the friend agrees to."""
        usual = _("%(organization)s may use these details to handle this referral.")
        return self.landing.words.texts["consent"] or usual % {"organization": self.organization}

    @property
    def asks(self) -> dict[str, Any]:
        """What the friend's form is made with."""
        return {
            "needs_booking": self.needs_booking, "consent": self.consent,
            "booking_word": own_word(self.tenant, "booking_reference", get_language() or "", ""),
        }  # fmt: skip


def place(code: str, *, own_language: bool = False) -> Place | None:
    """The landing page of a code, whatever tenant it belongs to; None when unknown.

    Texts in the active language, or in the organization's own.
    """
    located = locate_code(code)
    if located is None or located.program_id is None:
        return None
    with tenancy.use(located.tenant_id, actor=PUBLIC):
        program = Program.objects.select_related("tenant").get(pk=located.program_id)
        name = Participant.objects.values_list("name", flat=True).get(pk=located.participant_id)
        with override(program.tenant.locale if own_language else get_language()):
            return Place(
                tenant=program.tenant, code=codes.normalize(code), status=program.status, is_live=located.is_live,
                needs_booking=_needs_booking(program),
                landing=landing(
                    program, program.tenant, at=clock.now(), referrer=name.split()[0] if name.split() else "",
                    campaign=campaign_of(located.campaign_id),
                ),
            )  # fmt: skip


def _needs_booking(program: Program) -> bool:
    return bool(setting("referrals.require_booking_reference", program_id=program.id))


def sample_place(program: Program, tenant: Tenant, shown: Landing) -> Place:
    """A place as a friend would find it, for a page that is not published yet."""
    return Place(tenant, "", program.status, True, _needs_booking(program), shown)


def is_participant_code(code: str) -> bool:
    """True when a participant of any organization has that code."""
    with connection.cursor() as cursor:
        cursor.execute("select is_participant_code(%s)", [code])
        return bool(cursor.fetchone()[0])
