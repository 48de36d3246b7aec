"""Redemptions as a CSV file."""

from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal

from main.checkout.models import Redemption
from main.checkout.worth import money
from main.codes.spreadsheet import csv_row
from main.sweep.reading import by_key

COLUMNS = ["redeemed", "shop", "order", "code", "agent", "discount", "amount", "currency", "promised", "voided"]


def csv_lines(first: datetime, end: datetime) -> Iterator[str]:
    """The lines of a file with the redemptions from `first` to before `end`, oldest first; instants in UTC.

    Memory does not grow with the file, and no cursor of the server is needed.
    """
    yield csv_row(COLUMNS) + "\r\n"
    chosen = Redemption.objects.filter(redeemed_at__gte=first, redeemed_at__lt=end).select_related("code__agent")
    for redemption in by_key(chosen, "redeemed_at", "pk"):
        yield csv_row(_cells(redemption)) + "\r\n"


def _cells(redemption: Redemption) -> list[str | Decimal | None]:
    code = redemption.code
    # As the database has it, 49.900 would be 49900 to a spreadsheet that has a decimal comma.
    amount = money(redemption) or ""
    return [
        redemption.redeemed_at.isoformat(), redemption.shop, redemption.order, redemption.code_then,
        code.agent.name if code.agent else "", redemption.discount, amount, redemption.currency,
        _instant(redemption.promised_at), _instant(redemption.voided_at),
    ]  # fmt: skip


def _instant(instant: datetime | None) -> str:
    return instant.isoformat() if instant else ""
