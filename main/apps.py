from django.apps import AppConfig
from django.contrib.auth.signals import user_logged_in
from django.db.backends.signals import connection_created
from django.db.models.signals import post_migrate
from django.utils.translation import gettext_lazy as _


class MainConfig(AppConfig):
    name = "main"
    verbose_name = _("Referrals")
    default_auto_field = "django.db.models.BigAutoField"  # as its migrations have it, whatever the project's default

    def ready(self) -> None:
        import main.checks  # noqa: PLC0415 - the checks need the models, which are loaded only now
        import main.scheduling.checks  # noqa: PLC0415 - registers its checks, which need the settings
        import main.signals  # noqa: F401, PLC0415 - receivers can be connected only once the models are loaded
        from main.accounts import choices  # noqa: PLC0415 - needs the models
        from main.sweep import databases, triggers  # noqa: PLC0415 - databases and writable register their checks

        connection_created.connect(databases.give_sqlite_now)
        user_logged_in.connect(choices.recall)
        post_migrate.connect(triggers.install, sender=self)
