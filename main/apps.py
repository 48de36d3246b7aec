from django.apps import AppConfig


class MainConfig(AppConfig):
    name = "main"
    verbose_name = "Referrals"

    def ready(self) -> None:
        import main.signals  # noqa: F401, PLC0415 - receivers can be connected only once the models are loaded
