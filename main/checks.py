"""System checks: what the app needs of the project that it is part of."""

from typing import Any

from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.checks import CheckMessage, Error, Tags, register
from django.core.exceptions import FieldDoesNotExist


@register(Tags.models)
def check_user_model(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Whether a code works is asked in SQL, so `is_active` must be a column."""
    users = get_user_model()
    try:
        users._meta.get_field("is_active")
    except FieldDoesNotExist:
        return [
            Error(
                f"The user model {users._meta.label} has no field is_active.",
                hint="Add is_active = models.BooleanField(default=True): it switches an agent's codes off and on.",
                id="main.E001",
            )
        ]
    return []


@register
def check_time_zone(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """A date without a zone names no instant."""
    if settings.USE_TZ:
        return []
    return [Error("USE_TZ is off.", hint="Set USE_TZ = True: codes end at an instant.", id="main.E002")]
