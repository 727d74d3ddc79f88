"""Checks what people type into the pages of programs; the actions check the same values once more."""

from kith.programs.forms.landing import LandingForm, ShareForm
from kith.programs.forms.schemes import (
    BudgetForm,
    CampaignForm,
    FilterForm,
    ProgramForm,
    PromiseForm,
    RewardForm,
    SponsorForm,
)

__all__ = [
    "BudgetForm", "CampaignForm", "FilterForm", "LandingForm", "ProgramForm", "PromiseForm", "RewardForm", "ShareForm",
    "SponsorForm",
]  # fmt: skip
