"""The outside world of people: letters."""
