"""Pages by subject: the way in, the organization's settings, its team and keys."""
