"""Colleagues, invitations and API keys."""

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from kith.kit import clock, html, web
from kith.tenants import access, actions, forms, queries
from kith.tenants.access import proven, requires


@requires("tenants.members")
@proven
def team(request: Any, tenant: str) -> HttpResponse:
    """Colleagues and open invitations; a POST invites one more."""
    form = forms.InviteForm(html.given(request), giver=request.actor.role)
    if request.method == "POST" and form.is_valid():
        with html.blaming(form):
            made = actions.invite_all(**form.cleaned_data, actor=request.actor, now=clock.now())
            sent = ngettext(
                "The invitation is on its way.", "%(count)d invitations are on their way.", len(made)
            ) % {"count": len(made)}
            return html.done(request, reverse("tenants:team", args=[tenant]), sent)
    context = {
        "form": form,
        "members": queries.members(),
        "invitations": queries.open_invitations(),
        "powers": forms.powers(),
        "roles": forms.roles_to_give(request.actor.role),
    }
    return html.page(request, "tenants/team.html", context)


@require_POST
@requires("tenants.members")
@proven
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
def invitation_resend(request: Any, tenant: str, invitation_id: UUID) -> HttpResponse:
    """Mail an open invitation once more."""
    row = access.invitation(invitation_id)
    actions.resend_invitation(invitation=row, actor=request.actor, now=clock.now())
    said = _("A new letter is on its way to %(email)s; the link of the last one no longer works.")
    return html.done(request, reverse("tenants:team", args=[tenant]), said % {"email": row.email})


@require_POST
@requires("tenants.members")
def invitation_withdraw(request: Any, tenant: str, invitation_id: UUID) -> HttpResponse:
    """Take an open invitation back."""
    row = access.invitation(invitation_id)
    actions.withdraw_invitation(invitation=row, actor=request.actor, now=clock.now())
    return html.done(request, reverse("tenants:team", args=[tenant]), _("The invitation is withdrawn."))


@requires("tenants.keys")
@proven
def keys(request: Any, tenant: str) -> HttpResponse:
    """Live API keys; a POST makes one and shows its text, this once."""
    form = forms.KeyForm(html.given(request), allowed=request.actor.permissions)
    made = None
    if request.method == "POST" and form.is_valid():
        with html.blaming(form):
            made = actions.create_api_key(**form.values(), actor=request.actor, now=clock.now())
            form = forms.KeyForm(allowed=request.actor.permissions)
    context = {"form": form, "made": made, "keys": queries.api_keys(), "base": web.public_base()}
    return html.page(request, "tenants/keys.html", context)


@require_POST
@requires("tenants.keys")
def key_revoke(request: Any, tenant: str, key_id: UUID) -> HttpResponse:
    """End a key at once."""
    actions.revoke_api_key(key=access.api_key(key_id), actor=request.actor, now=clock.now())
    return html.done(request, reverse("tenants:keys", args=[tenant]), _("The key no longer works."))
