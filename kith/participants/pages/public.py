"""The way into the portal: an e-mail address, a code or a link, and out again."""

from typing import Any

from django.conf import settings
from django.core import signing
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.http import url_has_allowed_host_and_scheme
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from kith.kit import clock, html
from kith.kit.clients import client_address
from kith.participants import access, actions, forms
from kith.participants.queries import portal as queries
from kith.participants.rules import portal as rules
from kith.tenants.access import public

_ASKED = f"{settings.COOKIE_PREFIX}portal_asked"
_ASKED_SECONDS = 15 * 60


@public("whoever wants to come in is not known yet")
def sign_in(request: Any, tenant: str) -> HttpResponse:
    """Ask for the address, and have a code mailed to it if it is somebody's."""
    if request.visitor is not None:
        return redirect("rewards:portal_home", tenant)
    form = forms.AddressForm(html.given(request))
    if form.is_valid():
        with html.blaming(form):
            actions.ask_to_sign_in(email=form.cleaned_data["email"], address=client_address(request))
            said = {
                "tenant": tenant,
                "email": form.cleaned_data["email"],
                "next": request.GET.get("next", ""),
            }
            return _asked(html.done(request, reverse("participants:portal_code", args=[tenant])), said)
    return html.page(request, "participants/portal/sign_in.html", {"form": form})


@public("the code is the proof")
def code(request: Any, tenant: str) -> HttpResponse:
    """Type the six digits of the letter."""
    said = _said(request, tenant)
    if said is None:
        return redirect("participants:portal_sign_in", tenant)
    form = forms.CodeForm(html.given(request))
    if form.is_valid():
        with html.blaming(form):
            opened = actions.sign_in_with_code(
                email=said["email"], code=form.cleaned_data["code"], device=_device(request),
                address=client_address(request), now=clock.now(),
            )  # fmt: skip
            return _inside(request, tenant, opened, said["next"])
    context = {"form": form, "email": said["email"]}
    return html.page(request, "participants/portal/code.html", context)


@public("the link's secret is the proof")
def link(request: Any, tenant: str, token: str) -> HttpResponse:
    """Come in by the link of a letter; by a button, since programs that look into e-mails open links too."""
    offered = queries.link_offered(token, now=clock.now())
    if request.method != "POST":
        whom = offered.person or offered.participant
        return html.page(request, "participants/portal/link.html", {"name": whom.name})
    opened = actions.sign_in_with_link(token=token, device=_device(request), now=clock.now())
    return _inside(request, tenant, opened, "")


@require_POST
@public("ends the caller's own session")
def sign_out(request: Any, tenant: str) -> HttpResponse:
    """End this session; staff go back to where they looked from."""
    visitor: queries.Visitor | None = request.visitor
    page = reverse("participants:portal_sign_in", args=[tenant])
    if visitor is not None:
        actions.end_portal_session(
            session_id=visitor.session.pk, participant_id=visitor.participant.pk, actor=visitor.actor,
            now=clock.now(),
        )  # fmt: skip
        if visitor.session.member_id:
            page = reverse("participants:detail", args=[tenant, visitor.participant.pk])
    return access.forget(html.done(request, page, _("You are signed out.")), tenant)


def _device(request: Any) -> str:
    return rules.device(request.headers.get("User-Agent", ""))


def _inside(request: Any, tenant: str, opened: actions.Opened, wanted: str) -> HttpResponse:
    """On to the page that was asked for, or to the overview."""
    safe = url_has_allowed_host_and_scheme(wanted, {request.get_host()}, require_https=request.is_secure())
    home = reverse("rewards:portal_home", args=[tenant])
    response = html.done(request, wanted if safe and wanted.startswith(home) else home)
    response.delete_cookie(_ASKED, samesite="Lax")
    return access.remember(response, opened.session, opened.token, tenant)


def _asked(response: HttpResponse, said: dict[str, str]) -> HttpResponse:
    """Remember, for this browser alone, which address the code went to."""
    response.set_cookie(
        _ASKED, signing.dumps(said, salt=_ASKED), max_age=_ASKED_SECONDS, httponly=True, samesite="Lax",
        secure=settings.SESSION_COOKIE_SECURE,
    )  # fmt: skip
    return response


def _said(request: Any, tenant: str) -> dict[str, str] | None:
    try:
        said: dict[str, str] = signing.loads(
            request.COOKIES.get(_ASKED, ""), salt=_ASKED, max_age=_ASKED_SECONDS
        )
    except signing.BadSignature:
        return None
    return said if said.get("tenant") == tenant else None
