"""Codes, agents and the ledger in the Django admin, for staff."""

from main.admin import codes, profiles, runs

__all__ = ["codes", "profiles", "runs"]
