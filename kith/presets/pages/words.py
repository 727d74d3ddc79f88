"""An organization's own words: for people and things, and for each stage, in each language."""

from typing import Any

from django.conf import settings
from django.http import HttpResponse
from django.urls import reverse
from django.utils.translation import get_language
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from kith.kit import clock, html
from kith.pipelines import queries as pipelines
from kith.presets import actions, forms, queries
from kith.tenants.access import requires


@requires("tenants.settings")
def words(request: Any, tenant: str) -> HttpResponse:
    """Say it your own way: terms and stages, with a look at where they stand."""
    stages = queries.all_stages()
    form = forms.WordsForm(html.given(request), tenant=request.tenant, stages=stages)
    if request.method == "POST" and form.is_valid():
        with html.blaming(form):
            actions.set_words(tenant=request.tenant, **form.values(), actor=request.actor, now=clock.now())
            return html.done(request, reverse("presets:words", args=[tenant]), _("Your words are saved."))
    context = {
        "form": form, "languages": settings.LANGUAGES, "shown_in": get_language() or "en",
        "can_reset": queries.has_start(request.tenant),
        "path": [pipelines.stage_label(stage, get_language() or "en") for stage in stages][:5],
    }  # fmt: skip
    return html.page(request, "presets/words.html", context)


@require_POST
@requires("tenants.settings")
def reset(request: Any, tenant: str) -> HttpResponse:
    """Back to the words the organization began with."""
    actions.reset_words(tenant=request.tenant, actor=request.actor, now=clock.now())
    return html.done(
        request, reverse("presets:words", args=[tenant]), _("The words are as they were at the start.")
    )
