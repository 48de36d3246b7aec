"""What notices add to pages of the staff and of agents."""

from datetime import datetime

from django import template

from main.accounts.users import address_of
from main.codes import editing
from main.codes.editing import Task
from main.models import ReferralCode
from main.notices.models import Preference

register = template.Library()


@register.simple_tag
def refused_address(user_id: int | None) -> Preference | None:
    """The preference of a person whose present address was refused, or nothing."""
    found = Preference.objects.filter(user=user_id).exclude(refused_address="").select_related("user").first()
    return found if found and found.refused_address == address_of(found.user) else None


@register.filter
def may_be_wished(code: ReferralCode, now: datetime) -> bool:
    """Whether more time can be asked for at `now`; whether it was asked already, the page of the wish says."""
    return editing.refusal(Task.EXTEND, code, now) is None
