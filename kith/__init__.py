"""Kith: the self-hosted, multi-tenant referral platform."""

__version__ = "0.2.0"
