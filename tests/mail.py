"""The mail that a test sends, through a backend of its choice, on every Django."""

import django

from knossos.environment import mailer

SMTP = "django.core.mail.backends.smtp.EmailBackend"


def send_mail_through(settings, backend, **options):
    """Set Django's EMAIL_BACKEND, EMAIL_HOST and so on, or MAILERS, which takes their place from Django 6.1 on."""
    email = {"EMAIL_BACKEND": backend, **{f"EMAIL_{name.upper()}": value for name, value in options.items()}}
    if django.VERSION >= (6, 1):
        settings.MAILERS = {"default": mailer(email)}
        return
    for name, value in email.items():
        setattr(settings, name, value)
