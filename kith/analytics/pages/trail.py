"""The audit trail: who changed what and when, in words, to look through and to take along."""

from typing import Any

from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from kith.analytics import actions, forms, queries
from kith.analytics.pages.places import address
from kith.kit import clock, html
from kith.kit.errors import Invalid
from kith.tenants.access import requires


@requires("audit.view")
def trail(request: Any, tenant: str) -> HttpResponse:
    """Entries of a person, a table, a row, a request or a period; none of these for all of them."""
    form = forms.TrailForm(request.GET)
    found = queries.trail(cursor=request.GET.get("cursor"), **_wanted(form))
    context = {
        "form": form, "page": found, "filtered": form.is_narrowed, "wanted": form.cleaned_data,
        "bundles": [
            [(entry, address(tenant, entry.target, entry.row_id)) for entry in bundle]
            for bundle in queries.bundled(found.items)
        ],
    }  # fmt: skip
    if not html.is_part(request):
        context |= {
            "people": queries.trail_people(), "tables": queries.trail_tables(), "head": queries.trail_head(),
        }  # fmt: skip
    return html.page(request, "analytics/trail.html", context, part="analytics/_trail.html")


@require_POST
@requires("audit.view")
def trail_export(request: Any, tenant: str) -> HttpResponse:
    """Have the same entries written into a file."""
    form = forms.TrailForm(request.POST)
    _wanted(form)
    actions.request_trail_export(
        format=request.POST.get("format", ""), params=form.as_params(), actor=request.actor, now=clock.now()
    )
    said = _("The file is being written. It will be ready here in a moment.")
    return html.done(request, reverse("analytics:jobs", args=[tenant]), said)


def _wanted(form: forms.TrailForm) -> dict[str, Any]:
    if not form.is_valid():
        raise Invalid(fields={name: str(faults[0]) for name, faults in form.errors.items()})
    return form.wanted()
