"""What codes are worth: how often they were redeemed, when last, and for how much, in all and this month."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from decimal import Decimal

from django.db.models import Count, IntegerField, Max, OuterRef, Q, Subquery, Sum
from django.db.models.functions import Coalesce, TruncDate, TruncWeek
from django.utils import timezone
from django.utils.formats import number_format
from django.utils.translation import pgettext

from main.checkout.models import EndedTry, Redemption, RedemptionQuerySet
from main.models import ReferralCode, ReferralCodeQuerySet

WEEKS = 12
# ISO 4217: the currencies that are not written with two decimal places.
WITHOUT_PLACES = [
    "BIF", "CLP", "DJF", "GNF", "ISK", "JPY", "KMF", "KRW", "PYG", "RWF", "UGX", "UYI", "VND", "VUV", "XAF", "XOF",
    "XPF",
]  # fmt: skip
WITH_THREE_PLACES = ["BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"]
PLACES = dict.fromkeys(WITHOUT_PLACES, 0) | dict.fromkeys(WITH_THREE_PLACES, 3)


@dataclass
class Worth:
    """Uses and sums; the sums by currency, as nothing is converted. An order without an amount is a use too."""

    uses: int = 0
    uses_this_month: int = 0
    last_use: datetime | None = None
    sums: dict[str, Decimal] = field(default_factory=dict)
    sums_this_month: dict[str, Decimal] = field(default_factory=dict)


def worth_by(key: str, redemptions: RedemptionQuerySet) -> dict[int, Worth]:
    """The worth of `redemptions`, by the field `key`, such as "code" or "code__agent"; one query."""
    month = Q(redeemed_at__gte=start_of_month())
    figures = {
        "uses": Count("pk"), "uses_now": Count("pk", filter=month), "last": Max("redeemed_at"),
        "sum": Sum("amount"), "sum_now": Sum("amount", filter=month),
    }  # fmt: skip
    rows = redemptions.counted().order_by().values_list(key, "currency").annotate(**figures)
    found: dict[int, Worth] = {}
    for pk, currency, uses, uses_this_month, last_use, total, total_this_month in rows:
        worth = found.setdefault(pk, Worth())
        worth.uses += uses
        worth.uses_this_month += uses_this_month
        worth.last_use = max(filter(None, [worth.last_use, last_use]))
        if currency:
            worth.sums[currency] = total
            if total_this_month is not None:
                worth.sums_this_month[currency] = total_this_month
    return found


def uses_of(key: str) -> Coalesce:
    """How often the codes of a row of the outer query were redeemed, as an expression to be sorted by."""
    redemptions = Redemption.objects.counted().filter(**{key: OuterRef("pk")}).order_by()
    count = redemptions.values(key).annotate(count=Count("pk")).values("count")
    return Coalesce(Subquery(count), 0, output_field=IntegerField())


def start_of_month() -> datetime:
    """The beginning of this month in the current time zone."""
    return timezone.make_aware(datetime.combine(timezone.localdate().replace(day=1), time.min))


def redeemed_codes(codes: ReferralCodeQuerySet) -> ReferralCodeQuerySet:
    """Those of `codes` that were redeemed, the most used first, with their `uses`."""
    redeemed = codes.filter(pk__in=Redemption.objects.counted().values("code"))
    return redeemed.annotate(uses=uses_of("code")).order_by("-uses", "pk")


def tried_codes(codes: ReferralCodeQuerySet, now: datetime) -> ReferralCodeQuerySet:
    """Those of `codes` that customers have tried since they ended, the most tried first, with their `tries`."""
    # A code that was extended may have tries of an earlier end. The days are those of `count_try`.
    ended_on = TruncDate("code__expires_at", tzinfo=timezone.get_default_timezone())
    since = EndedTry.objects.filter(code=OuterRef("pk"), day__gte=ended_on).order_by().values("code")
    tries = Subquery(since.annotate(sum=Sum("count")).values("sum"), output_field=IntegerField())
    tried = codes.expired(now).filter(pk__in=EndedTry.objects.values("code"))  # few of many
    return tried.annotate(tries=tries).filter(tries__gt=0).order_by("-tries", "pk")


def by_week(now: datetime) -> list[tuple[date, int]]:
    """The last WEEKS weeks, Monday to Sunday in the current time zone, and how many redemptions each had."""
    today = timezone.localdate(now)
    monday = today - timedelta(days=today.weekday())
    starts = [monday - timedelta(weeks=weeks) for weeks in reversed(range(WEEKS))]
    first = timezone.make_aware(datetime.combine(starts[0], time.min))
    counted = (
        Redemption.objects.counted().filter(redeemed_at__gte=first, redeemed_at__lte=now).order_by()
        .values_list(TruncWeek("redeemed_at")).annotate(count=Count("pk"))
    )  # fmt: skip
    found = {timezone.localtime(week).date(): count for week, count in counted}
    return [(start, found.get(start, 0)) for start in starts]


def sums(amounts: dict[str, Decimal]) -> str:
    """For each currency its sum, as the reader writes numbers: "49.90 EUR, 1200 JPY"."""
    found = [
        f"{number_format(amount, _places(amount, currency))}\N{NO-BREAK SPACE}{currency}"
        for currency, amount in sorted(amounts.items())
    ]
    return ", ".join(found) or pgettext("sum of orders", "none")


def money(redemption: Redemption) -> str | None:
    """What the order cost, if that is known, with the decimal places of its currency or more; for programs."""
    amount = redemption.amount
    return None if amount is None else f"{amount:.{_places(amount, redemption.currency)}f}"


def _places(amount: Decimal, currency: str) -> int:
    usual = PLACES.get(currency, 2)
    return next((places for places in range(usual, 3) if amount == round(amount, places)), 3)


def of_codes(codes: Iterable[ReferralCode]) -> dict[int, Worth]:
    """The worth of each of these codes, by id."""
    return worth_by("code", Redemption.objects.filter(code__in=[code.pk for code in codes]))
