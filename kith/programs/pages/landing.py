"""The editor of a landing page, its preview and its versions; messages to share."""

from typing import Any
from uuid import UUID

from django.conf import settings
from django.http import HttpResponse
from django.urls import reverse
from django.utils import translation
from django.utils.module_loading import import_string
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from kith.kit import clock, html
from kith.programs import access, actions, forms, queries
from kith.programs.models import Program
from kith.tenants.access import requires


def _language(request: Any) -> str:
    """The language that is being written in: the one asked for, else the organization's own."""
    offered = queries.languages(request.tenant)
    asked = request.GET.get("language") or request.POST.get("language") or ""
    return asked if asked in offered else offered[0]


def _tabs(request: Any) -> list[tuple[str, str]]:
    known = dict(settings.LANGUAGES)
    return [(code, str(known.get(code, code))) for code in queries.languages(request.tenant)]


def _back(tenant: str, program: Program, language: str, block: str = "") -> str:
    address = reverse("programs:landing", args=[tenant, program.id])
    return f"{address}?language={language}{f'#block-{block}' if block else ''}"


def _form(request: Any, program: Program, language: str) -> forms.LandingForm:
    with translation.override(language):
        usual = queries.usual_words(request.tenant.name)
    content = queries.written(program)
    return forms.LandingForm(
        html.given(request), request.FILES or None, content=content, language=language, usual=usual
    )


@requires("programs.edit")
def edit(request: Any, tenant: str, program_id: UUID) -> HttpResponse:
    """Write the draft: texts of one language, the order of blocks, the picture."""
    program, language = access.program(program_id), _language(request)
    form = _form(request, program, language)
    if form.is_valid():
        move, _colon, block = request.POST.get("do", "").partition(":")
        with html.blaming(form):
            actions.edit_landing(
                program=program, language=language, **form.values(), block=block, move=move, actor=request.actor,
                now=clock.now(),
            )  # fmt: skip
            # nosemgrep: redirect-from-request - a path of ours with the block as its fragment
            return html.done(request, _back(tenant, program, language, block), _("The draft is saved."))
    return html.page(request, "programs/landing.html", _editor(request, program, form))


def _editor(request: Any, program: Program, form: forms.LandingForm) -> dict[str, Any]:
    """What the editor shows besides the form."""
    return {
        "program": program, "form": form, "language": form.language, "tabs": _tabs(request),
        "draft": queries.draft(program), "versions": queries.landing_versions(program)[:20],
        "width": "desktop" if request.GET.get("width") == "desktop" else "phone",
        **_shown(request, program, form),
    }  # fmt: skip


def _shown(request: Any, program: Program, form: forms.LandingForm) -> dict[str, Any]:
    """The page as a friend would see it with what the form holds, in the language that is being written in."""
    with translation.override(form.language):
        shown = queries.landing(
            program, request.tenant, at=clock.now(), referrer=_("Sanne"), content=form.unsaved()
        )
        friend = import_string(settings.FRIEND_FORM)(program, request.tenant, shown)
    return {"landing": shown, "shown_in": form.language, "friend": friend}


@requires("programs.view")
def preview(request: Any, tenant: str, program_id: UUID) -> HttpResponse:
    """A part of the editor: the page with what is typed at this moment. Stores nothing."""
    program = access.program(program_id)
    form = _form(request, program, _language(request))
    return html.part(request, "programs/landing/_preview.html", _shown(request, program, form))


@require_POST
@requires("programs.edit")
def publish(request: Any, tenant: str, program_id: UUID) -> HttpResponse:
    """Show the draft to everybody."""
    program = access.program(program_id)
    actions.publish_landing(program=program, actor=request.actor, now=clock.now())
    return html.done(request, _back(tenant, program, _language(request)), _("The page is published."))


@require_POST
@requires("programs.edit")
def discard(request: Any, tenant: str, program_id: UUID) -> HttpResponse:
    """Throw the draft away."""
    program = access.program(program_id)
    actions.discard_landing(program=program, actor=request.actor, now=clock.now())
    return html.done(request, _back(tenant, program, _language(request)), _("The draft is thrown away."))


@require_POST
@requires("programs.edit")
def restore(request: Any, tenant: str, program_id: UUID, number: int) -> HttpResponse:
    """Take an earlier version as the draft."""
    program = access.program(program_id)
    actions.restore_landing(program=program, number=number, actor=request.actor, now=clock.now())
    said = _("Version %(number)s is your draft now. Look at it, then publish it.") % {"number": number}
    return html.done(request, _back(tenant, program, _language(request)), said)


@requires("programs.edit")
def share(request: Any, tenant: str, program_id: UUID) -> HttpResponse:
    """The messages people send, per channel, in one language."""
    program, language = access.program(program_id), _language(request)
    with translation.override(language):
        usual = queries.usual_texts(request.tenant.name)
    own = {name: program.share_texts.get(name, {}).get(language, "") for name in usual}
    form = forms.ShareForm(html.given(request), usual=usual, initial=own)
    if form.is_valid():
        with html.blaming(form):
            actions.set_share_texts(
                program=program,
                language=language,
                texts=form.cleaned_data,
                actor=request.actor,
                now=clock.now(),
            )
            address = f"{reverse('programs:share', args=[tenant, program.id])}?language={language}"
            return html.done(request, address, _("The messages are saved."))
    context = {"program": program, "form": form, "language": language, "tabs": _tabs(request),
               "sample": queries.share_sample(program, language, form.typed())}  # fmt: skip
    return html.page(request, "programs/share.html", context)


@require_POST
@requires("programs.edit")
def share_preview(request: Any, tenant: str, program_id: UUID) -> HttpResponse:
    """A part of the messages: how they arrive with what is typed at this moment. Stores nothing."""
    program, language = access.program(program_id), _language(request)
    form = forms.ShareForm(request.POST, usual={})
    context = {"language": language, "sample": queries.share_sample(program, language, form.typed())}
    return html.part(request, "programs/_messages.html", context)
