"""What was earned, why, and how far it has come.

Words: decision (the explained outcome of the rules), reward, hold, claw back. Always true: a cause earns
a rule's reward at most once per beneficiary; money leaves the budget when the reward is granted and
becomes available only after approval and hold; claw-backs never exceed the reward.
"""
