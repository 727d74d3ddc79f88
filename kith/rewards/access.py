"""Give a reward to whoever may see it."""

from uuid import UUID

from kith.kit.actors import Actor
from kith.kit.errors import NotFound
from kith.kit.models import Job
from kith.rewards import queries
from kith.rewards.models import Reward
from kith.tenants.access import one


def reward(actor: Actor, reward_id: UUID) -> Reward:
    """The reward, for staff of its organization and for its beneficiary. Raises NotFound for others."""
    try:
        found = queries.get_reward(reward_id)
    except Reward.DoesNotExist:
        raise NotFound from None
    if actor.kind == "participant" and actor.id != str(found.beneficiary_id):
        raise NotFound
    return found


def decision_job(job_id: UUID) -> Job:
    """The job that decides about many referrals. Raises NotFound for any other."""
    found: Job = one(Job.objects.filter(kind="rewards.decide_many"), pk=job_id)
    return found
