"""So many tries in a time, counted by this process or by a Redis for all of them."""

import logging
import socket
from datetime import timedelta

import pytest
import time_machine
from redis import Redis
from redis.exceptions import ConnectionError as NoRedis

from main.throttle import Rate
from tests.conftest import NOW

REDIS = "redis://127.0.0.1:6379/9"


@pytest.fixture
def rate():
    return Rate("test", "3 per 15 minutes")


def test_three_tries_are_within_and_the_fourth_is_not(rate):
    assert [rate.take("anna") for _ in range(4)] == [True, True, True, False]


def test_whether_it_is_spent_can_be_asked_without_a_try(rate):
    for _ in range(3):
        assert not rate.is_spent("anna")
        rate.take("anna")
    assert rate.is_spent("anna")


def test_another_subject_and_another_kind_count_for_themselves(rate):
    for _ in range(4):
        rate.take("anna")
    assert rate.take("maria")
    assert Rate("other", "3 per 15 minutes").take("anna")


def test_the_time_runs_from_the_first_try(rate):
    with time_machine.travel(NOW, tick=False) as clock:
        for _ in range(3):
            rate.take("anna")
        clock.shift(timedelta(minutes=14, seconds=59))
        assert not rate.take("anna")
        clock.shift(timedelta(seconds=1))
        assert rate.take("anna")


def test_a_redis_counts_for_all_and_keeps_no_names(rate, settings):
    redis = Redis.from_url(REDIS)
    try:
        redis.flushdb()
    except NoRedis:
        pytest.skip("no Redis on 127.0.0.1:6379")
    settings.RATE_LIMIT_STORAGE = REDIS
    assert [rate.take("anna@example.com") for _ in range(4)] == [True, True, True, False]
    [key] = redis.keys()
    assert b"anna" not in key
    assert 0 < redis.ttl(key) <= 900
    redis.flushdb()


@pytest.mark.parametrize("hangs", [False, True])
def test_where_the_redis_is_away_or_hangs_this_process_counts_and_says_so(rate, settings, caplog, hangs):
    for _ in range(3):
        rate.take("anna")
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        if hangs:
            server.listen()
        settings.RATE_LIMIT_STORAGE = f"redis://127.0.0.1:{server.getsockname()[1]}/0"
        with caplog.at_level(logging.ERROR):
            assert not rate.take("anna")
    assert caplog.messages[0] == "RATE_LIMIT_STORAGE fails; this process counts for itself."
