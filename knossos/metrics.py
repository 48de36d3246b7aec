"""Figures for Prometheus, protected by a token.

What is so at an instant is read from the database by each request, so all workers agree. What shops were answered is
in no table: each worker counts it, and in gunicorn the workers keep their counts in files of one folder
(gunicorn.conf.py), so that any of them can tell the sum.
"""

import os
from collections.abc import Iterator
from hmac import compare_digest
from importlib import import_module
from typing import Any

from django.apps import apps
from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.utils import timezone
from django.utils.module_loading import module_has_submodule
from django.views.decorators.http import require_safe
from prometheus_client import CollectorRegistry, Counter, disable_created_metrics, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.exposition import CONTENT_TYPE_LATEST
from prometheus_client.multiprocess import MultiProcessCollector
from prometheus_client.registry import Collector

from main.models import ExpirationRun, ReferralCode

disable_created_metrics()  # type: ignore[no-untyped-call] # when a worker began to count is of no use
ANSWERS = Counter(
    "knossos_checkout_answers", "What shops were answered by the API.", ["operation", "result"], registry=None
)


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
        for name, meaning, value in _figures_of_apps():
            yield GaugeMetricFamily(f"knossos_{name}", meaning, value)


def _figures_of_apps() -> Iterator[tuple[str, str, float]]:
    """The figures of each installed app that has a module `figures`."""
    for config in apps.get_app_configs():
        if config.module and module_has_submodule(config.module, "figures"):
            yield from import_module(f"{config.name}.figures").figures()


def count_answer(operation: str, result: str, **kwargs: Any) -> None:
    """Receiver of `shop_answered` of the checkout."""
    ANSWERS.labels(operation, result).inc()


if apps.is_installed("main.checkout"):
    import_module("main.checkout.http.api").shop_answered.connect(count_answer)


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
    if folder := os.environ.get("PROMETHEUS_MULTIPROC_DIR"):
        MultiProcessCollector(registry, folder)  # type: ignore[no-untyped-call]
    else:
        registry.register(ANSWERS)
    return HttpResponse(generate_latest(registry), CONTENT_TYPE_LATEST)
