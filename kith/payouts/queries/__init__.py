"""What is due to whom, batches and their payments; and whether the books agree."""

from kith.payouts.queries.checking import MONEY_FAULTS, MoneyOffence, money_offences
from kith.payouts.queries.merging import Belongings, MergePreview, merge_preview, payments_under_way
from kith.payouts.queries.paying import (
    NEWEST_BATCH,
    NEWEST_WITHDRAWAL,
    REASONS,
    BatchDetail,
    Debtor,
    Due,
    Line,
    Outlook,
    batch_detail,
    batch_list,
    claim,
    debtor,
    due,
    file_lines,
    get_payout_account,
    iban_context,
    iban_of,
    live_accounts,
    outlook,
    payees,
    terms_of,
    unclaimed_rewards,
    withdrawal_ids,
    withdrawal_list,
)

__all__ = [
    "MONEY_FAULTS", "NEWEST_BATCH", "NEWEST_WITHDRAWAL", "REASONS", "BatchDetail", "Belongings", "Debtor",
    "Due", "Line", "MergePreview", "MoneyOffence", "Outlook", "batch_detail", "batch_list", "claim", "debtor",
    "due", "file_lines", "get_payout_account", "iban_context", "iban_of", "live_accounts", "merge_preview",
    "money_offences", "outlook", "payees", "payments_under_way", "terms_of", "unclaimed_rewards",
    "withdrawal_ids", "withdrawal_list",
]  # fmt: skip
