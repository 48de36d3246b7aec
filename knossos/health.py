"""The page for probes: 200 or 503, with the reason as JSON. It needs no session and sets no cookie."""

from django.http import HttpRequest, HttpResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from main.sweep.health import check_health


@require_safe
@never_cache
def health(request: HttpRequest) -> HttpResponse:
    """Answer with the result of `main.sweep.health.check_health`."""
    found = check_health()
    return HttpResponse(found.as_json(), content_type="application/json", status=200 if found.healthy else 503)
