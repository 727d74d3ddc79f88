"""Pages of referrals, by audience."""
