"""Upkeep of clicks, run as the worker runs it: without a tenant, tolerating unknown arguments."""

import datetime

import pytest

from kith.kit import clock
from kith.referrals import jobs
from kith.referrals.models import DailySalt


@pytest.mark.django_db
def test_upkeep_needs_no_tenant_and_may_run_twice():
    today = clock.now().date()
    for back in (0, 1, 2, 9):
        DailySalt.objects.get_or_create(
            day=today - datetime.timedelta(days=back), defaults={"salt": b"s" * 32}
        )
    for _again in range(2):
        jobs.prepare_partitions(timestamp=1)
        jobs.forget_salts(timestamp=1)
        assert not DailySalt.objects.filter(day__lt=today - datetime.timedelta(days=1)).exists()
    assert DailySalt.objects.filter(day=today).exists()
