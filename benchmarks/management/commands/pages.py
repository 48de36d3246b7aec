"""Asks for each page a few times, and prints the milliseconds of each answer as JSON."""

import json
import time
from typing import Any

from django.conf import settings
from django.contrib.auth.models import User
from django.core.management.base import BaseCommand
from django.test import Client

LIST = "/admin/main/referralcode/"
PAGES = {
    "front page": "/admin/",
    "list": LIST,
    "list, behind a tab": f"{LIST}?state=ended",
    "list, with a filter": f"{LIST}?expiry=never",
    "list, of a day": f"{LIST}?expires_at__year={{year}}&expires_at__month=6&expires_at__day=1",
    "list, a search that finds one code": f"{LIST}?q=000077",
    "list, a search of one letter": f"{LIST}?q=e",
    "list, a search of two words, for an agent": f"{LIST}?q=777+number",
    "agents": "/admin/main/userprofile/",
    "agent's page": "/profile/1/",
    "agent's page, the ended codes": "/profile/1/?state=ended",
    "agent's page, a search": "/profile/1/?q=00007&order=code",
}
TIMES = 5


class Command(BaseCommand):
    help = "Measures the pages."

    def handle(self, **options: Any) -> None:
        settings.ALLOWED_HOSTS = ["testserver"]
        client = Client(headers={"x-forwarded-proto": "https"})
        client.force_login(User.objects.get_or_create(username="boss", is_staff=True, is_superuser=True)[0])
        year = time.gmtime().tm_year + 1
        self.stdout.write(json.dumps({page: self.times(client, url.format(year=year)) for page, url in PAGES.items()}))

    def times(self, client: Client, url: str) -> list[float]:
        milliseconds = []
        for _ in range(TIMES + 1):
            begun = time.perf_counter()
            response = client.get(url, secure=True)
            milliseconds.append((time.perf_counter() - begun) * 1000)
            assert response.status_code == 200, f"{url}: {response.status_code}"
        return milliseconds[1:]  # the first one reads what is read once
