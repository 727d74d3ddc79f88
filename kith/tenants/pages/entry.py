"""Signing in to an organization, taking an offered place, ending sessions."""

from typing import Any

from django.contrib.auth import login, logout
from django.contrib.auth.views import redirect_to_login
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _

from kith.kit import clock, html
from kith.kit.clients import client_address
from kith.tenants import actions, forms, queries
from kith.tenants.access import joined, public, signed_in

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


@public("sends everybody on to where they belong")
def home(request: Any) -> HttpResponse:
    """Signed out: sign in. One organization: go there. Several: choose."""
    if not request.user.is_authenticated:
        return redirect_to_login("/")
    seats = queries.seats_of(request.user)
    if len(seats) == 1:
        return redirect(f"/t/{seats[0].tenant.slug}/")
    if not seats and request.user.is_operator:
        return redirect("admin:index")
    return html.page(request, "tenants/home.html", {"seats": seats})


@public("the link's secret is the proof")
def invitation(request: Any, token: str) -> HttpResponse:
    """Take an offered place: a new person fills a form, a signed-in one presses a button."""
    offered = queries.offered(token, now=clock.now())
    known = request.user if request.user.is_authenticated else None
    form = forms.AcceptForm(html.given(request), known=known is not None)
    if request.method == "POST" and form.is_valid():
        with html.blaming(form):
            user, _member_id = actions.accept_invitation(
                token=token, user=known, now=clock.now(), **form.values()
            )
            if known is None:
                login(request, user, backend=BACKEND)
            else:
                joined(request, known)
            return html.done(request, f"/t/{offered.tenant.slug}/", _("Welcome. Good to have you here."))
    context = {"offered": offered, "form": form, "known": known}
    return html.page(request, "tenants/invitation.html", context)


@public("the link's secret is the proof")
def unlock(request: Any, token: str) -> HttpResponse:
    """Lift the lock of an account; by a button, since programs that look into e-mails open links too."""
    user = actions.open_unlock(token, now=clock.now())
    if request.method != "POST":
        return html.page(request, "tenants/unlock.html", {"locked": user})
    actions.unlock(token=token, address=client_address(request), now=clock.now())
    return html.done(request, reverse("account_login"), _("Your account is unlocked. You can sign in again."))


@signed_in("everybody may end their own sessions")
def sign_out_everywhere(request: Any) -> HttpResponse:
    """End every session of the person, on all devices, this one included."""
    if request.method != "POST":
        return html.page(request, "tenants/sign_out_everywhere.html")
    actions.sign_out_everywhere(user=request.user, now=clock.now())
    logout(request)
    return html.done(request, reverse("account_login"), _("You are signed out on all devices."))
