"""Setting up an organization of one's own, page by page. What was said so far is kept in the session."""

import base64
from decimal import Decimal
from typing import Any

from django.conf import settings
from django.contrib.auth import login
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.text import slugify
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from kith.kit import clock, colors, html, images
from kith.kit.actors import PUBLIC
from kith.kit.clients import client_address
from kith.kit.errors import DomainError, Forbidden, NotFound
from kith.kit.money import Money
from kith.presets import actions, forms, queries, rules
from kith.tenants.access import public, signed_in
from kith.tenants.forms import AcceptForm

BACKEND = "allauth.account.auth_backends.AuthenticationBackend"
DRAFT, INVITED = "start", "start_invited"
STEPS = {"kind": forms.KindForm, "name": forms.NameForm, "look": forms.BrandForm, "reward": forms.RewardForm}


# --- the way here -------------------------------------------------------------------------------------


@public("sends a letter to the address and says nothing about it; letters are limited per address")
def sign_up(request: Any) -> HttpResponse:
    """Where anybody may set up an organization: ask for the link by e-mail."""
    if not settings.KITH_OPEN_SIGNUP:
        raise NotFound
    form = forms.AskForm(html.given(request))
    if form.is_valid():
        with html.blaming(form):
            actions.ask_to_start(
                email=form.cleaned_data["email"], language=get_language() or "en", address=client_address(request)
            )  # fmt: skip
            return html.page(request, "presets/asked.html", {"email": form.cleaned_data["email"]})
    return html.page(request, "presets/sign_up.html", {"form": form})


@public("the link's secret is the proof")
def invitation(request: Any, token: str) -> HttpResponse:
    """The link of the letter: whoever has an account signs in, others make one, and both go on to the first step."""
    email = actions.started_by(token)
    known = request.user if request.user.is_authenticated else None
    if known is not None and known.email == email:
        request.session[INVITED] = token
        return redirect("presets:start")
    form = AcceptForm(html.given(request), known=False)
    if form.is_valid():
        with html.blaming(form):
            user = actions.join(token=token, now=clock.now(), **form.values())
            login(request, user, backend=BACKEND)
            request.session[INVITED] = token
            return html.done(request, reverse("presets:start"))
    context = {"form": form, "email": email, "known": known}
    return html.page(request, "presets/join.html", context)


# --- step by step -------------------------------------------------------------------------------------


@signed_in("whoever was invited by the operator, or everybody where sign-up is open")
def start(request: Any) -> HttpResponse:
    """Go on where it was left."""
    _insist(request)
    draft = _draft(request)
    return redirect("presets:step", next((step for step in STEPS if step not in draft["done"]), "review"))


@signed_in("whoever was invited by the operator, or everybody where sign-up is open")
def step(request: Any, step: str) -> HttpResponse:
    """One page of questions; the answers wait in the session for the last page."""
    _insist(request)
    if step not in STEPS:
        raise NotFound
    draft = _draft(request)
    form = STEPS[step](html.given(request), request.FILES or None, initial=_initial(step, draft))
    if form.is_valid():
        try:
            said = _answers(step, form, draft)
        except DomainError as error:
            form.add_error("logo" if step == "look" else "amount", error.text)
        else:
            return _go_on(request, step, draft, said)
    context = {**_around(step, draft), "form": form}
    return html.page(request, f"presets/step_{step}.html", context)


@signed_in("whoever was invited by the operator, or everybody where sign-up is open")
def review(request: Any) -> HttpResponse:
    """Everything once more, and the button that makes the organization."""
    _insist(request)
    draft = _draft(request)
    if any(step not in draft["done"] for step in STEPS):
        return redirect("presets:start")
    fault = ""
    if request.method == "POST":
        try:
            tenant = actions.start_organization(
                user=request.user,
                actor=PUBLIC,
                now=clock.now(),
                invitation=request.session.get(INVITED, ""),
                **_wishes(draft),
            )
        except DomainError as error:
            fault = error.text
        else:
            for key in (DRAFT, INVITED):
                request.session.pop(key, None)
            welcome = _("%(name)s is set up. Welcome.") % {"name": tenant.name}
            return html.done(request, reverse("presets:checklist", args=[tenant.slug]), welcome)
    context = {**_around("review", draft), "fault": fault}
    return html.page(request, "presets/review.html", context, status=422 if fault else 200)


@signed_in("whoever was invited by the operator, or everybody where sign-up is open")
def slug(request: Any) -> HttpResponse:
    """Whether an address is free, for the field while it is typed."""
    _insist(request)
    wanted = slugify(request.GET.get("slug") or request.GET.get("name", ""))[:40].strip("-")
    return html.part(request, "presets/_slug.html", {"slug": wanted, "fault": forms.slug_fault(wanted)})


@signed_in("whoever was invited by the operator, or everybody where sign-up is open")
def place(request: Any) -> HttpResponse:
    """Currency, language and time zone as a country usually has them, for the fields below it."""
    _insist(request)
    form = forms.NameForm(initial={**request.GET.dict(), **forms.proposal(request.GET.get("country", ""))})
    return html.part(request, "presets/_place.html", {"form": form})


# --- what was said ------------------------------------------------------------------------------------


def _insist(request: Any) -> None:
    allowed = settings.KITH_OPEN_SIGNUP or request.session.get(INVITED) or request.user.is_operator
    if not allowed:
        raise Forbidden(_("Ask whoever runs Kith for you to invite you; the letter has the link."))


def _draft(request: Any) -> dict[str, Any]:
    draft: dict[str, Any] = request.session.get(DRAFT) or {"done": []}
    return draft


def _initial(step: str, draft: dict[str, Any]) -> dict[str, Any]:
    said = {name: value for name, value in draft.items() if name != "logo"}
    if "kind" in draft:
        preset = queries.get_preset(draft["kind"])
        said = {**preset.tenant, **_promise(preset), **said}
        said["amount"] = Decimal(said["amount"])
    language = get_language() or "en"
    if step == "name" and "country" not in said and language == "nl":
        said["country"] = "NL"
    return said


def _promise(preset: rules.Preset) -> dict[str, Any]:
    return {
        "amount": str(preset.settings.get("rewards.default_amount", "25.00")),
        "hold_days": preset.settings.get("rewards.hold_days", 14),
        "auto_approve": preset.settings.get("rewards.auto_approve", False),
    }


def _answers(step: str, form: Any, draft: dict[str, Any]) -> dict[str, Any]:
    """What the session keeps of a form: text only. Raises NotAPicture, PictureTooLarge, AmountInvalid."""
    said = dict(form.cleaned_data)
    if step == "look":
        logo = said.pop("logo")
        if logo:
            png = images.as_png(logo, width=256, height=256)
            said |= {
                "logo": base64.b64encode(png).decode(),
                "proposed": colors.readable(images.main_color(png) or said["brand"]),
            }
    if step == "reward":
        said["amount"] = _plain(f"{said['amount']:f}", draft["currency"])
    return said


def _go_on(request: Any, step: str, draft: dict[str, Any], said: dict[str, Any]) -> HttpResponse:
    """Keep the answers and show the next page; a new logo shows its own color first."""
    again = said.get("proposed") not in (None, said.get("brand"))
    if again:
        said["brand"] = said["proposed"]
    done = [each for each in STEPS if each == step or each in draft["done"]]
    if step == "kind" and said["kind"] != draft.get("kind"):
        done, draft = ["kind"], {name: draft[name] for name in ("name", "slug", "logo") if name in draft}
    if step == "name" and said["currency"] != draft.get("currency", said["currency"]):
        done = [each for each in done if each != "reward"]
        draft = {name: value for name, value in draft.items() if name != "amount"}
    request.session[DRAFT] = {**draft, **said, "done": done}
    if again:
        taken = _("This is the color of your logo, made readable. Change it if you like.")
        return html.done(request, reverse("presets:step", args=["look"]), taken)
    following = [*STEPS, "review"][list(STEPS).index(step) + 1]
    address = (
        reverse("presets:review") if following == "review" else reverse("presets:step", args=[following])
    )
    return html.done(request, address)


def _wishes(draft: dict[str, Any]) -> dict[str, Any]:
    names = ("slug", "name", "brand", "currency", "country", "locale", "timezone")
    promise = rules.Reward(
        _plain(draft["amount"], draft["currency"]), draft["hold_days"], draft["auto_approve"]
    )
    return {
        "code": draft["kind"], "reward": promise, "logo": base64.b64decode(draft.get("logo", "")),
        **{name: draft[name] for name in names},
    }  # fmt: skip


def _plain(amount: str, currency: str) -> str:
    """Two decimals, as presets have them, or none where the currency has none."""
    return Money.parse(Decimal(amount), currency).text


def _around(step: str, draft: dict[str, Any]) -> dict[str, Any]:
    """What stands around the questions: where one is, the way back, and what was chosen."""
    titles = {
        "kind": _("What you do"), "name": _("Name and place"), "look": _("Logo and color"), "reward": _("Reward"),
        "review": _("Review"),
    }  # fmt: skip
    order = list(titles)
    at = order.index(step)
    steps = [(code, title, code in draft["done"] or (code == "review" and len(draft["done"]) == len(STEPS)))
             for code, title in titles.items()]  # fmt: skip
    found: dict[str, Any] = {
        "steps": steps,
        "step": step,
        "back": order[at - 1] if at else "",
        "draft": draft,
    }
    if step == "kind":
        found["kinds"] = _kinds()
    elif "kind" in draft:
        found |= _sample(draft)
    return found


def _kinds() -> list[tuple[str, str, str, str]]:
    """What can be chosen first: code, icon, title, what it means."""
    language = get_language() or "en"
    known = [(code, queries.get_preset(code)) for code, _title in queries.choices(language)]
    return [(code, each.icon, each.title[language], each.about[language]) for code, each in known]


def _sample(draft: dict[str, Any]) -> dict[str, Any]:
    """The organization's words and first page as they will be, in the reader's language."""
    language = get_language() or "en"
    preset = queries.get_preset(draft["kind"])
    program = next(each for each in preset.programs if each.is_default)
    words = {term: said[language] for term, said in preset.labels.items()}
    landing = program.values.get("landing", {})
    amount = None
    if "amount" in draft:
        amount = Money.parse(draft["amount"], draft["currency"])
    brand = draft.get("brand") or preset.tenant.get("brand", html.DEFAULT_BRAND)
    return {
        "words": words, "landing": {name: said[language] for name, said in landing.items()}, "amount": amount,
        "title": preset.title[language], "color": brand, "on_color": colors.on_brand(brand),
        "stages": [stage["label"][language] for stage in preset.pipelines[0].stages
                   if stage["category"] not in ("rejected", "expired", "cancelled")],
    }  # fmt: skip
