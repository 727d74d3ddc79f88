"""The first days of an organization: what is still to do, and a look at the letter that people get."""

from typing import Any

from django.conf import settings
from django.http import HttpResponse
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, override
from django.views.decorators.http import require_POST

from kith.kit import clock, html
from kith.presets import queries
from kith.programs.queries import default_program
from kith.tenants import actions as tenants
from kith.tenants.access import requires
from kith.tenants.context import brand

# Title, why, what the button says.
TASKS = {
    "brand": (
        gettext_lazy("Show your logo and color"), gettext_lazy("People trust a page that looks like you."),
        gettext_lazy("Choose them"),
    ),
    "words": (
        gettext_lazy("Use your own words"), gettext_lazy("Customers or students, bookings or orders: say it your way."),
        gettext_lazy("Check the words"),
    ),
    "people": (
        gettext_lazy("Bring your people in"),
        gettext_lazy("A table from your spreadsheet is enough; everybody gets a link."),
        gettext_lazy("Import people"),
    ),
    "landing": (
        gettext_lazy("Look at your landing page"), gettext_lazy("It is the first thing a friend sees of you."),
        gettext_lazy("Look at it"),
    ),
    "email": (
        gettext_lazy("Look at the invitation"), gettext_lazy("The letter that brings people to their own page."),
        gettext_lazy("Read it"),
    ),
    "payouts": (
        gettext_lazy("Name the account you pay from"), gettext_lazy("Bank files need its IBAN and its holder."),
        gettext_lazy("Fill it in"),
    ),
    "team": (
        gettext_lazy("Invite a colleague"), gettext_lazy("Large payouts want a second pair of eyes."),
        gettext_lazy("Invite somebody"),
    ),
    "live": (
        gettext_lazy("Share the first link"),
        gettext_lazy("Open somebody's page, copy the link, and send it to a friend."),
        gettext_lazy("Choose somebody"),
    ),
}  # fmt: skip


@requires("tenants.settings")
def checklist(request: Any, tenant: str) -> HttpResponse:
    """What is still to do; the first page shows it too until all is done or somebody has put it away."""
    tasks = queries.checklist(request.tenant)
    current = next((task.code for task in tasks if not task.is_done), "")
    addresses = _addresses(tenant)
    rows = [(*TASKS[task.code], addresses[task.code], task.is_done, task.code == current) for task in tasks]
    hidden = "done" in request.tenant.looked_at or not current
    context = {
        "rows": rows, "done": sum(task.is_done for task in tasks), "of": len(tasks),
        "hidden": hidden and html.is_part(request), "finished": not current,
    }  # fmt: skip
    return html.page(request, "presets/checklist.html", context, part="presets/_checklist.html")


def _addresses(slug: str) -> dict[str, str]:
    return {
        "brand": reverse("tenants:brand", args=[slug]), "words": reverse("presets:words", args=[slug]),
        "people": reverse("participants:import", args=[slug]), "landing": reverse("presets:landing", args=[slug]),
        "email": reverse("presets:email", args=[slug]), "payouts": reverse("tenants:rules", args=[slug]),
        "team": reverse("tenants:team", args=[slug]), "live": reverse("participants:list", args=[slug]),
    }  # fmt: skip


@require_POST
@requires("tenants.settings")
def looked(request: Any, tenant: str) -> HttpResponse:
    """Say that one has looked at something, or that the list may go."""
    what = request.POST.get("what", "")
    tenants.note_look(tenant=request.tenant, what=what, actor=request.actor, now=clock.now())
    if what == "done":
        return html.done(request, f"/t/{tenant}/", _("The list is put away. You find it under Settings."))
    return html.done(request, reverse("presets:checklist", args=[tenant]), _("Good. On to the next."))


@requires("tenants.settings")
def landing(request: Any, tenant: str) -> HttpResponse:
    """The page a friend comes to, on a phone and on a screen, and the way to change it."""
    return html.page(request, "presets/landing.html", {"program": default_program()})


@requires("tenants.settings")
def email(request: Any, tenant: str) -> HttpResponse:
    """The invitation as it arrives, in each language."""
    asked = request.GET.get("language", "")
    offered = queries.offered_languages(request.tenant)
    language = asked if asked in dict(offered) else request.tenant.locale
    context = {"language": language, "languages": offered}
    return html.page(request, "presets/email.html", context)


@requires("tenants.settings")
def letter(request: Any, tenant: str) -> HttpResponse:
    """The letter itself, the very template that is sent, for the frame of the page above; nothing in it can run."""
    language = request.GET.get("language", "")
    known = dict(settings.LANGUAGES)
    with override(language if language in known else request.tenant.locale):
        context = {
            "brand": brand(request.tenant), "tenant": request.tenant, "name": _("Sanne"), "company": "",
            "action_url": f"{settings.KITH_PUBLIC_URL}/p/{tenant}/", "action_label": _("Open my page"),
        }  # fmt: skip
        shown = render_to_string("participants/email/portal_invitation.html", context)
    response = HttpResponse(shown)
    response["X-Frame-Options"] = "SAMEORIGIN"
    response["Content-Security-Policy"] = (
        "default-src 'none'; style-src 'unsafe-inline'; img-src 'self'; base-uri 'none'; form-action 'none'; "
        "frame-ancestors 'self'; sandbox"
    )
    return response
