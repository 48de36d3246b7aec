"""The settings of notices, each with the value that holds where a project does not set it."""

import re
from urllib.parse import urlsplit

from django.conf import settings

SITE = re.compile(r"https?://[^/?#\s]+", re.ASCII)


def days() -> list[int]:
    """How many days before its end an agent hears of a code, unless the agent chose other days; most days first."""
    return sorted({int(day) for day in getattr(settings, "NOTICE_DAYS", [30, 7, 1])}, reverse=True)


def schedule() -> str:
    """When notices are sent, as five fields of cron; whose clock they are read on depends on the scheduler."""
    return str(getattr(settings, "NOTICE_SCHEDULE", "0 8 * * *"))


def site_url() -> str:
    """Where the site is reached, for the links in mails: scheme and host, without a slash at the end."""
    return str(getattr(settings, "SITE_URL", "")).rstrip("/")


def wrong_site_url() -> str:
    """What is wrong with SITE_URL, as a sentence; empty where nothing is."""
    if SITE.fullmatch(site_url()):
        return ""
    return f"SITE_URL is {site_url()!r}: set it to the address of the site, such as https://codes.example.com."


def site_host() -> str:
    """The name of the site, for Message-ID and for the events of a calendar."""
    return urlsplit(site_url()).hostname or "localhost"


def mail_timeout() -> float:
    """Seconds after which a mail server that does not answer is given up."""
    if mailers := getattr(settings, "MAILERS", None):  # from Django 6.1 on
        return float(mailers["default"].get("OPTIONS", {}).get("timeout") or 30)
    return float(getattr(settings, "EMAIL_TIMEOUT", None) or 30)
