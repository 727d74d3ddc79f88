"""Money leaving: what participants are owed becomes a bank file, and the ledger follows each step.

Words: payout account, withdrawal, payout batch, maker, checker. Always true: a reward is in at most one
live withdrawal; a withdrawal's money is in exactly one of reserved, released, paid, returned; a batch
above the organization's limit is approved by somebody who did not make it.
"""
