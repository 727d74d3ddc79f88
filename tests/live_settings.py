"""The settings of web processes that tests start: those of the product, and the page of all components."""

from kith.settings import *  # noqa: F403

COMPONENTS_PAGE = True
