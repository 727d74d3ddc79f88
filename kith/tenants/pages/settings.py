"""The organization's facts, look, languages and rules."""

from typing import Any

from django.http import FileResponse, HttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils.translation import gettext as _

from kith.kit import clock, colors, files, html, tenancy
from kith.kit.errors import NotFound
from kith.tenants import actions, context, forms, queries
from kith.tenants.access import public, requires


@requires("tenants.view")
def settings(request: Any, tenant: str) -> HttpResponse:
    """Everything that can be set, and the organization's facts."""
    languages = dict(forms.LANGUAGES)
    words = [(languages.get(code, code), said) for code, said in queries.own_words(request.tenant)]
    shown = {
        "words": words,
        "language": languages.get(request.tenant.locale, request.tenant.locale),
        "members": queries.members()[:8],
    }
    return html.page(request, "tenants/settings.html", shown)


@requires("tenants.settings")
def organization(request: Any, tenant: str) -> HttpResponse:
    """Change what the organization is called and where it is at home."""
    form = forms.OrganizationForm(html.given(request), initial=forms.organization_facts(request.tenant))
    return _changed(request, tenant, form, "organization")


@requires("tenants.settings")
def languages(request: Any, tenant: str) -> HttpResponse:
    """Change which languages participants may choose from, and which comes first."""
    chosen = request.tenant.languages or [code for code, _name in forms.LANGUAGES]
    facts = {"locale": request.tenant.locale, "languages": chosen}
    form = forms.LanguagesForm(html.given(request), initial=facts)
    return _changed(request, tenant, form, "languages")


def _changed(request: Any, tenant: str, form: Any, page: str) -> HttpResponse:
    """Store what the form says of the organization, or show it."""
    if request.method == "POST" and form.is_valid():
        with html.blaming(form):
            actions.update_tenant(tenant=request.tenant, changes=form.changes(), actor=request.actor)
            return html.done(request, reverse(f"tenants:{page}", args=[tenant]), _("Saved."))
    return html.page(request, f"tenants/{page}.html", {"form": form})


@requires("tenants.settings")
def addresses(request: Any, tenant: str) -> HttpResponse:
    """Where the organization is found, and what an address of its own takes."""
    return html.page(request, "tenants/addresses.html", queries.addresses(request.tenant))


@requires("tenants.settings")
def brand(request: Any, tenant: str) -> HttpResponse:
    """Change logo and color, seen on a sample in light and dark."""
    form = forms.BrandForm(
        html.given(request), request.FILES or None, initial={"brand": request.tenant.brand}
    )
    if request.method == "POST" and form.is_valid():
        with html.blaming(form):
            actions.update_brand(
                tenant=request.tenant, color=form.cleaned_data["brand"], logo=form.cleaned_data["logo"],
                without_logo="without_logo" in request.POST, actor=request.actor, now=clock.now(),
            )  # fmt: skip
            return html.done(request, reverse("tenants:brand", args=[tenant]), _("This is how you look now."))
    wished = str(form["brand"].value() or "").lower()
    color = wished if colors.is_color(wished) else request.tenant.brand
    shown = {
        "form": form,
        "color": color,
        "on_color": colors.on_brand(color),
        "nearest": colors.readable(color),
        "themes": (("light", _("In the light")), ("dark", _("In the dark"))),
    }
    return html.page(request, "tenants/brand.html", shown)


@public("a mark is shown to everybody; its name says which version, so that it may be kept")
def logo(request: Any, slug: str, name: str) -> HttpResponseBase:
    """The organization's logo, for pages and letters."""
    found = queries.logo_of(slug)
    if found is None or context.logo_name(found) != name:
        raise NotFound
    with tenancy.use(found.pk):
        response = FileResponse(files.opened(found.logo), content_type="image/png")
    response["Cache-Control"] = "public, max-age=31536000, immutable"
    response["Cross-Origin-Resource-Policy"] = "cross-origin"  # letters are read elsewhere
    return response


@requires("tenants.settings")
def rules(request: Any, tenant: str) -> HttpResponse:
    """The typed settings that decide about referrals, rewards and payouts."""
    shown = queries.settings_shown()
    form = forms.RulesForm(html.given(request), shown=shown)
    if request.method == "POST" and form.is_valid():
        with html.blaming(form):
            actions.set_settings(values=form.changes(), actor=request.actor, now=clock.now())
            return html.done(request, reverse("tenants:rules", args=[tenant]), _("Saved."))
    return html.page(request, "tenants/rules.html", {"form": form})
