from django.apps import AppConfig
from django.db.backends.signals import connection_created


class MainConfig(AppConfig):
    name = "main"
    verbose_name = "Referrals"

    def ready(self) -> None:
        import main.scheduling.checks  # noqa: PLC0415 - as below
        import main.signals  # noqa: F401, PLC0415 - receivers can be connected only once the models are loaded
        from main.sweep import databases  # noqa: PLC0415 - as above; registers its check

        connection_created.connect(databases.give_sqlite_now)
