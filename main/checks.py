"""System checks: what this app needs from its project."""

from typing import Any

from django.apps import apps
from django.conf import settings
from django.contrib.auth import get_user_model
from django.core.checks import CheckMessage, Error, Tags, Warning, register
from django.core.exceptions import FieldDoesNotExist

from main import conf


@register(Tags.models)
def check_user_model(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Check that users have the column `is_active`, because the rule that says whether a code works is SQL."""
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
def check_share_url(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Check that the address to share has a place for the code."""
    if not conf.share_url() or conf.share_url().count("{code}") == 1:
        return []
    hint = "Write it where the code belongs, such as https://shop.example/?code={code}."
    return [Error("SHARE_URL does not have {code} in it once.", hint=hint, id="main.E003")]


@register
def check_time_zone(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Check that times have a zone, because without a zone a date does not say at which instant a code ends."""
    if settings.USE_TZ:
        return []
    return [Error("USE_TZ is off.", hint="Set USE_TZ = True: codes end at an instant.", id="main.E002")]


@register
def check_order_of_apps(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """Check that the apps inside this one stand before it: of two templates of one name, Django takes the first."""
    names = [app.name for app in apps.get_app_configs()]
    after = names[names.index("main") + 1 :]
    return [
        Warning(
            f"{name} stands after main in INSTALLED_APPS.",
            hint="Put it before main: otherwise its parts of the pages are not shown.",
            id="main.W007",
        )
        for name in after
        if name.startswith("main.")
    ]
