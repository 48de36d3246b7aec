"""What notices put on the staff's front page."""

from __future__ import annotations

from django.http import HttpRequest
from django.urls import reverse
from django.utils.translation import ngettext

from main.notices.models import Wish
from main.staff import Decision


def waiting_wishes(request: HttpRequest) -> list[Decision]:
    """The wishes that wait for an answer, for a person who may answer them."""
    count = Wish.objects.waiting().count() if request.user.has_perm("main.change_referralcode") else 0
    if not count:
        return []
    sentence = ngettext(
        "%(count)d wish for more time waits for an answer.",
        "%(count)d wishes for more time wait for an answer.",
        count,
    )
    return [Decision(sentence % {"count": count}, f"{reverse('admin:notices_wish_changelist')}?state=waiting")]
