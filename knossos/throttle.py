"""What django-axes stores about a failed sign-in."""

from collections.abc import Mapping

from django.http import HttpRequest


def attempted_name(request: HttpRequest, credentials: Mapping[str, str] | None = None) -> str:
    """The user name of the attempt, cut to the length of its column, because PostgreSQL rejects a longer one."""
    return (credentials or request.POST).get("username", "")[:255]
