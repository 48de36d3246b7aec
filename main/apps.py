from datetime import UTC, datetime
from typing import Any

from django.apps import AppConfig
from django.db.backends.signals import connection_created


class MainConfig(AppConfig):
    name = "main"
    verbose_name = "Referrals"

    def ready(self) -> None:
        import main.scheduling.checks  # noqa: PLC0415 - as below
        import main.signals  # noqa: F401, PLC0415 - receivers can be connected only once the models are loaded

        connection_created.connect(_give_sqlite_now)


def _give_sqlite_now(connection: Any, **kwargs: Any) -> None:
    """Let plain SQL with NOW() run on SQLite too, in the form in which Django stores instants there."""
    if connection.vendor == "sqlite":
        connection.connection.create_function("NOW", 0, lambda: f"{datetime.now(UTC):%Y-%m-%d %H:%M:%S.%f}")
