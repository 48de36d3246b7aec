"""What django-axes is told of a failed sign-in."""

from collections.abc import Mapping

from django.http import HttpRequest


def attempted_name(request: HttpRequest, credentials: Mapping[str, str] | None = None) -> str:
    """The name that somebody tried, cut to the column that keeps it: PostgreSQL refuses a longer one."""
    return (credentials or request.POST).get("username", "")[:255]
