"""What taking a reward back would do to its beneficiary's balances. Nothing here writes."""

from dataclasses import dataclass

from kith.kit.money import Money
from kith.ledger import queries as ledger
from kith.rewards.models import Reward


@dataclass(frozen=True, slots=True)
class TakeBack:
    """The balances before and after an amount is taken back; debts are zero or less."""

    amount: Money
    left_after: Money
    available: Money
    available_after: Money
    debt: Money
    debt_after: Money

    @property
    def owed(self) -> Money:
        """The part that no balance covers: later rewards pay it."""
        return self.debt - self.debt_after


def take_back_of(reward: Reward, amount: Money) -> TakeBack:
    """What `claw_back` of this amount would do now: the balance first, a debt for the rest. Two statements."""
    available = ledger.balance("available", reward.beneficiary_id, reward.currency)
    debt = ledger.balance("debt", reward.beneficiary_id, reward.currency)
    covered = min(amount, available)
    return TakeBack(
        amount, reward.left - amount, available, available - covered, debt, debt - (amount - covered)
    )
