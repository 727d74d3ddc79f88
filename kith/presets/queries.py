"""Which presets there are, and what they say."""

from functools import cache
from importlib.resources import files

import yaml
from django.conf import settings
from django.utils.translation import gettext_lazy as _

from kith.kit.errors import Invalid, NotFound
from kith.presets import rules

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
