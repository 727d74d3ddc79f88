"""Who comes into the portal, from which browsers, and what they agreed to."""

import datetime
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.db.models import Q, QuerySet
from django.utils.translation import gettext_lazy as _

from kith.kit import crypto
from kith.kit.actors import Actor
from kith.kit.codes import hash_token
from kith.kit.errors import NotFound
from kith.kit.templatetags.kit import first_name
from kith.participants.models import (
    GONE,
    CompanyPerson,
    Consent,
    Participant,
    ParticipantKind,
    ParticipantStatus,
    PersonRole,
    PortalSession,
    SignInCode,
)
from kith.participants.queries.people import find_by_email, personal_details
from kith.participants.rules import portal as rules
from kith.tenants.rules import PERMISSIONS

# Whoever looks has to have the place, the role and an open account at this very moment.
_LOOKING = Q(
    member__removed_at=None, member__user__is_active=True,
    member__role__in=sorted(PERMISSIONS["participants.impersonate"]),
)  # fmt: skip
# Somebody of a company comes in as long as they are of it, and it is one.
_STILL_THERE = Q(person=None) | Q(person__removed_at=None, participant__kind=ParticipantKind.COMPANY)


class LinkGone(NotFound):
    """Unknown, used or expired: the caller cannot tell which."""

    code = "sign_in_link_gone"
    message = _("This link was used already or is too old. Ask for a new one on the sign-in page.")


@dataclass(frozen=True, slots=True)
class Identity:
    """Whose portal an e-mail address opens, and as which person of a company."""

    participant: Participant
    person: CompanyPerson | None


def greeted(participant: Participant, person: CompanyPerson | None = None) -> str:
    """How pages and letters call somebody: by the first name, a company by its whole name."""
    if participant.kind == ParticipantKind.COMPANY and person is None:
        return participant.name
    return first_name((person or participant).name)


@dataclass(frozen=True, slots=True)
class Visitor:
    """Who is in the portal: the session, whose portal it is, and who acts in it."""

    session: PortalSession
    participant: Participant
    person: CompanyPerson | None
    actor: Actor

    @property
    def name(self) -> str:
        """The person in front of the screen, where that is known."""
        return self.person.name if self.person else self.participant.name

    @property
    def first_name(self) -> str:
        """How they are greeted, and how they sign what they send; a company by its whole name."""
        return greeted(self.participant, self.person)

    @property
    def email(self) -> str:
        """The address they sign in with."""
        return self.person.email if self.person else self.participant.email

    @property
    def detail(self) -> str:
        """The second line below the name: the company, or the code people share."""
        return self.participant.name if self.person else self.participant.code

    @property
    def language(self) -> str:
        """What they want to read in; empty when they said nothing."""
        return str(self.participant.language)

    @property
    def timezone(self) -> str:
        """Where their days begin; empty when not known."""
        return str(self.participant.timezone)

    @property
    def is_staff(self) -> bool:
        """Whether it is a member of the organization who looks over a participant's shoulder."""
        return self.session.member_id is not None

    @property
    def is_company(self) -> bool:
        """Whether several people may come in."""
        return bool(self.participant.kind == ParticipantKind.COMPANY)

    @property
    def decides(self) -> bool:
        """Whether they decide for the participant: who has its own address, and administrators of a company."""
        return self.person is None or bool(self.person.role == PersonRole.ADMIN)

    @property
    def manages_people(self) -> bool:
        """Whether they may add and remove people."""
        return self.is_company and self.decides

    @property
    def only_person(self) -> UUID | None:
        """The person whose browsers alone they may see and sign out; None for those of all."""
        return None if self.decides or self.person is None else self.person.pk


def portal_identity(email: str) -> Identity | None:
    """Whom the address lets in: a participant by its own, else somebody of a company; None for nobody."""
    participant = find_by_email(email)
    if participant is not None:
        return Identity(participant, None)
    person: CompanyPerson | None = (
        _present_people().filter(email_index=crypto.blind_index(email, kind="email")).first()
    )
    return Identity(person.company, person) if person else None


def mailbox(participant_id: str, person_id: str) -> Identity | None:
    """Whom a letter is for that was asked for a moment ago; None when they have left or have no address."""
    rows = Participant.objects.select_related("tenant").exclude(status__in=GONE)
    participant: Participant | None = rows.filter(pk=participant_id).first()
    person = _present_people().filter(pk=person_id).first() if person_id else None
    if participant is None or bool(person_id) != bool(person) or not (person or participant).email:
        return None
    return Identity(participant, person)


def portal_visitor(token: str, *, now: datetime.datetime) -> Visitor | None:
    """Whose session the token stands for; None when it is over, or who it is for has left."""
    if not token:
        return None
    session: PortalSession | None = (
        PortalSession.objects.select_related("participant", "person", "member", "member__user")
        .filter(
            _STILL_THERE,
            Q(member=None) | _LOOKING,
            token_hash=hash_token(token), ended_at=None, expires_at__gt=now,
        ).exclude(participant__status__in=GONE).first()
    )  # fmt: skip
    if session is None:
        return None
    participant, person = session.participant, session.person
    actor = Actor(
        kind="participant", id=str(participant.pk), label=person.name if person else participant.name,
        tenant_id=session.tenant_id, on_behalf_of=f"member:{session.member_id}" if session.member_id else "",
    )  # fmt: skip
    return Visitor(session, participant, person, actor)


def link_offered(token: str, *, now: datetime.datetime) -> SignInCode:
    """The unused way in behind a link of the organization in force; nothing changes. Raises LinkGone."""
    found: SignInCode | None = (
        SignInCode.objects.select_related("participant", "person")
        .filter(token_hash=hash_token(token), used_at=None, expires_at__gt=now)
        .filter(_STILL_THERE)
        .exclude(participant__status__in=GONE)
        .first()
    )
    if found is None:
        raise LinkGone
    return found


def portal_sessions(
    participant_id: UUID, *, person_id: UUID | None = None, now: datetime.datetime
) -> QuerySet[PortalSession]:
    """Open sessions of a participant, or of one person of the company, without those of staff, the last used first."""
    rows = PortalSession.objects.select_related("person").filter(
        participant_id=participant_id, member=None, ended_at=None, expires_at__gt=now
    )
    if person_id is not None:
        rows = rows.filter(person_id=person_id)
    found: QuerySet[PortalSession] = rows.order_by("-last_used_at", "-id")
    return found


def people_of(company_id: UUID) -> QuerySet[CompanyPerson]:
    """Who signs in for a company, by name."""
    return _present_people().filter(company_id=company_id).order_by("name", "id")


def _present_people() -> QuerySet[CompanyPerson]:
    found: QuerySet[CompanyPerson] = CompanyPerson.objects.select_related("company").filter(removed_at=None)
    return found.filter(company__kind=ParticipantKind.COMPANY).exclude(company__status__in=GONE)


def consents_of(participant_id: UUID) -> QuerySet[Consent]:
    """Everything a participant said yes or no to, the newest first."""
    found: QuerySet[Consent] = Consent.objects.filter(participant_id=participant_id).order_by("-at", "-id")
    return found


def choices_of(participant_id: UUID) -> Mapping[str, bool]:
    """What counts now for each kind of message: the newest word, else what counts without one."""
    said = newest_words(participant_id)
    return {
        kind: said[kind].given if kind in said else choice.default for kind, choice in rules.CHOICES.items()
    }


def newest_words(participant_id: UUID) -> dict[str, Consent]:
    """The last yes or no to each kind about which anything was said."""
    said: dict[str, Consent] = {}
    for row in consents_of(participant_id):
        said.setdefault(row.kind, row)
    return said


def reader(participant_id: UUID, kind: str) -> Participant | None:
    """Whom a letter of that kind may go to: in the portal once before, with an address, and not unwilling."""
    rows = Participant.objects.select_related("tenant").exclude(email="").exclude(last_login_at=None)
    found: Participant | None = rows.filter(pk=participant_id, status=ParticipantStatus.ACTIVE).first()
    return found if found is not None and choices_of(found.pk)[kind] else None


def own_data(participant: Participant, *, person_id: UUID | None = None) -> dict[str, Any]:
    """What is stored about a participant's own person, in words a program can read as well.

    Of the browsers only those of one person of a company where `person_id` is given.
    """
    details = personal_details(participant)
    browsers = PortalSession.objects.filter(participant=participant, member=None)
    if person_id is not None:
        browsers = browsers.filter(person_id=person_id)
    plain = (
        "name",
        "email",
        "kind",
        "status",
        "code",
        "external_id",
        "country",
        "language",
        "timezone",
        "source",
    )
    moments = ("created_at", "updated_at", "email_verified_at", "last_login_at", "application_on")
    return {
        **{name: getattr(participant, name) for name in plain},
        "phone": details.phone, "visa_number": details.visa_number, "visa_type": participant.visa_type,
        "visa_stage": participant.visa_stage, "other_columns": participant.extra,
        **{name: _iso(getattr(participant, name)) for name in moments},
        "consents": [
            {"kind": row.kind, "given": row.given, "version": row.version, "source": row.source, "at": _iso(row.at)}
            for row in consents_of(participant.pk)
        ],
        "sessions": [
            {"device": row.device, "began_at": _iso(row.created_at), "last_used_at": _iso(row.last_used_at)}
            for row in browsers.order_by("-created_at")
        ],
    }  # fmt: skip


def _iso(at: datetime.date | None) -> str | None:
    return at.isoformat() if at else None
