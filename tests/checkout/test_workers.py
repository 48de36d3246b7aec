"""Four processes and one Redis: the count of wrong codes is exact, and a Redis that is away keeps nobody out."""

import http.client
import socket
from concurrent.futures import ThreadPoolExecutor
from uuid import uuid4

import pytest
from redis import Redis
from redis.exceptions import ConnectionError as NoRedis

from tests.checkout.shop import Shop, make_token, server
from tests.patience import PATIENCE

REDIS = "redis://127.0.0.1:6379/9"
CODE = (
    "INSERT INTO main_referralcode (code, discount, status, created_at, updated_at) "
    "VALUES ('JOHNS-20', 20, 'active', '2026-01-01', '2026-01-01')"
)


def test_with_four_workers_on_one_redis_the_limit_is_exact(shop_world):
    try:
        Redis.from_url(REDIS).ping()
    except NoRedis:
        pytest.skip("no Redis on 127.0.0.1:6379")
    shop_world.query(CODE)
    customer = f"c-{uuid4()}"  # nobody else's, in a Redis that others use
    with server(shop_world, workers=4, RATE_LIMIT_STORAGE=REDIS) as port:
        shop = Shop(port, make_token(shop_world))
        with ThreadPoolExecutor(12) as customers:
            answers = list(customers.map(lambda number: shop.check(f"GUESS-{number}", customer), range(48)))
        assert sorted(answer["reason"] for answer in answers) == ["try_later"] * 38 + ["unknown"] * 10
        assert shop.check("johns-20", customer)["reason"] == "try_later"
        assert shop.check("johns-20", f"c-{uuid4()}")["usable"]


def test_any_of_four_workers_tells_what_all_of_them_answered(shop_world, tmp_path):
    shop_world.query(CODE)
    token = {"Authorization": "Bearer figures"}
    with server(shop_world, workers=4, METRICS_TOKEN="figures", TMPDIR=str(tmp_path)) as port:
        shop = Shop(port, make_token(shop_world))
        with ThreadPoolExecutor(12) as customers:
            list(customers.map(lambda number: shop.check("johns-20", f"c-{number}"), range(40)))
            told = list(customers.map(lambda _: fetched(port, "/metrics", token), range(12)))
    counted = 'knossos_checkout_answers_total{operation="check",result="works"} 40.0'
    assert [counted in page.splitlines() for page in told] == [True] * 12
    assert not list(tmp_path.glob("knossos-counts-*"))


def fetched(port, address, headers):
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    connection.request("GET", address, headers=headers)
    return connection.getresponse().read().decode()


def test_a_redis_that_is_away_lets_customers_through_and_health_says_so(shop_world):
    shop_world.query(CODE)
    with socket.socket() as nobody:
        nobody.bind(("127.0.0.1", 0))  # and never listens
        away = f"redis://127.0.0.1:{nobody.getsockname()[1]}/0"
        with server(shop_world, workers=1, RATE_LIMIT_STORAGE=away) as port:
            shop = Shop(port, make_token(shop_world))
            assert shop.check("johns-20", "c-1")["usable"]
            reasons = [shop.check("GUESS", "c-1")["reason"] for _ in range(11)]
            assert reasons == ["unknown"] * 10 + ["try_later"]  # this process counts for itself
            status, health = shop.ask("GET", "/health/")
    assert status == 503
    assert health["problems"] == ["RATE_LIMIT_STORAGE cannot be reached: each process counts tries for itself."]
