"""The older systems' words and ours."""

from collections.abc import Mapping

# What the older calls name a status, and the category it means here.
CATEGORY_OF: Mapping[str, str] = {
    "pending": "new",
    "contacted": "engaged",
    "qualified": "qualified",
    "converted": "converted",
    "completed": "completed",
    "approved": "completed",
    "rejected": "rejected",
    "expired": "expired",
    "cancelled": "cancelled",
}

STATUS_OF: Mapping[str, str] = {
    "new": "pending",
    "engaged": "contacted",
    "qualified": "qualified",
    "converted": "converted",
    "completed": "approved",
    "rejected": "rejected",
    "expired": "expired",
    "cancelled": "cancelled",
}

APPROVED, REJECTED = "approved", "rejected"
