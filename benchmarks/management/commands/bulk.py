"""The least that an import could take: bulk_create of codes that are in memory already."""

import csv
import time
from datetime import datetime
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import transaction
from django.utils import timezone

from main.models import ReferralCode, UserProfile


class Command(BaseCommand):
    help = "Reads a file of benchmarks.imports, stores its codes with bulk_create, and prints the seconds of that."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("file", type=Path)

    def handle(self, *, file: Path, **options: Any) -> None:
        now, agents = timezone.now(), dict(UserProfile.objects.values_list("name", "pk"))
        codes = []
        with file.open(newline="") as opened:
            for row in csv.DictReader(opened):
                end = datetime.fromisoformat(row["expires_at"])
                past = end <= now
                codes.append(
                    ReferralCode(
                        code=row["code"], agent_id=agents.get(row["agent"]), discount=row["discount"], expires_at=end,
                        status="inactive" if past else "active", expired_at=now if past else None,
                    )
                )  # fmt: skip
        begun = time.perf_counter()
        with transaction.atomic():
            ReferralCode.objects.bulk_create(codes)
        self.stdout.write(str(time.perf_counter() - begun))
