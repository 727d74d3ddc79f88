"""The outside world of this feature: the mail server."""
