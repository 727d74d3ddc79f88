"""Shapes of the referral API."""

from kith.referrals.schemas.conversions import (
    ConversionCancelIn,
    ConversionIn,
    ConversionOut,
    RefundIn,
)
from kith.referrals.schemas.links import (
    CodeOut,
    LinkIn,
    LinkOut,
    LinkPatch,
)
from kith.referrals.schemas.referrals import (
    ExportIn,
    JobOut,
    MoveIn,
    MovesIn,
    NoteIn,
    NoteOut,
    PassageOut,
    PublicReferralIn,
    PublicReferralOut,
    ReferralDetailOut,
    ReferralFilter,
    ReferralIn,
    ReferralOut,
    ReferralRowOut,
    ReferralStageOut,
    ReferredOut,
)

__all__ = [
    "CodeOut",
    "ConversionCancelIn",
    "ConversionIn",
    "ConversionOut",
    "ExportIn",
    "JobOut",
    "LinkIn",
    "LinkOut",
    "LinkPatch",
    "MoveIn",
    "MovesIn",
    "NoteIn",
    "NoteOut",
    "PassageOut",
    "PublicReferralIn",
    "PublicReferralOut",
    "ReferralDetailOut",
    "ReferralFilter",
    "ReferralIn",
    "ReferralOut",
    "ReferralRowOut",
    "ReferralStageOut",
    "ReferredOut",
    "RefundIn",
]
