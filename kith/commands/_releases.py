"""To which migration each release had brought every app: where going back to it ends.

A release adds its line; `tests/faults/test_migrations.py` goes there and forward again.
"""

from collections.abc import Mapping

STATES: Mapping[str, Mapping[str, str]] = {
    "0.1.0": {
        "account": "0009_emailaddress_unique_primary_email",
        "analytics": "0001_initial",
        "audit": "0001_initial",
        "auth": "0012_alter_user_first_name_max_length",
        "contenttypes": "0002_remove_content_type_name",
        "kit": "0001_initial",
        "ledger": "0001_initial",
        "participants": "0001_initial",
        "payouts": "0001_initial",
        "pipelines": "0001_initial",
        "procrastinate": "0041_post_retry_failed_job",
        "programs": "0001_initial",
        "referrals": "0001_initial",
        "rewards": "0001_initial",
        "sessions": "0001_initial",
        "tenants": "0001_initial",
    },
}
