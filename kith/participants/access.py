"""Give a participant to whoever may have it."""

from collections.abc import Iterable
from uuid import UUID

from django.conf import settings
from django.http import HttpResponse
from django.utils.translation import gettext_lazy as _

from kith.kit.actors import Actor
from kith.kit.errors import Invalid, NotFound
from kith.kit.models import Job
from kith.participants import queries
from kith.participants.models import CompanyPerson, Participant, ParticipantNote, PortalSession
from kith.participants.queries import portal
from kith.participants.rules import portal as rules
from kith.tenants.access import one, portal_cookie


def participant(actor: Actor, participant_id: UUID) -> Participant:
    """The participant, for staff of its organization and for themselves. Raises NotFound for everybody else."""
    if actor.kind == "participant" and actor.id != str(participant_id):
        raise NotFound
    try:
        return queries.get_participant(participant_id)
    except Participant.DoesNotExist:
        raise NotFound from None


def remember(response: HttpResponse, session: PortalSession, token: str, slug: str) -> HttpResponse:
    """Give the browser the token of the session it has begun in that organization's portal."""
    is_staff = session.member_id is not None
    response.set_cookie(
        portal_cookie(slug), token, httponly=True, samesite="Lax", secure=settings.SESSION_COOKIE_SECURE,
        max_age=int((rules.STAFF_SESSION if is_staff else rules.SESSION_LONGEST).total_seconds()),
    )  # fmt: skip
    return response


def forget(response: HttpResponse, slug: str) -> HttpResponse:
    """Take the session away from the browser, with the pages it kept for when there is no connection."""
    response.set_cookie(
        portal_cookie(slug),
        "",
        max_age=0,
        httponly=True,
        samesite="Lax",
        secure=settings.SESSION_COOKIE_SECURE,
    )
    response["Clear-Site-Data"] = '"storage"'
    return response


def company_person(company: Participant, person_id: UUID) -> CompanyPerson:
    """Somebody who signs in for the company. Raises NotFound."""
    found: CompanyPerson = one(portal.people_of(company.pk), pk=person_id)
    return found


def by_code(code: str) -> Participant | None:
    """Whoever has this personal code, None for no code. Raises Invalid naming `referred_by_code`."""
    if not code.strip():
        return None
    try:
        return queries.get_by_code(code)
    except Participant.DoesNotExist:
        raise Invalid(fields={"referred_by_code": _("Nobody here has this code.")}) from None


def ids(given: Iterable[str]) -> tuple[UUID, ...]:
    """The ids of ticked rows; whose they are is asked with them. Raises NotFound for what is no id."""
    try:
        return tuple(UUID(each) for each in given)
    except ValueError:
        raise NotFound from None


def note(participant: Participant, note_id: UUID) -> ParticipantNote:
    """A note about the participant that was not removed. Raises NotFound."""
    rows = ParticipantNote.objects.filter(participant=participant, removed_at=None)
    found: ParticipantNote = one(rows, pk=note_id)
    return found


def job(job_id: UUID) -> Job:
    """Long work on participants of the organization in force. Raises NotFound."""
    found: Job | None = Job.objects.filter(pk=job_id, kind__startswith="participants.").first()
    if found is None:
        raise NotFound
    return found
