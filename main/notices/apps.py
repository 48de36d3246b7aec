from django.apps import AppConfig


class NoticesConfig(AppConfig):
    name = "main.notices"
    verbose_name = "Notices"

    def ready(self) -> None:
        import main.notices.checks  # noqa: F401, PLC0415 - registered once the settings are loaded
