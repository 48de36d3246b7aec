"""The page that a visitor came from."""

from django.http import HttpRequest
from django.utils.http import url_has_allowed_host_and_scheme


def next_page(request: HttpRequest, otherwise: str) -> str:
    """The page of this site that `?next=` names, or `otherwise` if it names none or a page of another site."""
    named = request.GET.get("next", "")
    is_ours = url_has_allowed_host_and_scheme(named, {request.get_host()}, request.is_secure())
    # Without a slash at its start, an address would be relative to the current page.
    return named if is_ours and named.startswith("/") else otherwise
