"""The badge and the time of the admin, for its templates."""

from django import template
from django.utils.safestring import SafeString

from main.admin.display import badge, moment
from main.models import ReferralCode

register = template.Library()
register.simple_tag(moment, name="instant")


@register.simple_tag
def state_badge(code: ReferralCode) -> SafeString:
    return badge(code.state())
