"""What participants keep about themselves: profile, messages, sessions, the people of a company."""

from typing import Any
from uuid import UUID

from django.http import HttpResponse, JsonResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from kith.kit import clock, html
from kith.kit.errors import Forbidden, NotFound
from kith.participants import access, actions, forms, queries
from kith.participants.queries import portal as inside
from kith.participants.rules import portal as rules
from kith.tenants.access import enrolled

MINE = "shows and changes what is the participant's own"


@enrolled(MINE)
def profile(request: Any, tenant: str) -> HttpResponse:
    """Who they are, what they want to hear, where they are signed in."""
    visitor, person = request.visitor, request.visitor.participant
    _insist(request)
    facts = {
        "name": person.name,
        "language": person.language,
        "phone": queries.personal_details(person).phone,
    }
    form = forms.ProfileForm(html.given(request), initial=facts)
    if form.is_valid():
        with html.blaming(form):
            actions.update_participant(
                participant=person, changes=form.cleaned_data, actor=request.actor, now=clock.now()
            )
            return html.done(request, _profile(tenant), _("Saved."))
    context = {
        "form": form, "visitor": visitor, "choices": inside.choices_of(person.pk),
        "sessions": inside.portal_sessions(person.pk, person_id=visitor.only_person, now=clock.now()),
    }  # fmt: skip
    return html.page(request, "participants/portal/profile.html", context)


def _insist(request: Any) -> None:
    """Change a company only as somebody who decides for it. Raises Forbidden."""
    if request.method == "POST" and not request.visitor.decides:
        raise Forbidden


def _profile(tenant: str) -> str:
    return reverse("participants:portal_profile", args=[tenant])


@require_POST
@enrolled(MINE)
def messages(request: Any, tenant: str) -> HttpResponse:
    """Say which messages are welcome."""
    _insist(request)
    given = {kind: kind in request.POST for kind in rules.CHOICES}
    actions.record_consents(
        participant=request.visitor.participant, given=given, source="portal", actor=request.actor,
        now=clock.now(),
    )  # fmt: skip
    return html.done(request, _profile(tenant), _("Saved. It counts from now on."))


@enrolled(MINE)
def my_data(request: Any, tenant: str) -> HttpResponse:
    """Everything that is stored about the participant's own person, as a file."""
    found = inside.own_data(request.visitor.participant, person_id=request.visitor.only_person)
    response = JsonResponse(found, json_dumps_params={"indent": 2, "ensure_ascii": False})
    response["Content-Disposition"] = f'attachment; filename="{tenant}-my-data.json"'
    return response


# --- sessions -----------------------------------------------------------------------------------------


@require_POST
@enrolled(MINE)
def end_one(request: Any, tenant: str, session_id: UUID) -> HttpResponse:
    """Sign one browser out."""
    ended = actions.end_portal_session(
        session_id=session_id, participant_id=request.visitor.participant.pk,
        person_id=request.visitor.only_person, actor=request.actor, now=clock.now(),
    )  # fmt: skip
    if not ended:
        raise NotFound
    return html.done(request, _profile(tenant), _("That device is signed out."))


@require_POST
@enrolled(MINE)
def end_all(request: Any, tenant: str) -> HttpResponse:
    """Sign every browser out: one's own, or of the whole company by its own address."""
    visitor = request.visitor
    actions.end_portal_sessions(
        participant_id=visitor.participant.pk, person_id=visitor.person.pk if visitor.person else None,
        actor=request.actor, now=clock.now(),
    )  # fmt: skip
    page = reverse("participants:portal_sign_in", args=[tenant])
    return access.forget(html.done(request, page, _("You are signed out on all devices.")), tenant)


# --- the people of a company --------------------------------------------------------------------------


@enrolled(MINE)
def people(request: Any, tenant: str) -> HttpResponse:
    """Who signs in for the company; its administrators add people."""
    visitor = request.visitor
    if not visitor.is_company:
        raise NotFound
    form = forms.PersonForm(html.given(request))
    if request.method == "POST" and not visitor.manages_people:
        raise Forbidden
    if form.is_valid():
        with html.blaming(form):
            actions.add_company_person(
                company=visitor.participant, **form.cleaned_data, actor=request.actor, now=clock.now()
            )
            return html.done(
                request, request.path, _("%(name)s gets an e-mail with the way in.") % form.cleaned_data
            )
    context = {"form": form, "visitor": visitor, "people": inside.people_of(visitor.participant.pk)}
    return html.page(request, "participants/portal/people.html", context)


@require_POST
@enrolled(MINE)
def remove(request: Any, tenant: str, person_id: UUID) -> HttpResponse:
    """Take somebody's way in away."""
    visitor = request.visitor
    person = access.company_person(visitor.participant, person_id)
    if not visitor.manages_people:
        raise Forbidden
    actions.remove_company_person(
        company=visitor.participant, person=person, actor=request.actor, now=clock.now()
    )
    page = reverse("participants:portal_people", args=[tenant])
    return html.done(request, page, _("%(name)s can no longer sign in.") % {"name": person.name})
