"""Reading codes, links, clicks, referrals, conversions and notes."""

import datetime
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlencode
from uuid import UUID

from django.db import connection
from django.db.models import QuerySet
from django.utils.translation import get_language, override
from django.utils.translation import gettext as _

from kith.kit import clock, codes, crypto, tenancy, web
from kith.kit.actors import PUBLIC
from kith.kit.search import matching
from kith.participants.models import Participant, ParticipantStatus
from kith.pipelines.queries import Passage, history
from kith.programs.models import Campaign, Program
from kith.programs.queries import Landing, campaign_of, default_program, landing, share_texts
from kith.programs.rules import CHANNELS
from kith.referrals import rules
from kith.referrals.models import CLOSED, Agreement, Click, Conversion, Link, Note, Referral, SiteKey
from kith.tenants.models import Tenant
from kith.tenants.queries import label as own_word
from kith.tenants.queries import setting

NEWEST = ("-created_at", "-id")


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
            "needs_booking": self.needs_booking, "organization": self.organization, "consent": self.consent,
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


def agreement(referral_id: UUID) -> Agreement | None:
    """What the referred person agreed to; None where nobody was asked."""
    found: Agreement | None = Agreement.objects.filter(referral_id=referral_id).first()
    return found


def is_participant_code(code: str) -> bool:
    """True when a participant of any organization has that code."""
    with connection.cursor() as cursor:
        cursor.execute("select is_participant_code(%s)", [code])
        return bool(cursor.fetchone()[0])


def link_list(*, participant_id: UUID | None = None) -> QuerySet[Link]:
    """Links with participant and program, newest first."""
    found: QuerySet[Link] = Link.objects.select_related("participant", "program", "campaign").order_by(
        *NEWEST
    )
    return found.filter(participant_id=participant_id) if participant_id else found


def shared_links(participant_id: UUID) -> list[tuple[Link, str]]:
    """The participant's 50 newest links that work, each with its address."""
    rows = link_list(participant_id=participant_id).filter(active=True)[:50]
    return [(row, address(row.slug)) for row in rows]


def click_between(click_id: UUID, earliest: datetime.datetime, latest: datetime.datetime) -> Click | None:
    """The click of that id within a period; the period keeps the search out of the other months."""
    found: Click | None = Click.objects.filter(
        pk=click_id, occurred_at__gte=earliest, occurred_at__lte=latest, is_bot=False
    ).first()
    return found


def get_referral(referral_id: UUID) -> Referral:
    """The referral with referrer, program and stage. Raises Referral.DoesNotExist."""
    found: Referral = _with_names().get(pk=referral_id)
    return found


def referral_list(
    *,
    search: str = "",
    category: str = "",
    stage: str = "",
    program_id: UUID | None = None,
    referrer_id: UUID | None = None,
    created_from: datetime.datetime | None = None,
    created_before: datetime.datetime | None = None,
) -> QuerySet[Referral]:
    """Referrals with referrer, program and stage, newest first.

    `search` finds parts of name, e-mail, booking reference and code; `stage` is a stage's code.
    """
    wanted: dict[str, Any] = {
        "category": category,
        "stage__code": stage,
        "program_id": program_id,
        "referrer_id": referrer_id,
        "created_at__gte": created_from,
        "created_at__lt": created_before,
    }
    found = _with_names().filter(**{name: value for name, value in wanted.items() if value})
    return matching(found, search).order_by(*NEWEST)


def _with_names() -> QuerySet[Referral]:
    found: QuerySet[Referral] = Referral.objects.select_related("referrer", "program", "stage", "campaign")
    return found


def conversions_of(referral_ids: list[UUID]) -> QuerySet[Conversion]:
    """Conversions of some referrals, oldest first."""
    found: QuerySet[Conversion] = Conversion.objects.filter(referral_id__in=referral_ids).order_by(
        "received_at", "id"
    )
    return found


def get_conversion(event: str, external_id: str) -> Conversion:
    """The conversion of that event and external id. Raises Conversion.DoesNotExist."""
    found: Conversion = Conversion.objects.select_related("referral").get(
        event=event, external_id=rules.external_key(event, external_id)
    )
    return found


@dataclass(frozen=True, slots=True)
class ReadNote:
    """A note in clear; `text` is None when its key was destroyed."""

    id: UUID
    text: str | None
    visibility: str
    author: str
    created_at: datetime.datetime


def notes_of(referral_id: UUID) -> list[ReadNote]:
    """The notes on a referral, newest first."""
    rows = list(Note.objects.filter(referral_id=referral_id).order_by("-created_at", "-id"))
    return [read_note(row) for row in rows]


def read_note(row: Note) -> ReadNote:
    """A note in clear."""
    return ReadNote(row.id, _text(row), row.visibility, row.author, row.created_at)


def _text(row: Note) -> str | None:
    try:
        return crypto.decrypt(
            row.body_enc, subject_id=row.referral_id, context=f"referrals_note.body_enc:{row.id}"
        )
    except crypto.Undecryptable:
        return None


def phone_of(referral: Referral) -> str | None:
    """The referred person's phone number in clear, None when there is none or its key was destroyed."""
    if referral.referred_phone_enc is None:
        return None
    context = f"referrals_referral.referred_phone_enc:{referral.id}"
    try:
        return crypto.decrypt(referral.referred_phone_enc, subject_id=referral.id, context=context)
    except crypto.Undecryptable:
        return None


@dataclass(frozen=True, slots=True)
class Detail:
    """A referral and everything about it."""

    referral: Referral
    phone: str | None
    history: list[Passage]
    conversions: list[Conversion]
    notes: list[ReadNote]


def detail(referral: Referral) -> Detail:
    """What belongs to one referral, in a handful of statements."""
    return Detail(
        referral, phone_of(referral), history("referral", referral.id), list(conversions_of([referral.id])),
        notes_of(referral.id),
    )  # fmt: skip


def address(code: str, *, channel: str = "") -> str:
    """The address people share."""
    return f"{web.public_base()}/r/{codes.normalize(code)}{f'?c={channel}' if channel else ''}"


def find_referral(
    *, referral_id: UUID | None = None, click_id: UUID | None = None, email: str = ""
) -> Referral | None:
    """The live referral of an id, a click or a person's e-mail address, the newest where there are several."""
    live = Referral.objects.select_related("program", "stage").exclude(category__in=CLOSED).order_by(*NEWEST)
    if referral_id is not None:
        found: Referral | None = (
            Referral.objects.select_related("program", "stage").filter(pk=referral_id).first()
        )
    elif click_id is not None:
        found = live.filter(click_id=click_id).first()
    else:
        found = (
            live.filter(referred_key=crypto.blind_index(email, kind="email")).first()
            if email.strip()
            else None
        )
    return found


@dataclass(frozen=True, slots=True)
class Share:
    """A participant's link, and for each channel the address that opens it with a message ready to send."""

    code: str
    link: str
    qr_link: str
    text: str
    whatsapp: str
    email: str
    sms: str


def share(participant: Participant, *, name: str, language: str) -> Share:
    """How a participant shares: the messages of the default program, signed with a first name.

    Nobody's address is asked for: the person's own mail and chat programs send.
    """
    program = default_program()
    link = address(participant.code)
    texts = {}
    if program is not None:
        said = share_texts(program, language)
        texts = {
            channel: said.filled(name=name, link=address(participant.code, channel=channel.partition("_")[0]))[channel]
            for channel in CHANNELS
        }  # fmt: skip

    def ready(scheme: str, **fields: str) -> str:
        return f"{scheme}?{urlencode({key: text for key, text in fields.items() if text}, quote_via=quote)}"

    return Share(
        code=participant.code, link=link, qr_link=address(participant.code, channel="qr"),
        text=texts.get("copy", link),
        whatsapp=ready("https://wa.me/", text=texts.get("whatsapp", link)),
        email=ready("mailto:", subject=texts.get("email_subject", ""), body=texts.get("email", link)),
        sms=ready("sms:", body=texts.get("sms", link)),
    )  # fmt: skip
