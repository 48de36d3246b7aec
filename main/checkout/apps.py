from django.apps import AppConfig
from django.utils.translation import gettext_lazy as _


class CheckoutConfig(AppConfig):
    """Check, promise, redeem; hangs on the codes and on the sweep's ledger, and nothing of `main` knows it."""

    name = "main.checkout"
    label = "checkout"
    verbose_name = _("Checkout")
    default_auto_field = "django.db.models.BigAutoField"  # as its migrations have it, whatever the project's default

    def ready(self) -> None:
        import main.checkout.signals  # noqa: F401, PLC0415 - receivers can be connected only once the models are loaded
