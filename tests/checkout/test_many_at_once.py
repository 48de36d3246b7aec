"""A thousand orders from eight clients, repeated and voided, while codes are extended, switched off and swept."""

from concurrent.futures import ThreadPoolExecutor
from random import Random

from tests.breakage.world import ended
from tests.checkout.audit import audit
from tests.checkout.shop import Shop, make_token, server

ORDERS, CLIENTS, CODES = 1000, 8, 12
# Each code ends some seconds after the start; the first ones while the orders come in.
SEED = {
    "postgres": "now() + interval '1 second' * {seconds}",
    "sqlite": "strftime('%Y-%m-%d %H:%M:%f', 'now', '+{seconds} seconds')",
}
EDITS = """
from main.codes import editing
from main.models import ReferralCode
import time
for round in range(4):
    editing.extend(ReferralCode.objects.filter(code__in=["CODE-3", "CODE-4"]), 30)
    editing.switch_off(ReferralCode.objects.filter(code="CODE-5" if round < 2 else "CODE-6"))
    editing.reactivate(ReferralCode.objects.filter(code="CODE-5") if round == 1 else ReferralCode.objects.none())
    time.sleep(0.2)
"""


def make_codes(world):
    for number in range(CODES):
        end = SEED[world.kind].format(seconds=1 + number)
        if number >= CODES // 2:
            end = "NULL"
        world.query(
            "INSERT INTO main_referralcode (code, discount, expires_at, status, created_at, updated_at) "
            f"VALUES ('CODE-{number}', 10, {end}, 'active', '2026-01-01', '2026-01-01')"
        )


class Client:
    """Works through its share of the orders, and remembers what it was told."""

    def __init__(self, shop, number):
        self.shop, self.number, self.random = shop, number, Random(number)
        self.redeemed = set()
        self.voided = set()

    def work(self):
        for order in self._bodies():
            status, first = self.shop.until_answered("POST", "/api/v1/redemptions", order)
            assert status in (201, 422), first
            if status == 422:
                continue
            self.redeemed.add(order["order"])
            if self.random.random() < 0.3:
                assert self.shop.until_answered("POST", "/api/v1/redemptions", order) == (200, first)
            if self.random.random() < 0.1:
                address = f"/api/v1/redemptions/{order['order']}"
                assert self.shop.until_answered("DELETE", address)[0] == 200
                self.voided.add(order["order"])

    def _bodies(self):
        promise = {}
        for number in range(self.number, ORDERS, CLIENTS):
            code = f"CODE-{self.random.randrange(CODES)}"
            order = {"order": f"A-{number}", "amount": "1.50", "currency": "EUR", "customer": f"c-{number}"}
            if self.random.random() < 0.2:  # a promise, kept for later orders of the same code
                answer = self.shop.until_answered("POST", "/api/v1/codes/check", {"code": code})[1]
                promise |= {code: answer["promise"]} if answer["usable"] else {}
            yield order | ({"promise": promise[code]} if code in promise else {"code": code})


def test_the_tables_hold(shop_world):
    make_codes(shop_world)
    with server(shop_world) as port, ThreadPoolExecutor(CLIENTS) as pool:
        token = make_token(shop_world)
        clients = [Client(Shop(port, token), number) for number in range(CLIENTS)]
        at_work = [pool.submit(client.work) for client in clients]
        edits = shop_world.start("shell", "-v", "0", "-c", EDITS)
        while not all(client.done() for client in at_work):
            assert shop_world.sweep()[0] == 0
        for client in at_work:
            client.result()
        assert ended(edits)[0] == 0
    redeemed = set().union(*(client.redeemed for client in clients))
    voided = set().union(*(client.voided for client in clients))
    assert len(redeemed) > ORDERS / 4
    assert len(voided) > ORDERS / 100
    audit(shop_world, redeemed, voided)
