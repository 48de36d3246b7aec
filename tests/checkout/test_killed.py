"""The server, a worker or the database is killed while orders come in: one redemption each, none lost."""

import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest

from tests.breakage.world import PATIENCE
from tests.checkout.audit import audit
from tests.checkout.shop import Shop, free_port, make_token, start

ORDERS, CLIENTS, BLOWS = 60, 4, 2
CODE = (
    "INSERT INTO main_referralcode (code, discount, status, created_at, updated_at) "
    "VALUES ('JOHNS-20', 20, 'active', '2026-01-01', '2026-01-01')"
)


def children(process):
    with open(f"/proc/{process.pid}/task/{process.pid}/children") as file:
        return [int(pid) for pid in file.read().split()]


def kill_server(world, process, port):
    workers = children(process)
    for pid in [process.pid, *workers]:
        os.kill(pid, signal.SIGKILL)
    process.wait(timeout=PATIENCE)
    return start(world, port)


def kill_worker(world, process, port):
    for pid in children(process)[:1]:
        os.kill(pid, signal.SIGKILL)
    return process


def cut_database(world, process, port):
    """Ends every connection in the midst of what it does, as a crash of the server does."""
    with psycopg.connect(world.url, autocommit=True) as base:
        base.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity "
            "WHERE datname = current_database() AND pid <> pg_backend_pid()"
        )
    return process


def orders_of(shop, number):
    """Check, then redeem the promise: what is not answered is repeated."""
    for order in range(number, ORDERS, CLIENTS):
        found = shop.until_answered("POST", "/api/v1/codes/check", {"code": "johns-20"})[1]
        body = {"order": f"A-{order}", "promise": found["promise"], "amount": "5.00", "currency": "EUR"}
        status, answer = shop.until_answered("POST", "/api/v1/redemptions", body)
        assert status in (200, 201), answer
    return {f"A-{order}" for order in range(number, ORDERS, CLIENTS)}


@pytest.mark.skipif(not os.path.exists("/proc/self/task"), reason="needs Linux")
@pytest.mark.parametrize("blow", [kill_server, kill_worker, cut_database])
def test_one_redemption_for_each_order_whatever_is_killed(shop_world, blow):
    if blow is cut_database and shop_world.kind != "postgres":
        pytest.skip("SQLite has no server.")
    shop_world.query(CODE)
    token = make_token(shop_world)
    process = start(shop_world, port := free_port())
    try:
        with ThreadPoolExecutor(CLIENTS) as pool:
            at_work = [pool.submit(orders_of, Shop(port, token), number) for number in range(CLIENTS)]
            for number in range(1, BLOWS + 1):
                wait_for_redemptions(shop_world, number * ORDERS // (BLOWS + 2), at_work)
                process = blow(shop_world, process, port)
            redeemed = set().union(*(client.result(timeout=PATIENCE) for client in at_work))
    finally:
        process.terminate()
        process.wait(timeout=PATIENCE)
    assert len(redeemed) == ORDERS
    audit(shop_world, redeemed, voided=set())


def wait_for_redemptions(world, count, at_work):
    """So that the blow falls while orders come in."""
    deadline = time.monotonic() + PATIENCE
    while world.query("SELECT count(*) FROM checkout_redemption")[0][0] < count:
        assert time.monotonic() < deadline
        assert not all(client.done() for client in at_work)
