"""What the checkout adds to pages of the staff and of agents."""

from datetime import datetime
from typing import Any

from django import template
from django.core.paginator import Paginator
from django.http import HttpRequest
from django.utils import timezone

from main.checkout.models import Redemption
from main.checkout.worth import Worth, by_week, of_codes, redeemed_codes, start_of_month, sums, tried_codes, worth_by
from main.models import UserProfile

ON_A_PAGE = 20
TRIED_AT_MOST = 10

register = template.Library()
register.filter("sums", sums)


@register.simple_tag
def worth_of_agent(agent: UserProfile, now: datetime, request: HttpRequest) -> dict[str, Any]:
    """What the codes of `agent` are worth, those that were redeemed page by page; and those that are tried in vain."""
    total = worth_by("code__agent", Redemption.objects.filter(code__agent=agent)).get(agent.pk, Worth())
    codes = redeemed_codes(agent.referral_codes.all()) if total.uses else agent.referral_codes.none()
    page = Paginator(codes, ON_A_PAGE).get_page(request.GET.get("redeemed"))
    worths = of_codes(page)
    return {
        "page": page,
        "rows": [(code, worths.get(code.pk, Worth())) for code in page],
        "total": total,
        "tried": list(tried_codes(agent.referral_codes.all(), now)[:TRIED_AT_MOST]),
    }


@register.simple_tag
def redemptions_of_weeks() -> dict[str, Any]:
    """For the staff's front page: the weeks, and the figure of this month."""
    weeks = by_week(timezone.now())
    tallest = max(count for _, count in weeks) or 1
    return {
        "this_month": Redemption.objects.counted().filter(redeemed_at__gte=start_of_month()).count(),
        "month": start_of_month(),
        "weeks": [(start, count, round(150 * count / tallest, 1)) for start, count in weeks],
    }
