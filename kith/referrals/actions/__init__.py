"""The only writes to links, clicks, referrals, conversions and notes."""

from kith.referrals.actions.clicks import Answer, forget_salts, prepare_partitions, record_click
from kith.referrals.actions.conversions import cancel_conversion, record_conversion, refund_conversion
from kith.referrals.actions.creating import create_referral
from kith.referrals.actions.exporting import export_referrals, request_export
from kith.referrals.actions.links import create_link, set_link_active
from kith.referrals.actions.moving import add_note, move_referral, move_referrals
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
from kith.referrals.rules import RowResult

__all__ = [
    "AdjustmentKnown", "AlreadyReferred", "Answer", "BookingReferenceMissing", "CodeUnknown", "ConversionCancelled",
    "ConversionKnown", "ConversionTooLate", "DestinationNotAllowed", "DuplicateBooking", "ExistingCustomer",
    "NoteEmpty", "ProgramNotLive", "ReferralClosed", "RefundTooLarge", "RowResult", "SelfReferral", "SlugNotAllowed",
    "SlugTaken", "StageUnknown", "TooManyRows", "add_note", "cancel_conversion", "create_link", "create_referral",
    "export_referrals", "forget_salts", "move_referral", "move_referrals", "prepare_partitions", "record_click",
    "record_conversion", "refund_conversion", "request_export", "set_link_active",
]  # fmt: skip
