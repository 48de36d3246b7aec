"""Tags for the admin's templates: the badge of a state, and a time."""

from django import template
from django.utils.safestring import SafeString

from main.admin.display import badge, moment
from main.admin.drilldown import drilldown
from main.models import ExpirationRun, ReferralCode

register = template.Library()
register.simple_tag(moment, name="instant")
register.inclusion_tag("admin/date_hierarchy.html", name="expiry_drilldown")(drilldown)


@register.simple_tag
def run_badge(run: ExpirationRun) -> SafeString:
    return badge(ExpirationRun.State(run.state))


@register.simple_tag
def state_badge(code: ReferralCode) -> SafeString:
    return badge(code.state())
