from collections.abc import Callable
from typing import Any

from django.apps import AppConfig
from django.http import HttpRequest
from django.utils.translation import gettext_lazy as _

from main.codes.notes import NOTES
from main.demo import demo_loaded
from main.notices import conf
from main.scheduling.installation import JOBS, Job
from main.staff import Decision, asked_for_decisions


class NoticesConfig(AppConfig):
    name = "main.notices"
    verbose_name = _("Notices")
    default_auto_field = "django.db.models.BigAutoField"  # as its migrations have it, whatever the project's default

    def ready(self) -> None:
        import main.notices.checks  # noqa: F401, PLC0415 - registered once the settings are loaded
        from main.notices import wishes  # noqa: PLC0415 - its models are loaded now

        demo_loaded.connect(_add_to_the_demo)
        asked_for_decisions.connect(_add_decisions)
        job = Job("send_notices", "Send notices about referral codes", "NOTICE_SCHEDULE", conf.schedule)
        JOBS[job.command] = job
        NOTES.extend(wishes.NOTES)


def _add_to_the_demo(agent: str, write: Callable[[str], object], **kwargs: Any) -> None:
    from main.notices.demo import add  # noqa: PLC0415 - no other command needs it

    add(agent, write)


def _add_decisions(request: HttpRequest, **kwargs: Any) -> list[Decision]:
    from main.notices.decisions import waiting_wishes  # noqa: PLC0415 - only the front page needs it

    return waiting_wishes(request)
