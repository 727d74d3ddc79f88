"""Pages about referrals and what they earn, by audience."""
