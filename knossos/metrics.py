"""Figures for Prometheus, protected by a token. Each request reads them from the database, so all workers agree."""

from collections.abc import Iterator
from hmac import compare_digest

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.views.decorators.http import require_safe
from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.registry import Collector

from main.models import ExpirationRun, ReferralCode


class Figures(Collector):
    """The state of codes and runs at the instant of the request, without names and codes."""

    def collect(self) -> Iterator[GaugeMetricFamily]:
        now = timezone.now()
        overdue = ReferralCode.objects.overdue(now)
        yield GaugeMetricFamily("knossos_overdue_codes", "Codes past their date, not marked yet.", overdue.count())
        sweeps = ExpirationRun.objects.sweeps()
        failed = sweeps.filter(state__in=[ExpirationRun.State.FAILED, ExpirationRun.State.INTERRUPTED])
        yield GaugeMetricFamily("knossos_failed_runs", "Runs in the ledger that did not complete.", failed.count())
        last = sweeps.filter(state=ExpirationRun.State.COMPLETED).order_by("-id").first()
        if last and last.ended_at:
            yield GaugeMetricFamily(
                "knossos_last_run_age_seconds",
                "Since the last completed run ended.",
                (now - last.ended_at).total_seconds(),
            )
            yield GaugeMetricFamily(
                "knossos_last_run_seconds",
                "How long the last completed run took.",
                (last.ended_at - last.started_at).total_seconds(),
            )
            yield GaugeMetricFamily(
                "knossos_last_run_codes", "Codes that the last completed run expired.", last.expired_count
            )


@require_safe
def metrics(request: HttpRequest) -> HttpResponse:
    """Answer with the figures if the request has METRICS_TOKEN. If the setting is empty, there is no such page."""
    if not settings.METRICS_TOKEN:
        raise Http404
    sent = request.headers.get("Authorization", "")
    if not compare_digest(sent.encode(), f"Bearer {settings.METRICS_TOKEN}".encode()):
        return HttpResponse("Send the header Authorization: Bearer METRICS_TOKEN.\n", "text/plain", 401)
    registry = CollectorRegistry(auto_describe=False)
    registry.register(Figures())
    return HttpResponse(generate_latest(registry), CONTENT_TYPE_LATEST)
