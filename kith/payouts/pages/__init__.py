"""Pages about payouts, by audience."""
