"""The organization's facts, look, words and rules."""

from typing import Any

from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _

from kith.kit import clock, html
from kith.kit.errors import DomainError
from kith.tenants import actions, forms, queries
from kith.tenants.access import requires


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
