from django.apps import AppConfig


class NoticesConfig(AppConfig):
    name = "main.notices"
    verbose_name = "Notices"
    default_auto_field = "django.db.models.BigAutoField"  # as its migrations have it, whatever the project's default

    def ready(self) -> None:
        import main.notices.checks  # noqa: F401, PLC0415 - registered once the settings are loaded
