"""Which presets there are, and what they say."""

from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import yaml
from django.conf import settings
from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from kith.kit.errors import Invalid, NotFound
from kith.participants.models import Participant
from kith.pipelines.models import Stage
from kith.presets import rules
from kith.programs import queries as programs
from kith.referrals.models import Referral
from kith.tenants import queries as tenants
from kith.tenants.models import Member, SettingValue, Tenant

_DATA = files("kith.presets") / "data"


class PresetUnknown(NotFound):
    """There is no preset of that code; the known ones are in the details."""

    code, message = "preset_unknown", _("There is no preset “%(preset)s”. There are: %(known)s.")


class PresetInvalid(Invalid):
    """The preset's file cannot be used; `fields` names the key and the remedy."""

    code, message = "preset_invalid", _("The preset “%(preset)s” cannot be used: %(path)s: %(remedy)s")


def preset_codes() -> list[str]:
    """The codes that `get_preset` knows, by name."""
    return sorted(
        entry.name.removesuffix(".yaml") for entry in _DATA.iterdir() if entry.name.endswith(".yaml")
    )


def choices(locale: str) -> list[tuple[str, str]]:
    """(code, title) of every preset in a language, by title."""
    found = [(code, get_preset(code).title[locale]) for code in preset_codes()]
    return sorted(found, key=lambda pair: pair[1])


def stages_of(pipeline_code: str) -> QuerySet[Stage]:
    """The stages of the organization's pipeline of that code, in order."""
    found: QuerySet[Stage] = Stage.objects.filter(pipeline__code=pipeline_code).order_by("position")
    return found


def all_stages() -> list[Stage]:
    """Every stage of the organization's pipelines, pipeline by pipeline, in order."""
    found = Stage.objects.select_related("pipeline")
    return list(found.order_by("pipeline__created_at", "pipeline__id", "position"))


def has_start(tenant: Tenant) -> bool:
    """Whether the preset the organization was set up from is still there to go back to."""
    return tenant.preset in preset_codes()


def offered_languages(tenant: Tenant) -> list[tuple[str, str]]:
    """(code, name) of the languages that participants may choose from."""
    return [
        (code, str(name))
        for code, name in settings.LANGUAGES
        if not tenant.languages or code in tenant.languages
    ]


@dataclass(frozen=True, slots=True)
class Task:
    """One thing to do before the first referral; `is_done` is read from what is stored, each time."""

    code: str
    is_done: bool


def checklist(tenant: Tenant) -> list[Task]:
    """What setting up takes, in order, and what of it is done already. Needs the tenant in force."""
    start = get_preset(tenant.preset) if has_start(tenant) else None
    program = programs.default_program()
    facts = {
        "brand": bool(tenant.logo) or start is None or tenant.brand != start.tenant.get("brand"),
        "words": bool(tenant.labels)
        and (start is None or tenant.labels != start.labels or _looked(tenant, "words")),
        "people": Participant.objects.exists(),
        "landing": _looked(tenant, "landing"),
        "email": _looked(tenant, "email"),
        "payouts": SettingValue.objects.filter(key="payouts.debtor_iban").exists(),
        "team": Member.objects.filter(removed_at=None)[:2].count() > 1 or tenants.open_invitations().exists(),
        "live": program is not None and Referral.objects.exists(),
    }
    return [Task(code, done) for code, done in facts.items()]


def _looked(tenant: Tenant, what: str) -> bool:
    return what in tenant.looked_at


@cache
def get_preset(code: str) -> rules.Preset:
    """The preset of that code, read and checked. Raises PresetUnknown, PresetInvalid naming the key."""
    if code not in preset_codes():
        raise PresetUnknown(preset=code, known=", ".join(preset_codes()))
    return read_preset((_DATA / f"{code}.yaml").read_text("utf-8"), code=code)


def read_preset(text: str, *, code: str) -> rules.Preset:
    """A preset from its YAML. Raises PresetInvalid naming the key, or the line where it is no YAML."""
    try:
        return rules.parse(yaml.safe_load(text), locales=[locale for locale, _name in settings.LANGUAGES])
    except rules.PresetFault as fault:
        raise PresetInvalid(
            preset=code, path=fault.path, remedy=fault.remedy, fields={fault.path: fault.remedy}
        ) from None
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise PresetInvalid(preset=code, path=f"line {line}", remedy=str(error.problem)) from None


def is_taken(slug: str) -> bool:
    """True when an organization has that address."""
    return bool(Tenant.objects.filter(slug=slug).exists())
