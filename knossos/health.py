"""The page for probes: 200 or 503, with the reason as JSON. It needs no session and sets no cookie."""

from django.http import HttpRequest, JsonResponse
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_safe

from main.sweep.health import check_health


@require_safe
@never_cache
def health(request: HttpRequest) -> JsonResponse:
    """Answer with the result of `main.sweep.health.check_health`."""
    found = check_health()
    return JsonResponse(
        {
            "healthy": found.healthy,
            "problems": found.problems,
            "database_reachable": found.database_reachable,
            "last_completed_run": found.last_completed_run,
            "oldest_overdue": found.oldest_overdue,
        },
        status=200 if found.healthy else 503,
    )
