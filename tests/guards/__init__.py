"""Rules about the code itself. Each rule is a function that a second test feeds an offender."""
