"""Payout accounts, batches and what the bank said about each withdrawal.

Every step locks the batch, then its withdrawals, then their rewards, each in the order of their ids, and
posts to the ledger last. A step that was done before is not done again; a step that does not follow from
the present state is refused and changes nothing.
"""

from kith.payouts.actions.accounts import AccountInvalid, save_payout_account
from kith.payouts.actions.files import (
    AccountUnreadable,
    BatchFile,
    FileAltered,
    FileNotReady,
    download_file,
    write_file,
)
from kith.payouts.actions.making import MadeBatch, NothingToPay, PlanChanged, RewardUnknown, make_batch
from kith.payouts.actions.merging import PaymentUnderWay, merge_participants
from kith.payouts.actions.moves import StepTaken
from kith.payouts.actions.outcomes import (
    BatchNotSent,
    ReasonMissing,
    WithdrawalNotPaid,
    WithdrawalNotProcessing,
    WithdrawalUnknown,
    mark_failed,
    mark_paid,
    mark_returned,
)
from kith.payouts.actions.steps import (
    BatchNotApproved,
    BatchNotCancellable,
    BatchNotDraft,
    CheckerIsMaker,
    PerhapsPaid,
    approve_batch,
    cancel_batch,
    send_batch,
)
from kith.payouts.providers.sepa import DebtorInvalid, FileRefused

__all__ = [
    "AccountInvalid",
    "AccountUnreadable",
    "BatchFile",
    "BatchNotApproved",
    "BatchNotCancellable",
    "BatchNotDraft",
    "BatchNotSent",
    "CheckerIsMaker",
    "DebtorInvalid",
    "FileAltered",
    "FileNotReady",
    "FileRefused",
    "MadeBatch",
    "NothingToPay",
    "PaymentUnderWay",
    "PerhapsPaid",
    "PlanChanged",
    "ReasonMissing",
    "RewardUnknown",
    "StepTaken",
    "WithdrawalNotPaid",
    "WithdrawalNotProcessing",
    "WithdrawalUnknown",
    "approve_batch",
    "cancel_batch",
    "download_file",
    "make_batch",
    "mark_failed",
    "mark_paid",
    "mark_returned",
    "merge_participants",
    "save_payout_account",
    "send_batch",
    "write_file",
]
