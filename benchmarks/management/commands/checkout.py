"""The contenders of the checkout, in a process of their own; prints what it measured as JSON."""

import json
import random
import sys
import threading
import time
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from django.core.management.base import BaseCommand, CommandParser
from django.db import DatabaseError, connection
from django.utils import timezone

from main.checkout.checking import check_code
from main.checkout.redeeming import NotRedeemed, redeem
from main.models import ReferralCode

CHECKS, ORDERS = 500, 200
SELECT = "SELECT id, code, discount, expires_at, status, agent_id FROM main_referralcode WHERE lookup_key = %s"
INSERT = (
    'INSERT INTO checkout_redemption (shop, "order", code_id, discount, code_text, amount, currency, redeemed_at) '
    "VALUES (%s, %s, %s, %s, %s, %s, %s, %s)"
)
POPULAR = "CODE-000000007"  # every tenth seven never ends


class Command(BaseCommand):
    help = "Measures the checkout."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("what", choices=["check", "redeem", "crowd", "traffic"])
        parser.add_argument("numbers", nargs="*", type=int)

    def handle(self, *, what: str, numbers: list[int], **options: Any) -> None:
        measures: dict[str, Callable[..., Any]] = {
            "check": self.checks, "redeem": self.redemptions, "crowd": self.crowd, "traffic": self.traffic,
        }  # fmt: skip
        told = measures[what](*numbers)
        self.stdout.write(json.dumps(told))

    def checks(self) -> dict[str, list[float]]:
        """Microseconds of a SELECT, of a right code and of a wrong one, one after the other."""
        last = ReferralCode.objects.latest("pk").pk
        some = random.sample(range(1, last + 1), min(CHECKS, last))
        keys = list(ReferralCode.objects.filter(pk__in=some).values_list("lookup_key", flat=True))

        def select(key: str) -> None:
            with connection.cursor() as cursor:
                cursor.execute(SELECT, [key])
                assert cursor.fetchone()

        def right(key: str) -> None:
            assert check_code(key).code

        def wrong(key: str) -> None:
            assert not check_code(key + "X").code

        for key in keys:
            select(key)  # so that no contender reads for the others what they all need
        return _in_turns(1, keys, {"select": select, "right": right, "wrong": wrong})

    def redemptions(self, rounds: int) -> dict[str, list[float]]:
        """Microseconds of a bare INSERT and of `redeem`, each in a transaction of its own, in turns."""
        now = timezone.now()
        codes = ReferralCode.objects.usable(now).unexpired(now + timedelta(days=1))
        chosen = dict(codes.values_list("lookup_key", "pk")[:ORDERS])
        number = iter(range(10**9))
        instant = connection.ops.adapt_datetimefield_value(now)

        def insert(key: str) -> None:
            with connection.cursor() as cursor:
                cursor.execute(INSERT, ["bare", f"A-{next(number)}", chosen[key], 10, key, 5, "EUR", instant])

        def full(key: str) -> None:
            redeem(key, order=f"A-{next(number)}", amount=5, currency="EUR", shop="full")

        return _in_turns(rounds, list(chosen), {"insert": insert, "redeem": full})

    def crowd(self, number: int, orders: int) -> dict[str, Any]:
        """The milliseconds of each redemption of one popular code, once standard input ends."""
        check_code(POPULAR)
        self._ready()
        sys.stdin.read()
        milliseconds, failed = [], 0
        for order in range(orders):
            begun = time.perf_counter()
            try:
                redeem(POPULAR, order=f"{number}-{order}", amount=5, currency="EUR", shop="crowd")
            except (DatabaseError, NotRedeemed):
                failed += 1
            milliseconds.append((time.perf_counter() - begun) * 1000)
        return {"milliseconds": milliseconds, "failed": failed}

    def traffic(self, number: int) -> dict[str, Any]:
        """Checks, and every fifth time a redemption, of any codes, until standard input ends."""
        dice = random.Random(number)  # noqa: S311 - the same in each round
        keys = list(ReferralCode.objects.order_by("?").values_list("lookup_key", flat=True)[:5000])
        stop = threading.Event()

        def wait_for_the_end() -> None:
            sys.stdin.read()
            stop.set()

        threading.Thread(target=wait_for_the_end, daemon=True).start()
        self._ready()
        milliseconds, failed, redeemed = [], 0, 0
        while not stop.is_set():
            key = dice.choice(keys)
            begun = time.perf_counter()
            try:
                found = check_code(key)
                milliseconds.append((time.perf_counter() - begun) * 1000)
                if found.usable and dice.random() < 0.2:
                    redeem(key, order=f"{number}-{redeemed}", amount=5, currency="EUR", shop="traffic")
                    redeemed += 1
            except NotRedeemed:
                pass  # it ended between the two
            except DatabaseError:
                failed += 1
            time.sleep(0.002)  # a shop has other things to do
        return {"milliseconds": milliseconds, "failed": failed, "redeemed": redeemed}

    def _ready(self) -> None:
        self.stdout.write("ready")
        self.stdout.flush()


def _in_turns(rounds: int, keys: list[str], contenders: dict[str, Callable[[str], None]]) -> dict[str, list[float]]:
    for contender in contenders.values():
        contender(keys[0])  # what is made once
    microseconds: dict[str, list[float]] = {name: [] for name in contenders}
    for _ in range(rounds):
        for name, contender in contenders.items():
            begun = time.perf_counter()
            for key in keys:
                contender(key)
            microseconds[name].append((time.perf_counter() - begun) / len(keys) * 1_000_000)
    return microseconds
