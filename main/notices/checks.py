"""What is wrong with the settings of notices, told before the first mail."""

from typing import Any

from django.core.checks import CheckMessage, Warning, register

from main.notices import conf


@register
def check_notices(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    if why := conf.wrong_site_url():
        return [Warning(why, hint="Without it no notice is sent.", id="notices.W001")]
    return []
