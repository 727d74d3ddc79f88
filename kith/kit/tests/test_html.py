"""The page frame, the components, the filters and the answers a page can give."""

import json
import re
from copy import deepcopy
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest
from django import forms
from django.contrib.messages.middleware import MessageMiddleware
from django.http import HttpResponse
from django.template import engines
from django.test import RequestFactory
from django.utils import translation

import kith.kit
from kith.kit import clock, errors, html
from kith.kit.money import Money
from kith.kit.pagination import Page
from kith.kit.templatetags import kit as tags

AT = datetime(2026, 11, 19, 18, 30, tzinfo=UTC)
TEMPLATES = Path(kith.kit.__file__).parent / "templates"


def frame(request):
    """Stands in for the tenants feature."""
    return {
        "frame": html.Frame(
            brand=html.Brand("Noordzee <Reizen>", "#ffd400"),
            nav=[
                html.NavItem("Overview", "/", "layout-dashboard", tab=True),
                html.NavItem("Rewards", "/rewards/", "gift", count=41, tab=True, group="Money"),
                html.NavItem("Settings", "/settings/", "settings"),
            ],
            person=html.Person("Sanne de Vries", "Owner"),
            languages=[("en", "English"), ("nl", "Nederlands")],
            language_url="/language/",
            theme_url="/theme/",
            sign_out_url="/sign-out/",
        )
    }


@pytest.fixture(autouse=True)
def _own_frame(settings):
    templates = deepcopy(settings.TEMPLATES)
    templates[0]["OPTIONS"]["context_processors"] = [
        "django.template.context_processors.request",
        "django.contrib.messages.context_processors.messages",
        f"{__name__}.frame",
    ]
    settings.TEMPLATES = templates
    settings.STORAGES = {
        **settings.STORAGES,
        "staticfiles": {"BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"},
    }
    settings.MESSAGE_STORAGE = "django.contrib.messages.storage.cookie.CookieStorage"
    settings.TIME_ZONE = "Europe/Amsterdam"
    with translation.override("en"):
        yield


def asking(path="/rewards/", *, htmx=False, method="get", **data):
    request = getattr(RequestFactory(), method)(path, data, headers={"HX-Request": "true"} if htmx else {})
    request.csp_nonce = "n0nce"
    MessageMiddleware(lambda _: HttpResponse()).process_request(request)
    return request


def render(source, context=None, request=None):
    return engines["django"].from_string(source).render(context or {}, request or asking())


def cotton(tag, request=None, **context):
    """Render component markup the way a template file is: through the component compiler."""
    from django_cotton.compiler_regex import CottonCompiler

    return render(CottonCompiler().process(tag), context, request)


def text_of(response):
    return response.content.decode()


# --- frame --------------------------------------------------------------------------------------------


def test_a_console_page_has_its_title_twice_escaped_once_and_one_current_entry():
    source = '{% extends "kit/console.html" %}{% block title %}{{ name }}{% endblock %}'
    shown = render(source, {"name": "Rewards & more"})
    title = shown[shown.index("<title>") + 7 : shown.index("</title>")]
    assert " ".join(title.split()) == "Rewards &amp; more · Noordzee &lt;Reizen&gt;"
    assert "<h1>Rewards &amp; more</h1>" in shown
    sidebar = shown[shown.index("<aside") : shown.index("</aside>")]
    assert re.findall(r'<a href="([^"]+)" aria-current="page"', sidebar) == ["/rewards/"]
    assert "<c-" not in shown


def test_the_brand_color_arrives_in_a_style_block_with_the_nonce():
    shown = render('{% extends "kit/public.html" %}')
    assert '<style nonce="n0nce">:root{--brand:#ffd400;--on-brand:#0b0f17}</style>' in shown


@pytest.mark.parametrize(
    ("cookie", "attribute"), [("dark", ' data-theme="dark"'), ('x" y', ""), ("system", "")]
)
def test_the_theme_cookie_decides_the_theme(cookie, attribute):
    request = asking()
    request.COOKIES["kith_theme"] = cookie
    opening = re.search(r"<html[^>]*>", render('{% extends "kit/public.html" %}', request=request))[0]
    assert " ".join(opening.split()) == f'<html lang="en" dir="ltr"{attribute}>'


def test_arabic_pages_run_from_right_to_left():
    with translation.override("ar"):
        assert '<html lang="ar" dir="rtl">' in render('{% extends "kit/public.html" %}')


@pytest.mark.parametrize("name", ["400", "403", "403_csrf", "404", "500"])
def test_error_pages_need_no_request_and_no_frame(name):
    shown = engines["django"].get_template(f"{name}.html").render()
    assert f'<span class="code">{name[:3]} ' in shown
    assert "<h1></h1>" not in shown


def test_no_template_carries_inline_style_or_handlers():
    for template in TEMPLATES.rglob("*.html"):
        source = template.read_text()
        assert not re.search(r"\sstyle=|\son[a-z]+=", source), template.name


def test_every_component_is_documented():
    documented = (TEMPLATES / "cotton" / "README.md").read_text()
    missing = [
        path.stem
        for path in (TEMPLATES / "cotton").glob("*.html")
        if f"<c-{path.stem.replace('_', '-')}" not in documented
    ]
    assert missing == []


# --- answers ------------------------------------------------------------------------------------------


def test_a_list_answers_htmx_with_its_part_only():
    whole = html.page(asking(), "404.html", part="kit/_brand.html")
    piece = html.page(asking(htmx=True), "404.html", part="kit/_brand.html")
    assert "<html" in text_of(whole)
    assert "<html" not in text_of(piece)
    assert "HX-Request" in whole["Vary"]
    assert "HX-Request" in piece["Vary"]


def test_done_redirects_and_says_what_happened():
    request = asking(method="post")
    response = html.done(request, "/rewards/", "Approved.")
    assert (response.status_code, response["Location"]) == (303, "/rewards/")
    assert 'class="toast ok"' in render('{% extends "kit/public.html" %}', request=request)


def test_done_tells_htmx_where_to_go():
    response = html.done(asking(htmx=True, method="post"), "/rewards/", "Approved.")
    assert (response.status_code, response["HX-Redirect"]) == (204, "/rewards/")


def test_a_toast_keeps_other_triggers_and_any_script():
    response = HttpResponse()
    response["HX-Trigger"] = '{"saved": 1}'
    html.with_toast(response, "€ 5 naar Željko")
    assert json.loads(response["HX-Trigger"]) == {
        "saved": 1,
        "toast": {"text": "€ 5 naar Željko", "tone": "ok"},
    }
    assert response["HX-Trigger"].isascii()


def test_a_refusal_is_a_friendly_page_with_code_and_request_id():
    request = asking()
    request.request_id = "req-12345678"
    response = html.refusal(request, errors.TooMany(retry_after=30))
    assert response.status_code == 429
    assert response["Retry-After"] == "30"
    for word in ("429 too_many_requests", "req-12345678", "Please wait a moment"):
        assert word in text_of(response)


def test_a_refusal_reaches_htmx_as_a_toast_and_leaves_the_page_alone():
    response = html.refusal(asking(htmx=True), errors.Conflict("Already paid."))
    assert (response.status_code, response["HX-Reswap"], response.content) == (409, "none", b"")
    assert json.loads(response["HX-Trigger"])["toast"] == {"text": "Already paid.", "tone": "bad"}


class Person(forms.Form):
    email = forms.EmailField(help_text="We send the link here.")
    note = forms.CharField(required=False, widget=forms.Textarea)
    agrees = forms.BooleanField(required=False)


def test_blame_puts_each_sentence_where_it_belongs():
    form = Person({"email": "a@example.org"})
    html.blame(form, errors.Invalid(fields={"email": "Known already.", "iban": "Wrong."}))
    assert form.errors["email"] == ["Known already."]
    assert form.non_field_errors() == ["Some fields need attention."]


@pytest.mark.parametrize("back", ["https://evil.example/", "//evil.example/", ""])
def test_choosing_a_theme_never_leads_elsewhere(back):
    response = html.choose_theme(asking("/theme/", method="post", theme="dark", next=back))
    assert (response.status_code, response["Location"]) == (303, "/")
    assert response.cookies["kith_theme"].value == "dark"


def test_an_unknown_theme_is_not_stored():
    response = html.choose_theme(asking("/theme/", method="post", theme="pink", next="/rewards/"))
    assert "theme" not in response.cookies
    assert html.choose_theme(asking("/theme/")).status_code == 405


@pytest.mark.parametrize(
    "color", ["#ffffff", "#000000", "#1d5fe0", "#ffd400", "#e85d04", "#777777", "#12a150"]
)
def test_text_on_the_brand_color_is_always_readable(color):
    assert html.contrast(color, html.on_brand(color)) >= 4.4
    other = {"#ffffff": "#0b0f17", "#0b0f17": "#ffffff"}[html.on_brand(color)]
    assert html.contrast(color, html.on_brand(color)) >= html.contrast(color, other) - 0.5


# --- components ---------------------------------------------------------------------------------------


def test_text_from_data_is_escaped_in_components():
    evil = '"><script>alert(1)</script>'
    for tag in (
        '<c-card title="{{ evil }}">{{ evil }}</c-card>',
        '<c-button data-id="{{ evil }}" label="{{ evil }}">x</c-button>',
        '<c-who name="{{ evil }}" detail="{{ evil }}" href="{{ evil }}" />',
        '<c-link-field value="{{ evil }}" />',
        '<c-stat label="{{ evil }}" number="{{ evil }}" />',
        '<c-select name="x" label="{{ evil }}" :options="options" value="{{ evil }}" />',
        '<c-pick value="{{ evil }}" label="{{ evil }}" />',
        '<c-empty title="{{ evil }}" why="{{ evil }}"></c-empty>',
    ):
        assert "<script>" not in cotton(tag, evil=evil, options=[(evil, evil)]), tag


def test_a_component_does_not_take_names_from_the_page_around_it():
    shown = cotton("<c-card>inside</c-card>", title="Page title", actions="x", foot="y")
    assert "Page title" not in shown
    assert "<header" not in shown
    assert "<footer" not in shown


def test_a_field_ties_help_and_error_to_its_control():
    shown = cotton('<c-field :field="form.email" />', form=Person({"email": "x"}))
    assert 'aria-describedby="id_email_help id_email_error"' in shown
    assert 'aria-invalid="true"' in shown
    assert 'id="id_email_error"' in shown
    assert '<label class="label" for="id_email">' in shown


def test_a_check_box_field_has_its_label_beside_it():
    shown = cotton('<c-field :field="form.agrees" />', form=Person())
    assert shown.index('type="checkbox"') < shown.index("<label")


def test_the_error_summary_links_to_the_fields():
    shown = cotton('<c-form-errors :form="form" />', form=Person({"email": "x"}))
    assert '<a href="#id_email">Email</a>: Enter a valid email address.' in shown
    assert "One thing needs your attention" in shown
    assert cotton('<c-form-errors :form="form" />', form=Person()).strip() == ""


def test_pagination_keeps_the_filters():
    found = Page(list(range(20)), 2, 20, 61)
    request = asking("/rewards/", status="paid", page="2")
    shown = cotton('<c-pagination :page="found" />', request, found=found)
    assert "21 to 40 of 61" in shown
    assert 'href="?status=paid&amp;page=1"' in shown
    assert 'href="?status=paid&amp;page=3"' in shown


def test_pagination_by_cursor_and_beyond_the_count():
    tag = '<c-pagination :page="found" />'
    assert 'href="?cursor=abc%3D"' in cotton(tag, found=Page([1], None, 1, None, next_cursor="abc="))
    assert "more than 10,000" in cotton(tag, found=Page(list(range(20)), 1, 20, 10_001, True))


def test_steps_are_also_words():
    shown = cotton('<c-progress-steps step="2" of="5" label="Booked" />')
    assert "step 2 of 5" in shown
    assert shown.count('<li class="on">') == 2
    assert shown.count("<li") == 5


@pytest.mark.parametrize(
    "tag",
    [
        '<c-banner tone="warn" title="Test">x</c-banner>',
        '<c-dialog id="d" title="Sure?">x</c-dialog>',
        "<c-error-card />",
        '<c-skeleton rows="4" />',
        '<c-file-drop accept=".csv" />',
        '<c-switch name="s" label="On" :checked="True" />',
        '<c-badge tone="ok">Paid</c-badge>',
        '<c-breadcrumb :trail="[(1, 2)]" here="x" />',
        '<c-timeline><c-timeline-item title="t" :at="at" by="b">x</c-timeline-item></c-timeline>',
        '<c-filter-bar target="#rows"><c-search label="Find" /></c-filter-bar>',
        '<c-table caption="Rows"><c-slot name="head"><c-pick-all />'
        '<c-sort key="a" current="-a">A</c-sort></c-slot></c-table>',
        "<c-bulk-bar>x</c-bulk-bar>",
        '<c-segmented label="l" param="p" :options="[(1, 2)]" value="1" />',
        '<c-facts><c-fact label="l">v</c-fact></c-facts>',
        '<c-legend :series="[(1, 2)]" />',
        '<c-stat label="l" number="1" :spark="[1, 2, 3]" icon="users" delta="+1" tone="ok" />',
    ],
)
def test_every_component_renders(tag):
    shown = cotton(tag, at=AT)
    assert shown.strip()
    assert "<c-" not in shown
    assert "{{" not in shown


def test_an_unknown_icon_is_an_error():
    with pytest.raises(Exception, match="does not exist"):
        tags.icon("no-such-icon")


# --- filters ------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("language", "amount", "at", "ratio"),
    [
        ("en", "€1,234.50", "19 Nov 2026, 19:30", "18.4%"),
        ("nl", "€\xa01.234,50", "19 nov 2026, 19:30", "18,4%"),
    ],
)
def test_each_language_writes_amounts_and_dates_its_own_way(language, amount, at, ratio):
    with translation.override(language):
        assert tags.money(Money(123450, "EUR")) == amount
        assert tags.money({"amount_minor": 123450, "currency": "EUR"}) == amount
        assert tags.when(AT).replace("\u202f", " ") == at
        assert tags.percent(0.18411) == ratio


def test_missing_values_are_a_dash():
    for show in (tags.money, tags.number, tags.percent, tags.when, tags.ago, tags.day, tags.month):
        assert show(None) == "–"


def test_zero_is_not_missing():
    assert tags.number(0) == "0"
    assert tags.percent(0) == "0%"


@pytest.mark.parametrize(
    ("before", "words"),
    [
        (timedelta(seconds=20), "just now"),
        (timedelta(minutes=5), "5 minutes ago"),
        (timedelta(hours=28), "1 day ago"),
        (-timedelta(days=3), "in 3 days"),
    ],
)
def test_ago_is_relative_to_the_clock_and_says_the_moment(before, words):
    with clock.frozen(AT):
        shown = tags.ago(AT - before)
    assert f">{words}</time>" in shown
    assert 'datetime="2026-11-' in shown


def test_day_and_month():
    assert tags.day(date(2026, 11, 19)) == "19 Nov 2026"
    assert tags.day(datetime(2026, 11, 19, 23, 30, tzinfo=UTC)) == "20 Nov 2026"
    assert tags.month(date(2026, 11, 19)) == "November 2026"


@pytest.mark.parametrize(
    ("name", "letters"),
    [("Sanne de Vries", "SV"), ("madonna", "MA"), ("", "?"), ("Ö", "Ö"), ("(Test) Żaneta", "Ż"), (None, "?")],
)
def test_initials(name, letters):
    assert tags.initials(name).startswith(letters)


def test_a_name_keeps_its_color():
    assert tags.hue("Sanne") == tags.hue("sanne")
    assert re.fullmatch("h[0-7]", tags.hue("Sanne"))


def test_links_and_forms_keep_the_other_filters():
    request = asking("/rewards/", q="a b", status="paid", page="3")
    assert render("{% query page=None status='new' %}", request=request) == "?q=a+b&amp;status=new"
    kept = render("{% keep 'q' 'page' %}", request=request)
    assert kept == '<input type="hidden" name="status" value="paid">'
