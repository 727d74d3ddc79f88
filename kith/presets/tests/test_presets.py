"""Every preset sets up an empty organization; a preset with a mistake says where it is."""

import ast
import datetime
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from django.conf import settings

import kith
from conftest import make_tenant
from kith.kit import tenancy
from kith.kit.actors import SYSTEM
from kith.kit.money import Money
from kith.ledger import queries as books
from kith.pipelines import queries as stages
from kith.pipelines import rules as pipeline_rules
from kith.pipelines.models import Category, Pipeline
from kith.presets import actions, queries
from kith.presets.rules import PresetFault, parse
from kith.programs import queries as programs
from kith.programs.rules import CHANNELS
from kith.tenants import queries as tenants
from kith.tenants.models import SettingValue, Tenant, User

CODES = queries.preset_codes()
LOCALES = [locale for locale, _name in settings.LANGUAGES]
OWNER = actions.Owner("first-owner", "first@example.com", "First Owner", "correct horse battery")


def load(code: str, slug: str, now: datetime.datetime, **values: Any) -> Tenant:
    owner = actions.Owner(f"{slug}-owner", f"owner@{slug}.example", "Olga Owner", "correct horse battery")
    return actions.load_preset(
        code=code, slug=slug, name="Some Name", owner=owner, actor=SYSTEM, now=now, **values
    )


def source(code: str) -> Any:
    return yaml.safe_load((Path(kith.__file__).parent / "presets/data" / f"{code}.yaml").read_text())


@pytest.mark.django_db
@pytest.mark.parametrize("code", CODES)
def test_a_preset_sets_up_an_empty_organization(code: str, now: datetime.datetime) -> None:
    tenant = load(code, "fresh", now)
    preset = queries.get_preset(code)
    with tenancy.use(tenant.id):
        assert [member.role for member in tenants.members()] == ["owner"]
        assert Pipeline.objects.count() == len(preset.pipelines)
        program = programs.default_program()
        assert program is not None
        assert program.status == "live"
        found = stages.stages(program.pipeline_id)
        assert {stage.category for stage in found} == set(Category.values)
        assert all(set(stage.label) == set(LOCALES) for stage in found)
        for key, value in preset.settings.items():
            assert SettingValue.objects.get(key=key).value == value
        promised = programs.published_rules(program.id, now)
        assert promised
        for rule in promised:
            for locale in LOCALES:
                assert programs.describe(rule.spec, locale, currency=program.currency)
        budget = programs.budget(program)
        assert budget is not None
        assert budget.left > Money.zero(program.currency)
        assert books.check() == []


@pytest.mark.django_db
@pytest.mark.parametrize("code", CODES)
def test_a_preset_brings_messages_for_each_channel_in_each_language(
    code: str, now: datetime.datetime
) -> None:
    tenant = load(code, "fresh", now)
    with tenancy.use(tenant.id):
        program = programs.default_program()
        assert program is not None
        for locale in LOCALES:
            for channel in CHANNELS:
                assert program.share_texts[channel][locale], "an own text, not the usual one"
            said = programs.share_texts(program, locale).filled(name="Dana", link="https://k.example/r/D")
            assert not [text for text in said.values() if "{" in text]
            assert all(
                "https://k.example/r/D" in said[channel] for channel in CHANNELS if channel != "email_subject"
            )
            assert "Some Name" in said["whatsapp"]
            assert said["email"].endswith("\nDana")
            assert len(said["sms"]) <= 160 + len("https://k.example/r/D"), "two parts cost twice as much"


@pytest.mark.django_db
def test_the_travel_company_gets_its_defaults(now: datetime.datetime) -> None:
    tenant = load("travel", "travellers", now)
    with tenancy.use(tenant.id):
        assert tenants.setting("rewards.default_amount") == Money(2500, "EUR")
        assert tenants.setting("analytics.average_booking_value") == Money(50000, "EUR")
        assert tenants.setting("rewards.max_per_participant") == 0
        assert tenants.setting("rewards.auto_approve") is False
        assert tenants.setting("referrals.require_booking_reference") is True
        program = programs.default_program()
        assert program is not None
        (rule,) = programs.published_rules(program.id, now)
        assert (rule.spec.trigger, rule.spec.fixed_minor) == ("conversion:booking", 2500)
        assert (rule.spec.hold_days, rule.spec.cap_per_participant, rule.spec.auto_approve) == (14, 0, False)
        assert tenants.label(tenant, "participant_plural", "nl", "x") == "Klanten"
        shown = {
            stage.category: stages.stage_label(stage, "nl") for stage in stages.stages(program.pipeline_id)
        }
        assert (shown["new"], shown["qualified"]) == ("Uitgenodigd", "Geboekt")


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("locale", "names"),
    [
        ("nl", ["Vrienden", "Eerste bestelling van een vriend", "Beloning voor een bestelling"]),
        ("en", ["Friends", "First order of a friend", "Reward for an order"]),
    ],
)
def test_names_are_in_the_organizations_own_language(
    locale: str, names: list[str], now: datetime.datetime
) -> None:
    tenant = load("shop", "corner", now, locale=locale)
    with tenancy.use(tenant.id):
        program = programs.default_program()
        assert program is not None
        (line,) = programs.rule_lines(program.id)
        assert [program.name, program.pipeline.name, line.rule.name] == names


@pytest.mark.django_db
def test_two_organizations_of_one_preset_know_nothing_of_each_other(now: datetime.datetime) -> None:
    first, second = load("travel", "first", now), load("travel", "second", now)
    with tenancy.use(first.id):
        ids = {pipeline.id for pipeline in Pipeline.objects.all()}
    with tenancy.use(second.id):
        assert ids.isdisjoint(pipeline.id for pipeline in Pipeline.objects.all())


@pytest.mark.django_db
def test_a_refused_owner_leaves_nothing_behind(now: datetime.datetime) -> None:
    load("travel", "taken", now)
    tenants_before, users_before = Tenant.objects.count(), User.objects.count()
    weak = actions.Owner("other", "other@example.com", "Other", "short")
    for owner, slug in ((weak, "other"), (OWNER, "taken")):
        with pytest.raises(actions.errors.DomainError):
            actions.load_preset(code="travel", slug=slug, name="X", owner=owner, actor=SYSTEM, now=now)
    assert (Tenant.objects.count(), User.objects.count()) == (tenants_before, users_before)


@pytest.mark.django_db
def test_an_unknown_preset_names_those_there_are(now: datetime.datetime) -> None:
    with pytest.raises(queries.PresetUnknown) as refusal:
        load("../travel", "x1", now)
    assert "travel" in refusal.value.text
    assert not Tenant.objects.filter(slug="x1").exists()


def changed(data: Any, path: str, value: Any) -> Any:
    """A copy of the data with one place changed, `...` meaning removed."""
    copied = yaml.safe_load(yaml.safe_dump(data))
    place, steps = copied, re.findall(r"[^.\[\]]+", path)
    for step in steps[:-1]:
        place = place[int(step)] if isinstance(place, list) else place[step]
    last: Any = int(steps[-1]) if isinstance(place, list) else steps[-1]
    if value is ...:
        del place[last]
    else:
        place[last] = value
    return copied


MISTAKES = [
    ("tenant.currency", ..., "tenant.currency"),
    ("surprise", 1, "surprise"),
    ("title.nl", "", "title.nl"),
    ("labels.participant", {"en": "Customer"}, "labels.participant.nl"),
    ("labels.participant", {"en": "Customer", "nl": "Klant", "fr": "Client"}, "labels.participant.fr"),
    ("settings", {"rewards.amount": "25.00"}, "settings.rewards.amount"),
    ("settings", {"rewards.default_amount": 25.0}, "settings.rewards.default_amount"),
    ("settings", {"rewards.hold_days": -1}, "settings.rewards.hold_days"),
    ("settings", {"payouts.debtor_iban": "NL91ABNA0417164300"}, "settings.payouts.debtor_iban"),
    ("settings", {"interface.theme": "dark"}, "settings.interface.theme"),
    ("pipelines", [], "pipelines"),
    ("pipelines[0].stages[1].label", "Registered", "pipelines[0].stages[1].label"),
    ("pipelines[0].stages[1].progress_pct", "25", "pipelines[0].stages[1].progress_pct"),
    ("pipelines[0].moves", [{"from": "invited"}], "pipelines[0].moves[0].to"),
    ("programs[0].name", "Friends", "programs[0].name"),
    ("programs[0].pipeline", "nowhere", "programs[0].pipeline"),
    ("programs[0].is_default", "yes", "programs[0].is_default"),
    ("programs[0].is_default", False, "programs"),
    ("programs[0].budget.fund", 25000.0, "programs[0].budget.fund"),
    ("programs[0].landing.steps.nl", "Kies een reis", "programs[0].landing.steps.nl"),
    ("programs[0].share.sms", {"en": "Look: {link}"}, "programs[0].share.sms.nl"),
    ("programs[0].rules[0].amount", "25.00", "programs[0].rules[0]"),
    ("programs[0].rules[0].from_settings", ..., "programs[0].rules[0]"),
]


@pytest.mark.parametrize(("path", "value", "named"), MISTAKES)
def test_a_mistake_is_named_by_its_key(path: str, value: Any, named: str) -> None:
    with pytest.raises(PresetFault) as fault:
        parse(changed(source("travel"), path, value), locales=LOCALES)
    assert fault.value.path == named
    assert fault.value.remedy


LATE_MISTAKES = [
    ("pipelines[0].stages[0].category", "fresh", "pipelines[0].stages"),
    ("pipelines[0].stages[3].category", "booked", "pipelines[0].stages[3].category"),
    ("pipelines[0].subject", "trip", "pipelines[0].subject"),
    ("programs[0].status", "running", "programs[0].status"),
    ("programs[0].click_window_days", 0, "programs[0].click_window_days"),
    ("programs[0].share.sms.nl", "Kijk eens", "programs[0].share.sms"),
    ("programs[0].share.fax", {"en": "{link}", "nl": "{link}"}, "programs[0].share.fax"),
    ("programs[0].budget.fund", "25.000,00", "programs[0].budget.fund"),
    ("programs[0].rules[0]",
     {"code": "x", "name": {"en": "X", "nl": "X"}, "amount": "1.00", "spec": {"trigger": "sunset"}},
     "programs[0].rules[0].trigger"),
]  # fmt: skip


@pytest.mark.django_db
@pytest.mark.parametrize(("path", "value", "named"), LATE_MISTAKES)
def test_what_a_feature_refuses_is_named_by_its_key_too(
    path: str, value: Any, named: str, now: datetime.datetime
) -> None:
    data = changed(source("travel"), path, value)
    if path == "pipelines[0].subject":
        data["pipelines"].append({**source("travel")["pipelines"][0], "code": "second"})
        data["programs"][0]["pipeline"] = "second"
    preset = parse(data, locales=LOCALES)
    tenant = make_tenant("mistake")
    with tenancy.use(tenant.id), pytest.raises(queries.PresetInvalid) as refusal:
        actions.furnish(preset, code="travel", currency="EUR", locale="en", actor=SYSTEM, now=now)
    assert named in refusal.value.fields
    assert "travel" in refusal.value.text


def test_text_that_is_no_yaml_is_named_by_its_line() -> None:
    with pytest.raises(queries.PresetInvalid) as refusal:
        queries.read_preset("title: Travel\ntenant: {currency: EUR\n", code="torn")
    assert "line 3" in refusal.value.text


@pytest.mark.parametrize("code", CODES)
def test_the_stages_of_a_preset_form_a_path_of_the_category_graph(code: str) -> None:
    for pipeline in queries.get_preset(code).pipelines:
        categories = [stage["category"] for stage in pipeline.stages]
        forward = [category for category in categories if category not in pipeline_rules.CLOSED]
        assert pipeline_rules.is_path(forward)


BRANCHES = (ast.Compare, ast.If, ast.IfExp, ast.While, ast.Match, ast.Subscript, ast.BoolOp)


def branches_on_preset(code: str) -> list[int]:
    """Lines on which a decision looks at `something.preset` or compares with a preset's name."""
    found = set()
    for node in ast.walk(ast.parse(code)):
        if isinstance(node, BRANCHES):
            decides = node.test if isinstance(node, ast.If | ast.IfExp | ast.While) else node
            decides = node.subject if isinstance(node, ast.Match) else decides
            for part in ast.walk(decides):
                if isinstance(part, ast.Attribute) and part.attr == "preset":
                    found.add(part.lineno)
        if isinstance(node, ast.Compare | ast.MatchValue):
            found |= {
                part.lineno
                for part in ast.walk(node)
                if isinstance(part, ast.Constant) and part.value in CODES
            }
    return sorted(found)


def test_no_code_branches_on_which_preset_an_organization_was_set_up_from() -> None:
    """A preset is a starting point; afterwards only its data counts."""
    root = Path(kith.__file__).parent
    sources = [path for path in root.rglob("*.py") if not {"tests", "migrations"} & set(path.parts)]
    found = {path.name: branches_on_preset(path.read_text()) for path in sources}
    assert {name: lines for name, lines in found.items() if lines} == {}
    templates = [path for path in root.rglob("*.html") if re.search(r"\bpreset\b", path.read_text())]
    assert templates == []


def test_the_search_for_such_branches_finds_them() -> None:
    for code in (
        "if tenant.preset == 'x': pass",
        "x = 1 if tenant.preset else 2",
        "TABLE[tenant.preset]()",
        "match tenant.preset:\n case 'x': pass",
        "if name == 'travel': pass",
        "match name:\n case 'visa': pass",
    ):
        assert branches_on_preset(code), code
