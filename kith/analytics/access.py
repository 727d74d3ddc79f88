"""Long work and its files, if this member may have them."""

from uuid import UUID

from kith.analytics import queries
from kith.kit.actors import Actor
from kith.kit.errors import Forbidden
from kith.kit.models import Job
from kith.tenants.access import one


def job(job_id: UUID) -> Job:
    """A piece of long work of the organization. Raises NotFound."""
    found: Job = one(Job.objects.all(), pk=job_id)
    return found


def job_file(actor: Actor, job_id: UUID) -> Job:
    """The same for somebody who wants its files. Raises NotFound, Forbidden without the permission of its kind."""
    found = job(job_id)
    permission = queries.job_kind(found.kind).permission
    if not actor.may(permission):
        raise Forbidden(permission=permission)
    return found
