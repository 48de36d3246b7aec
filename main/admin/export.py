"""The codes of the list as it is filtered, as a CSV or an Excel file. Memory does not grow with their number."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, tzinfo
from decimal import Decimal
from tempfile import TemporaryFile
from typing import Any, NamedTuple

from django.contrib import messages
from django.contrib.admin.options import IncorrectLookupParameters
from django.core.exceptions import PermissionDenied
from django.http import FileResponse, HttpRequest, HttpResponseRedirect, StreamingHttpResponse
from django.http.response import HttpResponseBase
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import override

from main.codes.spreadsheet import csv_row, safe_cell
from main.models import ReferralCode
from main.sweep.reading import by_id

XLSX_AT_MOST = 100_000  # codes, which take some twenty seconds; nothing is sent before all of them are in the file
XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
Cell = str | Decimal | datetime | None


class Export(NamedTuple):
    """The codes to write, and the zone and the instant that they are written for."""

    codes: Any
    zone: tzinfo
    now: datetime

    @property
    def columns(self) -> list[str]:
        instants = [f"{name} ({self.zone})" for name in ("ends", "created", "last edited", "marked inactive")]
        return ["code", "agent", "discount (%)", instants[0], "state", "status", *instants[1:]]

    def rows(self) -> Iterator[list[Cell]]:
        """The cells of each code, in the order in which the codes were created. Instants are in the zone."""
        for code in by_id(self.codes.prefetch_related(None).select_related("agent__user")):
            agent = code.agent.name if code.agent else ""
            ends, *others = map(self._local, (code.expires_at, code.created_at, code.updated_at, code.expired_at))
            yield [code.code, agent, code.discount, ends, _english(code.state(self.now)), code.status, *others]

    def _local(self, instant: datetime | None) -> datetime | None:
        return instant.astimezone(self.zone) if instant else None


def _english(state: ReferralCode.State) -> str:
    """The state as a program reads it: a file has the same words for everybody, as its columns have."""
    with override(None):
        return str(state.label).lower()


def may_export(request: Any) -> bool:
    return bool(request.user.has_perms(["main.view_referralcode", "main.export_referralcode"]))


def export_view(model_admin: Any, request: HttpRequest, kind: str) -> HttpResponseBase:
    """The codes that the list shows at the same query, on all its pages, as a file of the `kind` "csv" or "xlsx"."""
    if not may_export(request):
        raise PermissionDenied
    query = request.GET.copy()
    for parameter in ("o", "p"):  # the order and the page of the list do not matter
        query.pop(parameter, None)
    request.GET = query  # type: ignore[assignment]
    try:
        changelist = model_admin.get_changelist_instance(request)
    except IncorrectLookupParameters:
        return HttpResponseRedirect(reverse("admin:main_referralcode_changelist"))
    codes = changelist.queryset.order_by()
    if changelist.query and changelist.paginator.goes_on:
        too_many = _(
            "No file was made. The search finds more than %(count)d codes. Choose fewer codes by the filters."
        )
        return _refused(request, too_many % {"count": changelist.paginator.count})
    if kind == "xlsx" and codes[XLSX_AT_MOST : XLSX_AT_MOST + 1].exists():
        too_many = _(
            "No file was made. An Excel file takes at most %(count)d codes; a CSV file takes more. "
            "Choose fewer codes by the filters."
        )
        return _refused(request, too_many % {"count": XLSX_AT_MOST})
    # The zone of the visitor is over before a stream begins.
    return WRITERS[kind](Export(codes, timezone.get_current_timezone(), timezone.now()))


def _refused(request: HttpRequest, reason: str) -> HttpResponseBase:
    messages.error(request, reason)
    return HttpResponseRedirect(f"{reverse('admin:main_referralcode_changelist')}?{request.GET.urlencode()}")


def _csv(export: Export) -> HttpResponseBase:
    headers = {"Content-Disposition": f'attachment; filename="{_name(export, "csv")}"'}
    return StreamingHttpResponse(_lines(export), content_type="text/csv; charset=utf-8", headers=headers)


def _lines(export: Export) -> Iterator[str]:
    yield csv_row(export.columns) + "\r\n"
    for row in export.rows():
        cells = [cell.isoformat(timespec="seconds") if isinstance(cell, datetime) else cell for cell in row]
        yield csv_row(cells) + "\r\n"


def _xlsx(export: Export) -> HttpResponseBase:
    from xlsxwriter import Workbook  # noqa: PLC0415 - its import is slow, and few people need it

    file = TemporaryFile()  # noqa: SIM115 - the response closes it
    with Workbook(file, {"constant_memory": True, "remove_timezone": True}) as book:
        sheet, date = book.add_worksheet("Codes"), book.add_format({"num_format": "yyyy-mm-dd hh:mm:ss"})
        sheet.freeze_panes(1, 1)
        sheet.set_column(0, len(export.columns) - 1, 24)
        _write_row(sheet, 0, export.columns, date)
        for number, row in enumerate(export.rows(), 1):
            _write_row(sheet, number, row, date)
    file.seek(0)
    return FileResponse(file, as_attachment=True, filename=_name(export, "xlsx"), content_type=XLSX)


def _write_row(sheet: Any, number: int, cells: Iterable[Cell], date: Any) -> None:
    """Texts are written as texts, and made safe too: the sheet may be saved as a CSV file one day."""
    for place, cell in enumerate(cells):
        if isinstance(cell, str):
            sheet.write_string(number, place, safe_cell(cell))
        elif isinstance(cell, datetime):
            sheet.write_datetime(number, place, cell, date)
        elif cell is not None:
            sheet.write_number(number, place, cell)


def _name(export: Export, ending: str) -> str:
    return f"codes-{export.now.astimezone(export.zone):%Y-%m-%d-%H%M}.{ending}"


WRITERS: dict[str, Callable[[Export], HttpResponseBase]] = {"csv": _csv, "xlsx": _xlsx}
