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
