"""The demonstration: complete, sound, and the same figures wherever they are looked up."""

import datetime
import time
from typing import Any

import pytest

from kith.kit import clock, tenancy
from kith.presets import demo
from kith.tenants.models import Tenant


@pytest.mark.django_db(transaction=True)
def test_time(committed: Any, settings: Any, tmp_path: Any) -> None:
    settings.DATA_DIR = tmp_path
    now = datetime.datetime.now(datetime.UTC)
    for company in demo.COMPANIES[:1]:
        t=time.time()
        import cProfile, pstats
        p=cProfile.Profile()
        
        demo.load(company, now=now)
        
        print(company.slug, time.time()-t)
        
