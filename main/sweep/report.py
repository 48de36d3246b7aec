"""The report of what a sweep did or would do. It is streamed, so memory does not grow with the number of codes."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import starmap
from typing import NamedTuple

from django.db.models import QuerySet
from django.utils import timezone

from main.codes.parts import parts
from main.codes.spreadsheet import csv_row
from main.codes.text import visible
from main.models import ExpirationRun, ReferralCode, ReferralCodeQuerySet
from main.sweep.reading import in_order

ON_SAVE_LINES = 20
LINES = 2000  # written at once


class Line(NamedTuple):
    """One code of a report."""

    code: str
    agent: str | None
    discount: Decimal
    expires_at: datetime | None


COLUMNS = ("code", "agent__name", "discount", "expires_at")
OLDEST_FIRST = "expires_at"
NEWEST_FIRST = "-expired_at"


@dataclass(frozen=True)
class Report:
    """The result of a run, or of a dry run; then `run` is None."""

    run: ExpirationRun | None
    cutoff: datetime
    expired: ReferralCodeQuerySet
    count: int
    on_save: ReferralCodeQuerySet
    on_save_count: int


def report_of_run(run: ExpirationRun) -> Report:
    """Report the codes that `run` expired, and those that saves have marked since the previous run."""
    expired = ReferralCode.objects.filter(expired_by=run)
    on_save = _marked_on_save(_completed_runs().exclude(pk=run.pk), until=run.cutoff)
    return Report(run, run.cutoff, expired, run.expired_count, on_save, on_save.count())


def report_of_dry_run(cutoff: datetime) -> Report:
    """Report what a run would expire at the aware datetime `cutoff`; writes nothing."""
    overdue = ReferralCode.objects.overdue(cutoff)
    on_save = _marked_on_save(_completed_runs(), until=timezone.now())
    return Report(None, cutoff, overdue, overdue.count(), on_save, on_save.count())


def as_text(report: Report, verbosity: int) -> Iterator[str]:
    """The lines for people. Verbosity 0: only the first line; 2: also every code that was marked on save."""
    yield _first_line(report)
    if verbosity < 1:
        return
    yield from _text_lines(report.expired, OLDEST_FIRST, report)
    if report.on_save_count:
        shown = report.on_save_count if verbosity > 1 else ON_SAVE_LINES
        yield f"Already marked inactive on save since the last run: {report.on_save_count} referral code(s)."
        yield from _text_lines(report.on_save, NEWEST_FIRST, report, at_most=shown)
        if report.on_save_count > shown:
            yield f"  … and {report.on_save_count - shown} more; -v 2 shows all of them."


def as_json(report: Report, verbosity: int) -> Iterator[str]:
    """The lines of one JSON object; instants are ISO 8601 with their offset."""
    yield "{"
    yield f'"dry_run": {json.dumps(report.run is None)},'
    yield f'"run": {json.dumps(report.run and report.run.pk)},'
    yield f'"cutoff": {json.dumps(_iso(report.cutoff))},'
    yield f'"expired_count": {report.count},'
    yield f'"marked_on_save_count": {report.on_save_count},'
    yield '"expired": ['
    yield from _json_items(_lines(report.expired, OLDEST_FIRST))
    yield '], "marked_on_save": ['
    yield from _json_items(_lines(report.on_save, NEWEST_FIRST))
    yield "]}"


def as_csv(report: Report, verbosity: int) -> Iterator[str]:
    """The rows of a CSV file. No cell can start a formula in a spreadsheet."""
    yield csv_row(["result", *Line._fields])
    result = "expired" if report.run else "would expire"
    for code in _lines(report.expired, OLDEST_FIRST):
        yield csv_row([result, *_csv_cells(code)])
    for code in _lines(report.on_save, NEWEST_FIRST):
        yield csv_row(["marked on save", *_csv_cells(code)])


FORMATS: dict[str, Callable[[Report, int], Iterator[str]]] = {"text": as_text, "json": as_json, "csv": as_csv}


def _completed_runs() -> QuerySet[ExpirationRun]:
    return ExpirationRun.objects.sweeps().filter(state__in=[ExpirationRun.State.COMPLETED, ExpirationRun.State.UNDONE])


def _marked_on_save(runs_before: QuerySet[ExpirationRun], until: datetime) -> ReferralCodeQuerySet:
    marked = ReferralCode.objects.filter(expired_by=None, expired_at__lte=until)
    last = runs_before.first()
    return marked.filter(expired_at__gt=last.cutoff) if last else marked


def in_pages(lines: Iterator[str]) -> Iterator[str]:
    """Join lines into pages, because writing a page takes hardly longer than writing a line."""
    for page in parts(lines, LINES):
        yield "\n".join(page)


def _lines(codes: ReferralCodeQuerySet, by: str, at_most: int | None = None) -> Iterator[Line]:
    return starmap(Line, in_order(codes, *COLUMNS, by=by, at_most=at_most))


def _first_line(report: Report) -> str:
    if not report.count:
        return "No expired referral codes found."
    if report.run:
        return f"Successfully expired {report.count} referral code(s)."
    return f"[DRY RUN] Would expire {report.count} referral code(s):"


def _text_lines(codes: ReferralCodeQuerySet, by: str, report: Report, at_most: int | None = None) -> Iterator[str]:
    """A dry run shows dates too. A run reads only two columns, because four take the driver three times as long."""
    if report.run:
        yield from starmap(_text_line, in_order(codes, "code", "agent__name", by=by, at_most=at_most))
        return
    for line in _lines(codes, by, at_most):
        text = _text_line(line.code, line.agent)
        expired = f", Expired: {timezone.localtime(line.expires_at):%Y-%m-%d %H:%M %Z}" if line.expires_at else ""
        yield text + expired


def _text_line(code: str, agent: str | None) -> str:
    return f"  - {visible(code)} (Agent: {visible(agent or 'none')})"


def _iso(instant: datetime | None) -> str | None:
    return timezone.localtime(instant).isoformat() if instant else None


def _json_items(lines: Iterator[Line]) -> Iterator[str]:
    comma = " "
    for line in lines:
        yield comma + json.dumps(
            line._asdict() | {"discount": str(line.discount), "expires_at": _iso(line.expires_at)}
        )
        comma = ","


def _csv_cells(line: Line) -> list[str | Decimal | None]:
    return [line.code, line.agent, line.discount, _iso(line.expires_at)]
