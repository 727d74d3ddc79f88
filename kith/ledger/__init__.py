"""The ledger: where every promised, earned and paid amount is, to the minor unit.

Words: an *account* is a place where money is (a state of money, such as a participant's `pending`); a
*transfer* moves one positive amount from one account to another; a *journal* is one business event with its
transfers; an *entry* is what one account saw of a transfer.

What must always hold, and is refused or found by the database itself:
balances add up to zero per tenant and currency; no balance is below its floor or above its ceiling; balances
move only through transfers; journals and transfers never change or go away; one idempotency key is one
journal; a journal is reversed at most once; a transfer never crosses a tenant or a currency.

The ledger knows nothing of rewards or withdrawals: callers say `kind`, `ref_type` and `ref_id`.
"""
