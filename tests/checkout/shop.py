"""A real server of the API, and a shop that asks it over HTTP and repeats what was not answered."""

import http.client
import json
import socket
import subprocess
import sys
import time
from contextlib import contextmanager

from tests.breakage.world import PATIENCE, PROJECT

# As of production, but without HTTPS, and with a rate that no test reaches.
SETTINGS = {
    "DEBUG": "off", "SECRET_KEY": "s" * 60, "SECURE_SSL_REDIRECT": "off", "ALLOWED_HOSTS": "127.0.0.1",
    "API_TOKEN_RATE": "1000000 per minute", "PYTHONWARNINGS": "default",
}  # fmt: skip


@contextmanager
def server(world, workers=2, **env):
    """Gunicorn on a free port, whose number is given, until the block ends."""
    port = free_port()
    process = start(world, port, workers, **env)
    try:
        yield port
    finally:
        process.terminate()
        process.wait(timeout=PATIENCE)


def free_port():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return int(free.getsockname()[1])


def start(world, port, workers=2, **env):
    """Gunicorn, answering."""
    process = subprocess.Popen(
        [
            sys.executable, "-m", "gunicorn", "--no-control-socket", "--workers", str(workers),
            "--bind", f"127.0.0.1:{port}", "--log-level", "error", "knossos.wsgi",
        ],
        cwd=PROJECT, env={**world.env, **SETTINGS, **env},
    )  # fmt: skip
    shop = Shop(port, "")
    deadline = time.monotonic() + PATIENCE
    while shop.ask("GET", "/health/")[0] == 0:
        assert time.monotonic() < deadline, "the server does not answer"
        time.sleep(0.05)
    return process


class Shop:
    """Asks for one answer at a time, over a new connection; status 0 where there was none."""

    def __init__(self, port, token):
        self.port, self.token = port, token

    def ask(self, method, address, body=None):
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        headers = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        try:
            connection.request(method, address, None if body is None else json.dumps(body), headers)
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())
        except (OSError, http.client.HTTPException, ValueError):
            return 0, None
        finally:
            connection.close()

    def check(self, code, customer=None):
        body = {"code": code} if customer is None else {"code": code, "customer": customer}
        return self.ask("POST", "/api/v1/codes/check", body)[1]

    def redeem(self, **order):
        return self.ask("POST", "/api/v1/redemptions", order)

    def until_answered(self, method, address, body=None):
        """As a shop would: once more, until there is an answer that is not of an error of ours."""
        deadline = time.monotonic() + PATIENCE
        while True:
            status, answer = self.ask(method, address, body)
            if 0 < status < 500:
                return status, answer
            assert time.monotonic() < deadline, f"{method} {address} is never answered"
            time.sleep(0.05)


def make_token(world, *rights):
    code, out, err = world.run("create_api_token", "shop", "--rights", *(rights or ("check", "redeem")))
    assert code == 0, err
    return out.splitlines()[-1]
