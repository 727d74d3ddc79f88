"""What the page frame shows around every page: brand, navigation, person."""

from dataclasses import replace
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext_lazy as _

from kith.kit.html import Brand, Frame, Link, NavItem, Person
from kith.tenants import queries
from kith.tenants.models import Role, Tenant

# Label, route, icon, permission, in the phone's tab bar.
NAVIGATION: tuple[tuple[Any, str, str, str, bool], ...] = (
    (_("Home"), "analytics:dashboard", "layout-dashboard", "analytics.view", True),
    (_("Referrals"), "rewards:queue", "inbox", "referrals.view", True),
    ("participant_plural", "participants:list", "users", "participants.view", True),
    (_("Payouts"), "payouts:batches", "landmark", "payouts.view", False),
    (_("Settings"), "tenants:settings", "settings", "tenants.view", False),
)

# The same of the portal, whose pages belong to whoever is signed in there.
PORTAL: tuple[tuple[Any, str, str, bool], ...] = (
    (_("Overview"), "rewards:portal_home", "layout-dashboard", True),
    (_("Referrals"), "rewards:portal_referrals", "users", True),
    (_("Earnings"), "rewards:portal_earnings", "wallet", True),
    (_("Share"), "referrals:portal_share", "share-2", False),
    (_("Profile"), "participants:portal_profile", "circle-user-round", False),
)


def page(request: HttpRequest) -> dict[str, Any]:
    """The context processor: `frame` and `tenant` for every template."""
    tenant: Tenant | None = getattr(request, "tenant", None)
    return {"frame": _frame(request, tenant), "tenant": tenant}


def _frame(request: HttpRequest, tenant: Tenant | None) -> Frame:
    actor = getattr(request, "actor", None)
    if tenant and request.path.startswith("/p/"):
        return _portal_frame(tenant, getattr(request, "visitor", None))
    person = None
    if actor is not None and actor.kind == "member":
        person = Person(actor.label, str(Role(actor.role).label), request.user.email)  # type: ignore[union-attr]
    return Frame(
        brand=brand(tenant) if tenant else Brand(),
        nav=_navigation(tenant, actor) if tenant and actor else (),
        person=person,
        menu=(
            Link(_("Change your password"), reverse("account_change_password"), "key-round"),
            Link(_("Sign out everywhere"), reverse("tenants:sign_out_everywhere"), "monitor-off"),
        )
        if person
        else (),
        languages=[(code, _native(code)) for code, _name in settings.LANGUAGES],
        language_url=reverse("set_language"),
        theme_url=reverse("theme"),
        sign_out_url=reverse("account_logout") if person else "",
    )


def _portal_frame(tenant: Tenant, visitor: Any) -> Frame:
    """What stands around the pages of participants; nothing to navigate before they are signed in."""
    start = reverse("rewards:portal_home", args=[tenant.slug])
    frame = Frame(
        brand=replace(brand(tenant), home_url=start),
        languages=[(code, _native(code)) for code, _name in settings.LANGUAGES],
        language_url=reverse("set_language"),
        theme_url=reverse("theme"),
    )
    if visitor is None:
        return frame
    nav = [
        NavItem(label, reverse(route, args=[tenant.slug]), icon, tab=tab)
        for label, route, icon, tab in PORTAL
    ]
    if visitor.is_company:
        nav.append(
            NavItem(_("Your people"), reverse("participants:portal_people", args=[tenant.slug]), "building-2")
        )
    return replace(
        frame, nav=nav, person=Person(visitor.name, visitor.detail, visitor.email),
        sign_out_url=reverse("participants:portal_sign_out", args=[tenant.slug]),
    )  # fmt: skip


def brand(tenant: Tenant) -> Brand:
    """How the organization looks."""
    return Brand(name=tenant.name, color=tenant.brand, home_url=f"/t/{tenant.slug}/")


def _native(code: str) -> str:
    return {"en": "English", "nl": "Nederlands"}[code]


def _navigation(tenant: Tenant, actor: Any) -> list[NavItem]:
    items = []
    for label, route, icon, permission, tab in NAVIGATION:
        if actor.may(permission):
            url = reverse(route, args=[tenant.slug])
            items.append(NavItem(_label(tenant, label), url, icon, tab=tab))
    return items


def _label(tenant: Tenant, label: Any) -> Any:
    if label == "participant_plural":
        return queries.label(tenant, label, get_language() or "en", str(_("Participants")))
    return label
