"""What staff do about one participant beside their facts: notes, an invitation, a look into their portal."""

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from kith.kit import clock, html
from kith.participants import access, actions
from kith.participants.models import Participant
from kith.tenants.access import requires


def _notes(tenant: str, person: Participant) -> str:
    return reverse("participants:detail", args=[tenant, person.pk]) + "?tab=notes"


@require_POST
@requires("participants.edit")
def note_write(request: Any, tenant: str, participant_id: UUID) -> HttpResponse:
    """Write a note."""
    person = access.participant(request.actor, participant_id)
    body = request.POST.get("text", "")
    actions.write_note(participant=person, body=body, actor=request.actor, now=clock.now())
    return html.done(request, _notes(tenant, person), _("The note is kept."))


@require_POST
@requires("participants.edit")
def note_change(request: Any, tenant: str, participant_id: UUID, note_id: UUID) -> HttpResponse:
    """Write one's own note anew."""
    person = access.participant(request.actor, participant_id)
    note = access.note(person, note_id)
    actions.change_note(note=note, body=request.POST.get("text", ""), actor=request.actor, now=clock.now())
    return html.done(request, _notes(tenant, person), _("The note is changed."))


@require_POST
@requires("participants.edit")
def note_remove(request: Any, tenant: str, participant_id: UUID, note_id: UUID) -> HttpResponse:
    """Take the text of one's own note away."""
    person = access.participant(request.actor, participant_id)
    actions.remove_note(note=access.note(person, note_id), actor=request.actor, now=clock.now())
    return html.done(request, _notes(tenant, person), _("The note is removed."))


@require_POST
@requires("participants.edit")
def invite(request: Any, tenant: str, participant_id: UUID) -> HttpResponse:
    """Mail a link that lets the participant into the portal."""
    person = access.participant(request.actor, participant_id)
    actions.invite_to_portal(participant=person, actor=request.actor, now=clock.now())
    sent = _("The invitation to %(email)s is on its way.") % {"email": person.email}
    return html.done(request, reverse("participants:detail", args=[tenant, person.pk]), sent)


@require_POST
@requires("participants.impersonate")
def look(request: Any, tenant: str, participant_id: UUID) -> HttpResponse:
    """Open the portal as the participant sees it: to read, for half an hour, and written into the trail."""
    person = access.participant(request.actor, participant_id)
    device = request.headers.get("User-Agent", "")
    opened = actions.start_portal_session(
        participant=person, device=device, read_only=True, actor=request.actor, now=clock.now()
    )
    response = html.done(request, f"/p/{tenant}/")
    return access.remember(response, opened.session, opened.token, tenant)
