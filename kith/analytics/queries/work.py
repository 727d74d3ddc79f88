"""Long work: what each kind is called, who may see and fetch it, and how it stands."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import QuerySet
from django.utils.translation import gettext_lazy as _

from kith.kit.models import Job, JobState
from kith.kit.pagination import Page, keyset
from kith.tenants.queries import actor_names


@dataclass(frozen=True, slots=True)
class JobKind:
    """A kind of long work; its files are for those with the permission, under the name `file`."""

    words: Any
    permission: str
    file: str
    icon: str = "download"


JOB_KINDS: Mapping[str, JobKind] = {
    "participants.import_customers": JobKind(
        _("Import of people"), "participants.import", "import-errors", "upload"
    ),
    "participants.export": JobKind(_("Export of people"), "participants.export", "people"),
    "participants.bulk": JobKind(_("One step with many people"), "participants.edit", "people", "users"),
    "rewards.decide_many": JobKind(
        _("Decision about many referrals"), "rewards.approve", "decisions", "check-check"
    ),
    "referrals.export": JobKind(_("Export of referrals"), "referrals.export", "referrals"),
    "analytics.export_trail": JobKind(_("Export of the audit trail"), "audit.view", "audit-trail"),
}
OTHER = JobKind(_("Work in the background"), "jobs.view", "result", "cog")


def job_kind(kind: str) -> JobKind:
    """How a kind of work is called and guarded; kinds without a line of their own are plain work."""
    return JOB_KINDS.get(kind, OTHER)


def job_words(kind: str) -> str:
    """The name of a kind of work."""
    return str(job_kind(kind).words)


@dataclass(frozen=True, slots=True)
class Work:
    """One piece of long work as people see it."""

    job: Job
    words: str
    icon: str
    by: str
    permission: str

    @property
    def is_open(self) -> bool:
        """True while it waits or runs."""
        return self.job.state in (JobState.QUEUED, JobState.RUNNING)


def work_list(*, state: str = "", kind: str = "", cursor: str | None = None, limit: int = 25) -> Page[Work]:
    """All long work of the organization, newest first. Three statements."""
    rows: QuerySet[Job] = Job.objects.all()
    wanted = {"state": state, "kind": kind}
    found = keyset(
        rows.filter(**{name: value for name, value in wanted.items() if value}), cursor=cursor, limit=limit
    )
    names = actor_names(job.created_by for job in found.items)
    return found.showing([_work(job, names[job.created_by]) for job in found.items])


def get_work(job: Job) -> Work:
    """One piece of work with the name of whoever asked for it."""
    return _work(job, actor_names([job.created_by])[job.created_by])


def _work(job: Job, by: str) -> Work:
    kind = job_kind(job.kind)
    return Work(job, str(kind.words), kind.icon, by, kind.permission)
