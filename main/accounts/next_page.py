"""The way back to the page that a visitor came from."""

from django.http import HttpRequest
from django.utils.http import url_has_allowed_host_and_scheme


def next_page(request: HttpRequest, otherwise: str) -> str:
    """The page of this site that `?next=` names; the address `otherwise` where it names none, or another site."""
    named = request.GET.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(named, {request.get_host()}, request.is_secure())
    # An address without a slash at its start would depend on where the visitor is now.
    return named if is_ours and named.startswith("/") else otherwise
