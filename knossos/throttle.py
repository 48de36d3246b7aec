"""Whose failed sign-ins are counted together."""

from collections.abc import Mapping
from ipaddress import ip_address

from django.conf import settings
from django.http import HttpRequest


def client_address(request: HttpRequest) -> str | None:
    """The address that the outermost of our PROXIES saw, or without them the one at the other end of the connection.

    Each proxy appends the address that it saw to X-Forwarded-For; what stands before those is the client's word.
    """
    seen = request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")
    if 0 < settings.PROXIES <= len(seen):
        claimed = seen[-settings.PROXIES].strip()
        try:
            return str(ip_address(claimed))
        except ValueError:
            pass
    return request.META.get("REMOTE_ADDR") or None


def attempted_name(request: HttpRequest, credentials: Mapping[str, str] | None = None) -> str:
    """The name that somebody tried, cut to the column that keeps it: PostgreSQL refuses a longer one."""
    return (credentials or request.POST).get("username", "")[:255]
