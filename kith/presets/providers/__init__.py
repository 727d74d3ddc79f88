"""A running installation, as the outside sees it."""
