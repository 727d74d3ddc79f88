"""How a person signs in: code by e-mail, password, second factors, passkeys, browsers."""

from typing import Any
from uuid import UUID

from allauth.account.utils import get_next_redirect_url, perform_login
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from kith.kit import clock, html
from kith.kit.clients import client_address
from kith.tenants import access, actions, forms, queries
from kith.tenants.access import proven, public, requires, signed_in

ASKED_FOR = "code_asked_for"


# --- the person's own -----------------------------------------------------------------------------------


@signed_in("everybody may see and change how they sign in")
def security(request: Any) -> HttpResponse:
    """Password, second factors, passkeys and browsers of the person, and what is asked of them."""
    user = request.user
    factors = list(queries.factors_of(user))
    context = {
        "asked": queries.sign_in_rules(user),
        "app": next((row for row in factors if row.type == row.Type.TOTP), None),
        "passkeys": [row for row in factors if row.type == row.Type.WEBAUTHN],
        "codes_left": queries.recovery_codes_left(user),
        "sessions": queries.sessions_of(user, key=request.session.session_key),
        "due": request.session.get("factor_due") and not factors,
    }
    return html.page(request, "tenants/security.html", context)


@signed_in("the pages of single factors are parts of one page here")
def to_security(request: Any) -> HttpResponse:
    """Where the library's lists of factors lead."""
    return redirect("tenants:security")


@require_POST
@signed_in("everybody may end their own sessions")
def session_end(request: Any, session_id: int) -> HttpResponse:
    """Sign one other browser out."""
    actions.end_session(user=request.user, session_id=session_id)
    return html.done(request, reverse("tenants:security"), _("That browser is signed out."))


@require_POST
@signed_in("everybody may end their own sessions")
def sessions_end(request: Any) -> HttpResponse:
    """Sign every other browser out; this one stays."""
    count = actions.end_other_sessions(user=request.user, key=request.session.session_key)
    said = ngettext(
        "%(count)s other browser is signed out.", "%(count)s other browsers are signed out.", count
    )
    return html.done(request, reverse("tenants:security"), said % {"count": count})


# --- a code by e-mail -----------------------------------------------------------------------------------


@public("this is where people sign in; failures are limited per address and account")
def code_ask(request: Any) -> HttpResponse:
    """Have a code mailed. Says the same whether or not there is such a person."""
    form = forms.AskCodeForm(html.given(request))
    if request.method == "POST" and form.is_valid():
        login = form.cleaned_data["login"]
        with html.blaming(form):
            actions.ask_for_code(login=login, address=client_address(request))
            request.session[ASKED_FOR] = {"login": login, "next": get_next_redirect_url(request) or ""}
            return redirect("tenants:code_confirm")
    context = {"form": form, "next": get_next_redirect_url(request)}
    return html.page(request, "tenants/code_ask.html", context)


@public("the code that was mailed is the proof; failures are limited per address and account")
def code_confirm(request: Any) -> HttpResponse:
    """Sign in with the mailed code; a second factor is asked for next where there is one."""
    asked = request.session.get(ASKED_FOR)
    if not asked or request.user.is_authenticated:
        return redirect("account_login")
    form = forms.SentCodeForm(html.given(request))
    if request.method == "POST" and form.is_valid():
        code, address = form.cleaned_data["code"], client_address(request)
        with html.blaming(form):
            user = actions.check_code(login=asked["login"], code=code, address=address)
            del request.session[ASKED_FOR]
            request.session.set_expiry(0)
            answer: HttpResponse = perform_login(request, user, redirect_url=asked["next"] or None)
            return answer
    context = {"form": form, "login": asked["login"]}
    return html.page(request, "tenants/code_confirm.html", context)


# --- the organization's rules ---------------------------------------------------------------------------


@requires("tenants.settings")
def signin(request: Any, tenant: str) -> HttpResponse:
    """What the organization asks of whoever signs in, and who complies."""
    stored = queries.settings_in_force([f"signin.{name}" for name in forms.SignInRulesForm.base_fields])
    present = {key.removeprefix("signin."): value for key, value in stored.items()}
    form = forms.SignInRulesForm(html.given(request), initial=present)
    if request.method == "POST" and form.is_valid():
        actions.set_settings(values=form.changes(), actor=request.actor, now=clock.now())
        return html.done(request, reverse("tenants:signin", args=[tenant]), _("Saved."))
    context = {"form": form, "rows": queries.members_and_factors(present["second_factor"])}
    return html.page(request, "tenants/signin.html", context)


@requires("tenants.members")
@proven
def factor_reset(request: Any, tenant: str, member_id: UUID) -> HttpResponse:
    """Take the second factor off a colleague who lost it."""
    member = access.member(member_id)
    if request.method != "POST":
        return html.page(request, "tenants/factor_reset.html", {"member": member})
    actions.reset_factor(member=member, actor=request.actor, now=clock.now())
    gone = _("%(name)s can sign in with a password and set up a new one.") % {
        "name": member.user.get_full_name()
    }
    return html.done(request, reverse("tenants:signin", args=[tenant]), gone)
