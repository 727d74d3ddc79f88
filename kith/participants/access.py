"""Give a participant to whoever may have it."""

from uuid import UUID

from django.conf import settings
from django.http import HttpResponse
from django.utils.translation import gettext_lazy as _

from kith.kit.actors import Actor
from kith.kit.errors import Invalid, NotFound
from kith.kit.models import Job
from kith.participants import queries
from kith.participants.models import Participant, PortalSession
from kith.participants.rules import portal as rules
from kith.tenants.access import portal_cookie


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


def by_code(code: str) -> Participant | None:
    """Whoever has this personal code, None for no code. Raises Invalid naming `referred_by_code`."""
    if not code.strip():
        return None
    try:
        return queries.get_by_code(code)
    except Participant.DoesNotExist:
        raise Invalid(fields={"referred_by_code": _("Nobody here has this code.")}) from None


def job(job_id: UUID) -> Job:
    """An import or export of the organization in force. Raises NotFound."""
    found: Job | None = Job.objects.filter(pk=job_id, kind__startswith="participants.").first()
    if found is None:
        raise NotFound
    return found
