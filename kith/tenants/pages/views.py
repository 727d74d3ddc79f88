"""Lists as members arranged them: keep one, forget one, choose columns."""

from typing import Any
from uuid import UUID

from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from kith.kit import clock, html
from kith.tenants import access, actions
from kith.tenants.access import requires
from kith.tenants.models import SavedView


@require_POST
@requires("tenants.view")
def view_save(request: Any, tenant: str) -> HttpResponse:
    """Keep how a list is arranged, under a name."""
    kept = actions.save_view(
        page=request.POST.get("page", ""), name=request.POST.get("name", ""), query=request.POST.get("query", ""),
        shared=bool(request.POST.get("shared")), actor=request.actor, now=clock.now(),
    )  # fmt: skip
    # nosemgrep: redirect-from-request - a path of ours with the list's filters behind it
    return html.done(request, _address(tenant, kept), _("The view “%(name)s” is kept.") % {"name": kept.name})


@require_POST
@requires("tenants.view")
def view_remove(request: Any, tenant: str, view_id: UUID) -> HttpResponse:
    """Forget a view; the list stays as it is."""
    view = access.view(request.actor, view_id)
    actions.remove_view(view=view, actor=request.actor)
    return html.done(request, reverse(view.page, args=[tenant]), _("The view is removed."))


@require_POST
@requires("tenants.view")
def columns(request: Any, tenant: str) -> HttpResponse:
    """Remember which columns a list shows to this member."""
    chosen = "columns=" + ",".join(request.POST.getlist("columns"))
    kept = actions.keep_columns(
        page=request.POST.get("page", ""), query=chosen, actor=request.actor, now=clock.now()
    )
    back = reverse(kept.page, args=[tenant])
    # nosemgrep: redirect-from-request - a path of ours with the list's filters behind it
    return html.done(request, f"{back}?{request.POST.get('query', '')}", _("The columns are kept."))


def _address(tenant: str, view: SavedView) -> str:
    return f"{reverse(view.page, args=[tenant])}?{view.query}"
