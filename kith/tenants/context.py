"""What the page frame shows around every page: brand, navigation, person."""

import functools
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from django.urls import reverse
from django.utils.module_loading import import_string
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
    (_("Programs"), "programs:list", "megaphone", "programs.view", False),
    (_("Rewards"), "rewards:rewards", "gift", "rewards.view", False),
    (_("Payouts"), "payouts:batches", "landmark", "payouts.view", False),
    (_("Settings"), "tenants:settings", "settings", "tenants.view", False),
)

# The letter that, after g, goes there.
KEYS = {
    "analytics:dashboard": "h", "rewards:queue": "r", "participants:list": "p", "payouts:batches": "b",
    "rewards:rewards": "w", "programs:list": "o", "tenants:settings": "s",
}  # fmt: skip
# Where something may wait: the figure of the pulse that stands beside the entry, and who sees it.
WAITS = {"rewards:queue": ("waiting_shown", "rewards.approve")}

# Beside the pages of the settings: title of a group, then label, route, icon, permission and the page's name there.
SETTINGS: tuple[tuple[Any, tuple[tuple[Any, str, str, str, str], ...]], ...] = (
    (_("Organization"), (
        (_("Overview"), "tenants:settings", "layout-grid", "tenants.view", "overview"),
        (_("Name and place"), "tenants:organization", "building-2", "tenants.settings", "organization"),
        (_("Logo and color"), "tenants:brand", "palette", "tenants.settings", "brand"),
        (_("Words"), "presets:words", "book-a", "tenants.settings", "words"),
        (_("Languages"), "tenants:languages", "languages", "tenants.settings", "languages"),
        (_("Rules"), "tenants:rules", "sliders-horizontal", "tenants.settings", "rules"),
    )),
    (_("Who gets in"), (
        (_("Team"), "tenants:team", "users", "tenants.members", "team"),
        (_("Signing in"), "tenants:signin", "shield-check", "tenants.settings", "signin"),
    )),
    (_("Connections"), (
        (_("Addresses and domain"), "tenants:addresses", "link", "tenants.settings", "addresses"),
        (_("Websites"), "referrals:sites", "globe", "tenants.keys", "sites"),
        (_("API keys"), "tenants:keys", "key-round", "tenants.keys", "keys"),
    )),
    (_("What happened"), (
        (_("Imports and exports"), "analytics:jobs", "arrow-down-up", "jobs.view", "jobs"),
        (_("Audit trail"), "analytics:trail", "scroll-text", "audit.view", "audit"),
    )),
)  # fmt: skip

# The same of the portal, whose pages belong to whoever is signed in there.
PORTAL: tuple[tuple[Any, str, str, bool], ...] = (
    (_("Overview"), "rewards:portal_home", "layout-dashboard", True),
    (_("Referrals"), "rewards:portal_referrals", "users", True),
    (_("Share"), "referrals:portal_share", "share-2", True),
    (_("Earnings"), "rewards:portal_earnings", "wallet", True),
    (_("Profile"), "participants:portal_profile", "circle-user-round", False),
)


def page(request: HttpRequest) -> dict[str, Any]:
    """The context processor: `frame` and `tenant` for every template."""
    tenant: Tenant | None = getattr(request, "tenant", None)
    return {
        "frame": _frame(request, tenant),
        "tenant": tenant,
        "settings_menu": functools.partial(settings_menu, tenant, getattr(request, "actor", None)),
    }


def settings_menu(tenant: Tenant | None, actor: Any) -> list[tuple[Any, list[tuple[str, NavItem]]]]:
    """Title and (name, entry) of each group of settings this actor may open; none outside organizations."""
    if tenant is None or actor is None:
        return []
    groups = [
        (
            title,
            [
                (name, NavItem(label, reverse(route, args=[tenant.slug]), icon))
                for label, route, icon, permission, name in entries
                if actor.may(permission)
            ],
        )
        for title, entries in SETTINGS
    ]
    return [(title, found) for title, found in groups if found]


def _frame(request: HttpRequest, tenant: Tenant | None) -> Frame:
    actor = getattr(request, "actor", None)
    if tenant and request.path.startswith("/p/"):
        return _portal_frame(tenant, getattr(request, "visitor", None))
    person = None
    if actor is not None and actor.kind == "member":
        person = Person(actor.label, str(Role(actor.role).label), request.user.email)  # type: ignore[union-attr]
    return Frame(
        brand=brand(tenant) if tenant else Brand(),
        **(_everywhere(tenant, actor) if tenant and actor else {}),
        # A page that refuses may be drawn before anybody was looked up.
        keys_on=getattr(getattr(request, "user", None), "keys_on", True),
        person=person,
        menu=(
            Link(_("You and your settings"), reverse("tenants:account"), "circle-user-round"),
            Link(_("Signing in and security"), reverse("tenants:security"), "shield-check"),
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
        languages=[(code, _native(code)) for code in queries.offered_languages(tenant)],
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
        notice=_("You see what %(name)s sees. You can change nothing here.") % {"name": visitor.name}
        if visitor.is_staff else "",
    )  # fmt: skip


def brand(tenant: Tenant) -> Brand:
    """How the organization looks."""
    logo = reverse("tenants:logo", args=[tenant.slug, logo_name(tenant)]) if tenant.logo else ""
    return Brand(name=tenant.name, color=tenant.brand, logo_url=logo, home_url=f"/t/{tenant.slug}/")


def logo_name(tenant: Tenant) -> str:
    """The last part of the logo's address, another one for each picture."""
    return tenant.logo.rpartition("/")[2].partition(".")[0]


def _native(code: str) -> str:
    return {"en": "English", "nl": "Nederlands"}[code]


def _everywhere(tenant: Tenant, actor: Any) -> dict[str, Any]:
    """Navigation, search and bell of the console, which stand around all its pages."""
    places = ("search", "palette", "news", "bell")
    pulse = functools.cache(lambda: import_string(settings.PULSE)(actor))
    return {
        "nav": navigation(tenant, actor, pulse),
        "pulse": pulse,
        **{f"{place}_url": reverse(f"analytics:{place}", args=[tenant.slug]) for place in places},
    }


def navigation(tenant: Tenant, actor: Any, pulse: Callable[[], Any] | None = None) -> list[NavItem]:
    """The pages this actor may open; `pulse` is asked what waits there when the page is drawn."""
    return [
        NavItem(
            _label(tenant, label), reverse(route, args=[tenant.slug]), icon, _count(route, actor, pulse),
            tab=tab, key=KEYS.get(route, ""),
        )
        for label, route, icon, permission, tab in NAVIGATION
        if actor.may(permission)
    ]  # fmt: skip


def _count(route: str, actor: Any, pulse: Callable[[], Any] | None) -> Callable[[], str] | None:
    figure, permission = WAITS.get(route, ("", ""))
    if not figure or pulse is None or not actor.may(permission):
        return None
    return lambda: str(getattr(pulse(), figure))


def _label(tenant: Tenant, label: Any) -> Any:
    if label == "participant_plural":
        return queries.label(tenant, label, get_language() or "en", str(_("Participants")))
    return label
