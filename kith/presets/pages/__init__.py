"""Setting up an organization: the way to it, its first days, and its words."""
