"""The production server as an operator starts it, and what it believes of a request."""

import re
import socket
import subprocess
import sys
import time
from contextlib import contextmanager
from http.client import HTTPConnection

import pytest

from tests.conftest import PROJECT
from tests.patience import PATIENCE
from tests.processes.test_production_settings import PRODUCTION

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="gunicorn does not run on Windows")


@pytest.fixture
def environment(tmp_path, migrated):
    """No .env, a migrated database; nothing else is set."""
    return {
        "PATH": "/usr/bin:/bin",
        "HOME": str(tmp_path),
        "DATABASE_URL": f"sqlite:///{tmp_path}/db.sqlite3",
        "LOG_DIR": str(tmp_path / "logs"),
    }


@contextmanager
def gunicorn(environment, *options):
    """The server on a free port, until the block ends."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    command = [sys.executable, "-m", "gunicorn", "--bind", f"127.0.0.1:{port}", *options, "knossos.wsgi"]
    process = subprocess.Popen(command, cwd=PROJECT, env=environment, stderr=subprocess.PIPE, text=True)
    try:
        yield port, process
    finally:
        process.terminate()
        process.communicate(timeout=PATIENCE)


def ask(port, host, *, address="/sign-in/", method="GET", **headers):
    """The answer, once the server is up."""
    deadline = time.monotonic() + PATIENCE
    while True:
        connection = HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        try:
            connection.request(
                method, address,
                headers={"Host": host, "Connection": "close"} | {k.replace("_", "-"): v for k, v in headers.items()},
            )  # fmt: skip
            return connection.getresponse()
        except ConnectionRefusedError:
            assert time.monotonic() < deadline
            time.sleep(0.05)


def test_without_env_it_does_not_start_and_says_why(environment):
    with gunicorn(environment) as (_, process):
        _, errors = process.communicate(timeout=PATIENCE)
    assert process.returncode != 0
    assert "DEBUG is off and SECRET_KEY is not set" in errors


def test_debug_that_is_asked_for_is_given(environment):
    with gunicorn(environment | {"DEBUG": "on"}) as (port, _):
        assert ask(port, "localhost").status == 200


@pytest.mark.parametrize("address", ["/health/", "/sign-in/"])
def test_a_head_is_answered_without_a_body_and_without_a_complaint(environment, address):
    with gunicorn(environment | {"DEBUG": "on"}, "--log-level", "debug") as (port, process):
        answer = ask(port, "localhost", address=address, method="HEAD")
        assert (answer.status, answer.read()) == (200, b"")
        assert ask(port, "localhost", address=address).status == 200  # the server goes on
        process.terminate()
        _, log = process.communicate(timeout=PATIENCE)
    said = log.partition("Booting worker")[2]
    assert not re.search(r"\[(WARNING|ERROR|CRITICAL)\]|Traceback|ignored|error", said), said


def test_a_foreign_host_is_told_nothing(environment):
    with gunicorn(environment | {"SECRET_KEY": PRODUCTION["SECRET_KEY"]}) as (port, _):
        answer = ask(port, "evil.example.com", X_Forwarded_Proto="https")
        page = answer.read().decode()
    assert answer.status == 400
    assert "The request was not understood" in page
    assert "DATABASE" not in page


SAYS_HTTPS = [{"X_Forwarded_Proto": "https"}, {"X_Forwarded_Ssl": "on"}, {"X_Forwarded_Protocol": "ssl"}]


@pytest.mark.parametrize(("proxies", "statuses"), [("0", [301, 301, 301]), ("1", [200, 301, 301])])
def test_only_a_proxy_of_our_own_is_believed_that_a_request_came_by_https(environment, tmp_path, proxies, statuses):
    with gunicorn(environment | PRODUCTION | {"PROXIES": proxies}) as (port, _):
        assert [ask(port, "codes.example.com", **header).status for header in SAYS_HTTPS] == statuses
        assert ask(port, "codes.example.com").status == 301
        # Nor does it listen to orders in the home folder.
        assert not [path for path in tmp_path.rglob("*") if path.is_socket()]
