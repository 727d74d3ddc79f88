"""Kith: the self-hosted, multi-tenant referral platform."""

__version__ = "0.1.0"
