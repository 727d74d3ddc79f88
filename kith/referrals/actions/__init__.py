"""The only writes to links, clicks, referrals, conversions and notes."""

from kith.referrals.actions.asking import ask_back, record_answer
from kith.referrals.actions.clicks import Answer, forget_salts, prepare_partitions, record_click
from kith.referrals.actions.conversions import cancel_conversion, record_conversion, refund_conversion
from kith.referrals.actions.creating import create_referral
from kith.referrals.actions.exporting import export_referrals, request_export
from kith.referrals.actions.links import create_link, set_link_active
from kith.referrals.actions.moving import add_note, move_referral, move_referrals, move_together, step_back
from kith.referrals.actions.refusals import (
    AdjustmentKnown,
    AlreadyReferred,
    BookingReferenceMissing,
    CodeUnknown,
    ConversionCancelled,
    ConversionKnown,
    ConversionTooLate,
    DestinationNotAllowed,
    DuplicateBooking,
    ExistingCustomer,
    NobodyToAsk,
    NoQuestion,
    NoteEmpty,
    ProgramNotLive,
    ReferralClosed,
    RefundTooLarge,
    SelfReferral,
    SlugNotAllowed,
    SlugTaken,
    StageUnknown,
    TooManyRows,
)
from kith.referrals.actions.sites import SiteKeyLimit, change_site_key, create_site_key, revoke_site_key
from kith.referrals.rules import RowResult

__all__ = [
    "AdjustmentKnown", "AlreadyReferred", "Answer", "BookingReferenceMissing", "CodeUnknown",
    "ConversionCancelled", "ConversionKnown", "ConversionTooLate", "DestinationNotAllowed", "DuplicateBooking",
    "ExistingCustomer", "NoQuestion", "NobodyToAsk", "NoteEmpty", "ProgramNotLive", "ReferralClosed",
    "RefundTooLarge", "RowResult", "SelfReferral", "SiteKeyLimit", "SlugNotAllowed", "SlugTaken",
    "StageUnknown", "TooManyRows", "add_note", "ask_back", "cancel_conversion", "change_site_key",
    "create_link", "create_referral", "create_site_key", "export_referrals", "forget_salts", "move_referral",
    "move_referrals", "move_together", "prepare_partitions", "record_answer", "record_click", "record_conversion",
    "refund_conversion", "request_export", "revoke_site_key", "set_link_active", "step_back",
]  # fmt: skip
