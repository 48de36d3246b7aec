"""Copies the whole database to one file, checks the file, and restores it."""

from importlib import import_module
from types import ModuleType

from main.sweep.databases import kind


def tool() -> ModuleType:
    """The module for the database of the settings. It has dump(file), contents(file) and load(file)."""
    return import_module(f"main.backup.{kind()}")  # a project on SQLite may not have PostgreSQL's driver
