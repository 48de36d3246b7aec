"""What notices add to pages of the staff and of agents."""

from django import template

from main.models import ReferralCode
from main.notices import wishes
from main.notices.models import Preference, Wish

register = template.Library()


@register.simple_tag
def waiting_wishes() -> int:
    return Wish.objects.waiting().count()


@register.simple_tag
def refused_address(user_id: int | None) -> Preference | None:
    """The preference of a person whose present address was refused, or nothing."""
    found = Preference.objects.filter(user=user_id).exclude(refused_address="").select_related("user").first()
    return found if found and found.refused_address == found.user.email else None


@register.filter
def can_be_wished_for(code: ReferralCode) -> bool:
    """Whether its agent can ask for more time for `code`."""
    return not wishes.why_not(code)
