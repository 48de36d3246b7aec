"""A copy of the whole database in one file, read back before it counts, and its way back."""

from importlib import import_module
from types import ModuleType

from django.db import connection


def tool() -> ModuleType:
    """The module for the database of the settings: dump(file), contents(file), load(file)."""
    name = "postgresql" if connection.vendor == "postgresql" else "sqlite"
    return import_module(f"main.backup.{name}")  # a project on SQLite need not have PostgreSQL's driver
