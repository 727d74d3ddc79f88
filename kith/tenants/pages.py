"""Signing in to an organization, taking an offered place, and the organization's settings."""

from typing import Any
from uuid import UUID

from django.contrib.auth import login, logout
from django.contrib.auth.views import redirect_to_login
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from kith.kit import clock, html
from kith.kit.clients import client_address
from kith.kit.errors import DomainError
from kith.tenants import access, actions, forms, queries
from kith.tenants.access import public, requires, signed_in

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"


# --- the way in ---------------------------------------------------------------------------------------


@public("sends everybody on to where they belong")
def home(request: Any) -> HttpResponse:
    """Signed out: sign in. One organization: go there. Several: choose."""
    if not request.user.is_authenticated:
        return redirect_to_login("/")
    seats = queries.seats_of(request.user)
    if len(seats) == 1:
        return redirect(f"/t/{seats[0].tenant.slug}/")
    return html.page(request, "tenants/home.html", {"seats": seats})


@public("the link's secret is the proof")
def invitation(request: Any, token: str) -> HttpResponse:
    """Take an offered place: a new person fills a form, a signed-in one presses a button."""
    offered = queries.offered(token, now=clock.now())
    known = request.user if request.user.is_authenticated else None
    form = forms.AcceptForm(html.given(request), known=known is not None)
    if request.method == "POST" and form.is_valid():
        try:
            user, _member_id = actions.accept_invitation(
                token=token, user=known, now=clock.now(), **form.values()
            )
        except DomainError as error:
            html.blame(form, error)
        else:
            login(request, user, backend=BACKEND)
            return html.done(request, f"/t/{offered.tenant.slug}/", _("Welcome. Good to have you here."))
    context = {"offered": offered, "form": form, "known": known}
    return html.page(request, "tenants/invitation.html", context, status=422 if form.errors else 200)


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


# --- the organization ---------------------------------------------------------------------------------


@requires("tenants.view")
def settings(request: Any, tenant: str) -> HttpResponse:
    """The organization's facts."""
    languages = dict(forms.LANGUAGES)
    words = [(languages.get(code, code), said) for code, said in queries.own_words(request.tenant)]
    context = {"words": words, "language": languages.get(request.tenant.locale, request.tenant.locale)}
    return html.page(request, "tenants/settings.html", context)


@requires("tenants.settings")
def organization(request: Any, tenant: str) -> HttpResponse:
    """Change the organization's name, look, language and words."""
    form = forms.OrganizationForm(html.given(request), initial=forms.organization_facts(request.tenant))
    if request.method == "POST" and form.is_valid():
        try:
            actions.update_tenant(tenant=request.tenant, changes=form.changes(), actor=request.actor)
        except DomainError as error:
            html.blame(form, error)
        else:
            return html.done(request, reverse("tenants:settings", args=[tenant]), _("Saved."))
    return html.page(request, "tenants/organization.html", {"form": form}, status=422 if form.errors else 200)


@requires("tenants.settings")
def rules(request: Any, tenant: str) -> HttpResponse:
    """The typed settings that decide about referrals, rewards and payouts."""
    shown = queries.settings_shown()
    form = forms.RulesForm(html.given(request), shown=shown)
    if request.method == "POST" and form.is_valid():
        try:
            actions.set_settings(values=form.changes(), actor=request.actor, now=clock.now())
        except DomainError as error:
            html.blame(form, error)
        else:
            return html.done(request, reverse("tenants:rules", args=[tenant]), _("Saved."))
    return html.page(request, "tenants/rules.html", {"form": form}, status=422 if form.errors else 200)


# --- people -------------------------------------------------------------------------------------------


@requires("tenants.members")
def team(request: Any, tenant: str) -> HttpResponse:
    """Colleagues and open invitations; a POST invites one more."""
    form = forms.InviteForm(html.given(request), giver=request.actor.role)
    if request.method == "POST" and form.is_valid():
        try:
            actions.invite(**form.cleaned_data, actor=request.actor, now=clock.now())
        except DomainError as error:
            html.blame(form, error)
        else:
            sent = _("The invitation to %(email)s is on its way.") % form.cleaned_data
            return html.done(request, reverse("tenants:team", args=[tenant]), sent)
    context = {
        "form": form,
        "members": queries.members(),
        "invitations": queries.open_invitations(),
        "roles": forms.roles_to_give(request.actor.role),
    }
    return html.page(request, "tenants/team.html", context, status=422 if form.errors else 200)


@require_POST
@requires("tenants.members")
def member_role(request: Any, tenant: str, member_id: UUID) -> HttpResponse:
    """Give a colleague another role."""
    member = access.member(member_id)
    role = request.POST.get("role", "")
    actions.change_role(member=member, role=role, actor=request.actor, now=clock.now())
    return html.done(request, reverse("tenants:team", args=[tenant]), _("The role is changed."))


@require_POST
@requires("tenants.members")
def member_remove(request: Any, tenant: str, member_id: UUID) -> HttpResponse:
    """Take a colleague's place away."""
    member = access.member(member_id)
    actions.remove_member(member=member, actor=request.actor, now=clock.now())
    gone = _("%(name)s no longer has access.") % {"name": member.user.get_full_name()}
    return html.done(request, reverse("tenants:team", args=[tenant]), gone)


@require_POST
@requires("tenants.members")
def invitation_withdraw(request: Any, tenant: str, invitation_id: UUID) -> HttpResponse:
    """Take an open invitation back."""
    row = access.invitation(invitation_id)
    actions.withdraw_invitation(invitation=row, actor=request.actor, now=clock.now())
    return html.done(request, reverse("tenants:team", args=[tenant]), _("The invitation is withdrawn."))


# --- API keys -----------------------------------------------------------------------------------------


@requires("tenants.keys")
def keys(request: Any, tenant: str) -> HttpResponse:
    """Live API keys; a POST makes one and shows its text, this once."""
    form = forms.KeyForm(html.given(request), allowed=request.actor.permissions)
    made = None
    if request.method == "POST" and form.is_valid():
        try:
            made = actions.create_api_key(**form.values(), actor=request.actor, now=clock.now())
        except DomainError as error:
            html.blame(form, error)
        else:
            form = forms.KeyForm(allowed=request.actor.permissions)
    context = {"form": form, "made": made, "keys": queries.api_keys()}
    return html.page(request, "tenants/keys.html", context, status=422 if form.errors else 200)


@require_POST
@requires("tenants.keys")
def key_revoke(request: Any, tenant: str, key_id: UUID) -> HttpResponse:
    """End a key at once."""
    actions.revoke_api_key(key=access.api_key(key_id), actor=request.actor, now=clock.now())
    return html.done(request, reverse("tenants:keys", args=[tenant]), _("The key no longer works."))
