"""HEARTBEAT_URL: a monitor hears of a sweep's beginning, end and failure, and never stops one."""

from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import pytest

from main.models import ExpirationRun, ReferralCode
from main.signals import check_all_expired_referral_codes
from main.sweep import heartbeat as heartbeats
from main.sweep.errors import Interrupted, SweepFailed
from main.sweep.run import sweep


class Monitor(HTTPServer):
    """A real server that notes what it is asked for, and answers `status`."""

    status = 200

    def __init__(self):
        self.calls = []
        super().__init__(("127.0.0.1", 0), Answer)

    @property
    def url(self):
        return f"http://127.0.0.1:{self.server_port}/ping/a1"


class Answer(BaseHTTPRequestHandler):
    server: Monitor

    def do_GET(self):
        self.server.calls.append(self.path)
        self.send_response(self.server.status)
        self.end_headers()

    def log_message(self, *args):
        pass


@contextmanager
def serving(server):
    thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield
    finally:
        server.shutdown()
        thread.join()


@pytest.fixture
def monitor(settings):
    with Monitor() as server, serving(server):
        settings.HEARTBEAT_URL = server.url
        yield server


def test_a_sweep_tells_of_its_beginning_and_its_end(monitor, three_overdue):
    assert check_all_expired_referral_codes() == 3
    assert monitor.calls == ["/ping/a1/start", "/ping/a1"]


def test_a_sweep_that_stops_early_tells_of_its_failure(monitor, three_overdue):
    def stop(size):
        raise Interrupted("Stopped by a test.")

    with pytest.raises(SweepFailed):
        sweep(ExpirationRun.StartedBy.SHELL, on_batch=stop)
    assert monitor.calls == ["/ping/a1/start", "/ping/a1/fail"]


@pytest.mark.parametrize("status", [404, 500])
def test_a_monitor_that_refuses_is_told_and_stops_nothing(monitor, three_overdue, capsys, status):
    monitor.status = status
    assert check_all_expired_referral_codes() == 3
    told = capsys.readouterr().err.splitlines()
    assert [line.rpartition(":")[0] for line in told] == [
        f"Warning: HEARTBEAT_URL was not reached: HTTP Error {status}"
    ] * 2


def test_a_monitor_that_is_away_stops_nothing(settings, three_overdue, capsys):
    settings.HEARTBEAT_URL = "http://127.0.0.1:1/ping"
    assert check_all_expired_referral_codes() == 3
    assert capsys.readouterr().err.count("Warning: HEARTBEAT_URL was not reached: ") == 2


def test_a_monitor_that_never_answers_keeps_the_sweep_for_a_bounded_time(settings, three_overdue, monkeypatch):
    monkeypatch.setattr(heartbeats, "PATIENCE", 0.05)
    with HTTPServer(("127.0.0.1", 0), BaseHTTPRequestHandler) as silent:  # takes the connection, never looks at it
        settings.HEARTBEAT_URL = f"http://127.0.0.1:{silent.server_port}"
        assert check_all_expired_referral_codes() == 3


def test_without_an_address_nobody_is_called(three_overdue, monkeypatch):
    monkeypatch.setattr(heartbeats, "urlopen", None)
    assert check_all_expired_referral_codes() == 3
    assert not ReferralCode.objects.overdue().exists()
