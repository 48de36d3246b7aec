from django.apps import AppConfig
from django.db.backends.signals import connection_created


class MainConfig(AppConfig):
    name = "main"
    verbose_name = "Referrals"
    default_auto_field = "django.db.models.BigAutoField"  # as its migrations have it, whatever the project's default

    def ready(self) -> None:
        import main.checks  # noqa: PLC0415 - as below
        import main.scheduling.checks  # noqa: PLC0415 - as below
        import main.signals  # noqa: F401, PLC0415 - receivers can be connected only once the models are loaded
        from main.sweep import databases  # noqa: PLC0415 - as above; registers its check

        connection_created.connect(databases.give_sqlite_now)
