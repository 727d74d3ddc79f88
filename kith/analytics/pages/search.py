"""The search over everything, and the palette that opens with Ctrl+K."""

from collections.abc import Iterator
from typing import Any

from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from kith.analytics import queries
from kith.analytics.pages.places import address
from kith.kit import html
from kith.kit.search import can_search
from kith.tenants.access import requires
from kith.tenants.context import navigation

# What can be done from anywhere: words, route, icon, permission.
DOINGS: tuple[tuple[Any, str, str, str], ...] = (
    (gettext_lazy("New referral"), "referrals:create", "plus", "referrals.create"),
    (gettext_lazy("Enroll somebody"), "participants:create", "user-plus", "participants.edit"),
    (gettext_lazy("Import people"), "participants:import", "upload", "participants.import"),
    (gettext_lazy("Export people"), "participants:export", "download", "participants.export"),
    (gettext_lazy("Set up a program"), "programs:create", "megaphone", "programs.edit"),
    (gettext_lazy("Make a payout batch"), "payouts:make", "landmark", "payouts.make"),
    (gettext_lazy("Invite a colleague"), "tenants:team", "mail-plus", "tenants.members"),
    (gettext_lazy("Make an API key"), "tenants:keys", "key-round", "tenants.keys"),
)
# Pages that have no entry of their own in the navigation.
FURTHER: tuple[tuple[Any, str, str, str], ...] = (
    (gettext_lazy("What is new"), "analytics:news", "bell", "tenants.view"),
    (gettext_lazy("Organization"), "tenants:organization", "building-2", "tenants.settings"),
    (gettext_lazy("Rules"), "tenants:rules", "sliders-horizontal", "tenants.settings"),
    (gettext_lazy("Team"), "tenants:team", "users", "tenants.members"),
    (gettext_lazy("API keys"), "tenants:keys", "key-round", "tenants.keys"),
    (gettext_lazy("Imports and exports"), "analytics:jobs", "arrow-down-up", "jobs.view"),
    (gettext_lazy("Audit trail"), "analytics:trail", "shield-check", "audit.view"),
)
Option = tuple[str, str, str, str]


@requires("tenants.view")
def search(request: Any, tenant: str) -> HttpResponse:
    """Everything that matches, a few of each kind with the way to all of them."""
    typed = request.GET.get("q", "")[:100]
    context = {
        "q": typed, "groups": _records(request, typed, limit=10), "too_short": bool(typed) and not can_search(typed),
    }  # fmt: skip
    return html.page(request, "analytics/search.html", context, part="analytics/_found.html")


@requires("tenants.view")
def palette(request: Any, tenant: str) -> HttpResponse:
    """Pages, things to do and records, as options of the palette's list."""
    typed = request.GET.get("q", "")[:100].strip()
    groups = [(_("Go to"), list(_pages(request, typed))), (_("Do"), list(_doings(request, typed)))]
    groups += [
        (group["words"], [(name, detail, url, group["icon"]) for name, detail, url in group["items"]])
        for group in _records(request, typed, limit=5)
    ]
    context = {
        "q": typed, "groups": [(words, options) for words, options in groups if options],
        "too_short": bool(typed) and not can_search(typed),
    }  # fmt: skip
    return html.part(request, "analytics/_palette.html", context)


def _records(request: Any, typed: str, *, limit: int) -> list[dict[str, Any]]:
    tenant = request.tenant.slug
    return [
        {
            "words": str(group.words), "icon": group.icon, "more": group.more, "all": address(tenant, group.target),
            "items": [(row.name, row.detail, address(tenant, group.target, row.id)) for row in group.items],
        }
        for group in queries.find(request.actor, typed, limit=limit)
    ]  # fmt: skip


def _pages(request: Any, typed: str) -> Iterator[Option]:
    shown = [(str(item.label), item.url, item.icon) for item in navigation(request.tenant, request.actor)]
    shown += [(words, url, icon) for words, _detail, url, icon in _allowed(request, FURTHER)]
    return ((words, "", url, icon) for words, url, icon in shown if _fits(words, typed))


def _doings(request: Any, typed: str) -> Iterator[Option]:
    return (option for option in _allowed(request, DOINGS) if _fits(option[0], typed))


def _allowed(request: Any, table: tuple[tuple[Any, str, str, str], ...]) -> Iterator[Option]:
    return (
        (str(words), "", reverse(route, args=[request.tenant.slug]), icon)
        for words, route, icon, permission in table
        if request.actor.may(permission)
    )


def _fits(words: str, typed: str) -> bool:
    """Every typed word begins a word of the option."""
    known = words.lower().split()
    return all(any(word.startswith(part) for word in known) for part in typed.lower().split())
