"""A copy of the whole database in one file, read back before it counts, and its way back."""

from importlib import import_module
from types import ModuleType

from main.sweep.databases import kind


def tool() -> ModuleType:
    """The module for the database of the settings: dump(file), contents(file), load(file)."""
    return import_module(f"main.backup.{kind()}")  # a project on SQLite need not have PostgreSQL's driver
