"""Codes, agents and the ledger in the Django admin, for staff."""

from main.admin import codes, imports, profiles, runs

__all__ = ["codes", "imports", "profiles", "runs"]
