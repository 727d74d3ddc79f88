"""Console pages about everything at once: the first page, the search, the news, the audit trail, long work."""
