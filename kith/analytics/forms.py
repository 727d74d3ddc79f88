"""What the audit trail is narrowed by."""

import datetime
from typing import Any

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

_WRONG_YEAR = _("Write a year from 1900 to 2200.")
YEARS = (
    MinValueValidator(datetime.date(1900, 1, 1), _WRONG_YEAR),
    MaxValueValidator(datetime.date(2200, 12, 31), _WRONG_YEAR),
)


class TrailForm(forms.Form):
    """Every field may be left out. Days are days of the organization, both included."""

    actor = forms.CharField(required=False, max_length=100)
    table = forms.CharField(required=False, max_length=63)
    row = forms.CharField(required=False, max_length=100)
    request = forms.CharField(required=False, max_length=100)
    since = forms.DateField(required=False, validators=YEARS)
    until = forms.DateField(required=False, validators=YEARS)

    @property
    def is_narrowed(self) -> bool:
        """True when something was asked for."""
        return any(self.cleaned_data.values())

    def wanted(self) -> dict[str, Any]:
        """What `queries.trail` takes."""
        data = self.cleaned_data
        until = data["until"] + datetime.timedelta(days=1) if data["until"] else None
        return {
            "actor": data["actor"], "table": data["table"], "row": data["row"], "request": data["request"],
            "since": _midnight(data["since"]), "before": _midnight(until),
        }  # fmt: skip

    def as_params(self) -> dict[str, str]:
        """The same as a job can keep it."""
        return {
            name: value.isoformat() if isinstance(value, datetime.datetime) else value
            for name, value in self.wanted().items()
            if value
        }


def _midnight(day: datetime.date | None) -> datetime.datetime | None:
    return timezone.make_aware(datetime.datetime.combine(day, datetime.time())) if day else None
