"""Sessions of the portal: begun by a code, a link or a member of staff, and ended.

A session is a random token in a cookie, of which the table keeps a hash. Who looks over a participant's
shoulder gets a session too, which reads only and lasts half an hour.
"""

import datetime
from collections.abc import Collection
from dataclasses import dataclass
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext_lazy as _

from kith.kit import clock, codes, jobs, limits
from kith.kit.actors import Actor
from kith.kit.errors import Conflict
from kith.participants.actions.refusals import refuse_gone
from kith.participants.models import CompanyPerson, Participant, PortalSession, SignInCode
from kith.participants.queries import portal as queries
from kith.participants.rules import portal as rules


class NoAddress(Conflict):
    """There is no e-mail address that an invitation could go to."""

    code, message = "participant_without_email", _("Add an e-mail address first, then invite again.")


@dataclass(frozen=True, slots=True)
class Opened:
    """A session that has begun, and the token that stands for it: shown to its browser, and never again."""

    session: PortalSession
    token: str


@transaction.atomic
def start_portal_session(
    *,
    participant: Participant,
    person: CompanyPerson | None = None,
    device: str = "",
    read_only: bool = False,
    actor: Actor,
    now: datetime.datetime,
) -> Opened:
    """Let a browser in as the participant; as its `person` when somebody of a company signs in.

    For an `actor` of staff the session reads only and ends after half an hour, whatever is asked for. The page
    that calls puts the token into the cookie with `access.remember`. Raises ParticipantErased.
    """
    held = Participant.objects.select_for_update(no_key=True).get(pk=participant.pk)
    refuse_gone(held)
    staff, token = actor.kind == "member", codes.random_token()
    session: PortalSession = PortalSession.objects.create(
        participant=held, person=person, member_id=UUID(actor.id) if staff else None,
        read_only=staff or read_only, token_hash=codes.hash_token(token), device=device[:80],
        created_at=now, last_used_at=now, expires_at=rules.session_end(started=now, now=now, is_staff=staff),
    )  # fmt: skip
    if not staff:
        Participant.objects.filter(pk=held.pk).update(last_login_at=now)
    return Opened(session, token)


def resume_portal_session(token: str) -> queries.Visitor | None:
    """Who comes back with this token to the portal of the organization in force; None when it is over.

    Notes the use about once an hour, and moves the end on with it.
    """
    now = clock.now()
    visitor = queries.portal_visitor(token, now=now)
    if visitor is not None and visitor.session.last_used_at <= now - rules.TOUCH_EVERY:
        session = visitor.session
        end = rules.session_end(started=session.created_at, now=now, is_staff=session.member_id is not None)
        PortalSession.objects.filter(pk=session.pk, ended_at=None).update(last_used_at=now, expires_at=end)
    return visitor


@transaction.atomic
def end_portal_session(
    *,
    session_id: UUID,
    participant_id: UUID,
    person_id: UUID | None = None,
    reason: str = "signed out",
    actor: Actor,
    now: datetime.datetime,
) -> bool:
    """Sign one browser of the participant, or of one person of the company, out; False without such a session."""
    rows = PortalSession.objects.filter(pk=session_id, participant_id=participant_id, ended_at=None)
    if person_id is not None:
        rows = rows.filter(person_id=person_id)
    return bool(rows.update(ended_at=now, ended_reason=reason))


@transaction.atomic
def end_portal_sessions(
    *,
    participant_id: UUID,
    person_id: UUID | None = None,
    reason: str = "signed out everywhere",
    actor: Actor,
    now: datetime.datetime,
) -> int:
    """Sign out every browser of the participant, or of one person of the company; how many."""
    rows = PortalSession.objects.filter(participant_id=participant_id, ended_at=None)
    if person_id is not None:
        rows = rows.filter(person_id=person_id)
    return int(rows.update(ended_at=now, ended_reason=reason))


@transaction.atomic
def close_ways_in(*, participant_ids: Collection[UUID], now: datetime.datetime) -> None:
    """End what the participants' former e-mail addresses opened: sessions, codes and links of letters.

    People of a company have addresses of their own and stay in, as do staff who look.
    """
    own = {"participant_id__in": participant_ids, "person": None}
    SignInCode.objects.filter(**own, used_at=None).update(used_at=now)
    sessions = PortalSession.objects.filter(**own, member=None, ended_at=None)
    sessions.update(ended_at=now, ended_reason="address changed")


@transaction.atomic
def invite_to_portal(
    *, participant: Participant, person: CompanyPerson | None = None, actor: Actor, now: datetime.datetime
) -> None:
    """Mail a link that lets the participant in, once, within a week.

    Raises ParticipantErased, NoAddress, and TooMany from the fourth letter of a day on.
    """
    refuse_gone(participant)
    mailbox = (person or participant).email
    if not mailbox:
        raise NoAddress
    # By address: somebody removed and added again is another row with the same mailbox.
    limits.enforce(
        f"portal|invitation|{participant.tenant_id}|{mailbox}", rules.INVITATIONS_A_DAY, rules.DAY_S
    )
    # Without the link's secret, which would stay readable in the queue: the job makes it.
    jobs.enqueue(
        "participants.invite_to_portal", tenant_id=participant.tenant_id,
        participant_id=str(participant.pk), person_id=str(person.pk) if person else "",
    )  # fmt: skip
