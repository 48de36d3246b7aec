"""A person who saves codes one after the other until standard input ends. Prints how long each save took."""

import json
import random
import sys
import threading
import time
from typing import Any

from django.core.management.base import BaseCommand
from django.db import DatabaseError

from main.models import ReferralCode

PAUSE = 0.005  # seconds


class Command(BaseCommand):
    help = "Saves codes until standard input ends."

    def handle(self, **options: Any) -> None:
        dice = random.Random(1)  # noqa: S311 - the same saves in each round
        # Half of them are overdue, so the sweep locks them too.
        codes = list(ReferralCode.objects.overdue().order_by("?")[:2000])
        codes += ReferralCode.objects.unexpired().order_by("id")[: len(codes)]
        stop = threading.Event()

        def wait_for_the_end() -> None:
            sys.stdin.read()
            stop.set()

        threading.Thread(target=wait_for_the_end, daemon=True).start()
        self.stdout.write("ready")
        self.stdout.flush()
        milliseconds, failed = [], 0
        while not stop.is_set():
            code = dice.choice(codes)
            begun = time.perf_counter()
            try:
                code.save()
            except DatabaseError:
                failed += 1
            milliseconds.append((time.perf_counter() - begun) * 1000)
            time.sleep(PAUSE)
        self.stdout.write(json.dumps({"milliseconds": milliseconds, "failed": failed}))
