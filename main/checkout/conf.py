"""The settings of the checkout, each with the value that holds where a project does not set it."""

from datetime import timedelta

from django.conf import settings


def promise_lasts() -> timedelta:
    """For how long a promise holds."""
    return timedelta(minutes=getattr(settings, "PROMISE_MINUTES", 15))


def token_rate() -> str:
    """How many requests a token may make, such as "6000 per minute"."""
    return str(getattr(settings, "API_TOKEN_RATE", "6000 per minute"))
