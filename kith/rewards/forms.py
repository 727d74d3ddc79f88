"""Checks what arrives at the pages of the queue."""

from typing import Any
from uuid import UUID

from django import forms

from kith.kit.errors import Invalid


class FilterForm(forms.Form):
    """What narrows the list; everything may be missing."""

    q = forms.CharField(required=False, max_length=200)
    stage = forms.CharField(required=False, max_length=40)
    program = forms.UUIDField(required=False)
    referrer = forms.UUIDField(required=False)
    show = forms.ChoiceField(required=False, choices=[("", ""), ("waiting", "waiting")])

    def wanted(self) -> dict[str, Any]:
        """The arguments of `queries.queue`. Raises Invalid naming the filter at fault."""
        if not self.is_valid():
            raise Invalid(fields={name: str(faults[0]) for name, faults in self.errors.items()})
        said = self.cleaned_data
        return {
            "search": said["q"], "stage": said["stage"], "program_id": said["program"],
            "referrer_id": said["referrer"], "only_waiting": said["show"] == "waiting",
        }  # fmt: skip


def chosen_ids(values: list[str]) -> list[UUID]:
    """The ticked rows. Raises Invalid for what is no id."""
    try:
        return [UUID(value) for value in dict.fromkeys(values)]
    except ValueError:
        raise Invalid from None
