"""Roll-ups, and what members have seen. A day is a day in the tenant's time zone; a month is its first day."""

from django.db import models

from kith.kit.tenancy import TenantForeignKey, TenantOwned
from kith.tenants.models import Member


class RollUp(TenantOwned):
    """Base of all roll-ups: derived rows, not audited."""

    class Fence(TenantOwned.Fence):
        audit = False

    class Meta(TenantOwned.Meta):
        abstract = True


class DayRollUp(RollUp):
    """What happened on one day in one program. Money in minor units of `currency`."""

    class Fence(RollUp.Fence):
        pass

    day = models.DateField()
    program_id = models.UUIDField()
    currency = models.CharField(max_length=3)
    clicks = models.IntegerField(default=0)
    bot_clicks = models.IntegerField(default=0)
    visitors = models.IntegerField(default=0)
    referrals = models.IntegerField(default=0)
    conversions = models.IntegerField(default=0)
    completed = models.IntegerField(default=0)
    rejected = models.IntegerField(default=0)
    revenue_minor = models.BigIntegerField(default=0)
    estimated_minor = models.BigIntegerField(
        default=0, help_text="the part of revenue that is an average, not reported"
    )
    refund_minor = models.BigIntegerField(default=0)
    rewards = models.IntegerField(default=0)
    reward_minor = models.BigIntegerField(default=0)
    reversed_minor = models.BigIntegerField(default=0)
    paid_minor = models.BigIntegerField(default=0)

    class Meta(RollUp.Meta):
        constraints = [
            models.UniqueConstraint(fields=["tenant", "day", "program_id", "currency"], name="roll_day_once")
        ]


class ParticipantMonthRollUp(RollUp):
    """A participant's referrals made in one month, by where they stand now, and what was earned in it."""

    class Fence(RollUp.Fence):
        pass

    participant_id = models.UUIDField()
    month = models.DateField()
    category = models.TextField()
    n = models.IntegerField(default=0)

    class Meta(RollUp.Meta):
        constraints = [
            models.UniqueConstraint(
                fields=["tenant", "participant_id", "month", "category"], name="roll_person_month"
            )
        ]


class ParticipantRollUp(RollUp):
    """A participant's totals of all time."""

    class Fence(RollUp.Fence):
        pass

    participant_id = models.UUIDField()
    currency = models.CharField(max_length=3)
    clicks = models.IntegerField(default=0)
    referrals = models.IntegerField(default=0)
    completed = models.IntegerField(default=0)
    earned_minor = models.BigIntegerField(default=0)
    paid_minor = models.BigIntegerField(default=0)

    class Meta(RollUp.Meta):
        constraints = [
            models.UniqueConstraint(fields=["tenant", "participant_id", "currency"], name="roll_person_once")
        ]
        indexes = [models.Index(fields=["tenant", "-completed", "-referrals"], name="roll_person_top")]


class NewsSeen(TenantOwned):
    """Until when a member has seen what happened. Nobody's business but the member's, so not audited."""

    class Fence(TenantOwned.Fence):
        audit = False

    member = TenantForeignKey(Member, related_name="+")
    upto = models.DateTimeField()

    class Meta(TenantOwned.Meta):
        constraints = [models.UniqueConstraint(fields=["tenant", "member"], name="news_seen_once")]
