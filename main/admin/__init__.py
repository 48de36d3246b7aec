"""The staff's side: codes, agents and the ledger in the Django admin."""

from main.admin import codes, profiles, runs

__all__ = ["codes", "profiles", "runs"]
