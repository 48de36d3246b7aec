"""The questions about the checkout, each answered by contenders that take turns within a process or a server."""

import json
import os
import re
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, NamedTuple
from urllib.request import urlopen

from benchmarks.measure import PRODUCTION, PROJECT, manage, spread
from benchmarks.questions import SWEEP, Answer, Setting

CROWD = 8
AFTER_ITS_END = """SELECT count(*) FROM checkout_redemption r JOIN main_referralcode c ON c.id = r.code_id
WHERE coalesce(r.promised_at, r.redeemed_at) >= c.expires_at"""


def check(setting: Setting) -> Iterator[Answer]:
    """`check_code` against one indexed SELECT, and over growing tables."""
    databases = {codes: setting.seeded(codes, 0) for codes in (10_000, 1_000_000, 10_000_000)}
    told: dict[int, dict[str, list[float]]] = {codes: {"select": [], "right": [], "wrong": []} for codes in databases}
    for _ in range(setting.rounds):
        for codes, name in databases.items():
            for contender, microseconds in _told(setting, name, "check").items():
                told[codes][contender] += microseconds
    small, *_ = databases
    for codes, times in told.items():
        number, right = f"{setting.codes(codes):,}", times["right"]
        measured = f"{spread(right).text(0, ' µs')} against {spread(times['select']).text(0, ' µs')}"
        ratio = _ratio(right, times["select"])
        yield Answer(f"`check_code` among {number}, against one SELECT", measured, ratio, "2.0")
        yield Answer(f"a wrong code among {number}, against a right one", "", _ratio(times["wrong"], right), "1.0")
        if codes > small:
            growth = _ratio(right, told[small]["right"])
            yield Answer(f"`check_code` among {number}, against {setting.codes(small):,}", "", growth, "1.2")


def redeem(setting: Setting) -> Iterator[Answer]:
    """`redeem` against a bare INSERT of the same row, and eight processes on one code."""
    template = setting.seeded(10_000, 0)
    setting.databases.create("run", template)
    told = _told(setting, "run", "redeem", str(setting.rounds))
    times = f"{spread(told['redeem']).text(0, ' µs')} against {spread(told['insert']).text(0, ' µs')}"
    yield Answer("`redeem`, against a bare INSERT", times, _ratio(told["redeem"], told["insert"]), "2.5")
    orders = max(setting.codes(500), 20)
    crowd = [_start(setting, "run", "crowd", str(number), str(orders)) for number in range(CROWD)]
    for process in crowd:
        assert process.stdout
        assert process.stdout.readline() == "ready\n"
    for process in crowd:
        assert process.stdin
        process.stdin.close()  # all at once
    told_by_each = [_end(process) for process in crowd]
    milliseconds = [time for told in told_by_each for time in told["milliseconds"]]
    twice = setting.databases.query("run", "SELECT count(*) FROM checkout_redemption WHERE shop = 'crowd'")[0][0]
    assert twice == CROWD * orders, "an order was redeemed twice, or lost"
    failed = sum(told["failed"] for told in told_by_each)
    yield Answer(
        f"{CROWD} processes redeem one code at once ({len(milliseconds):,} orders)",
        _within(milliseconds), f"{failed} failed", "99 % within 250 ms, none fails",
    )  # fmt: skip


def over_http(setting: Setting) -> Iterator[Answer]:
    """The check of the API, against a view of the same server that makes one SELECT and answers JSON."""
    setting.databases.create("run", setting.seeded(10_000, 0))
    token = _line(setting, "create_api_token", "shop")
    rates, slowest = [], []
    shown: list[tuple[Load, Load]] = []
    with _server(setting) as address:
        for _ in range(setting.rounds):
            view = _wrk(setting, f"{address}/select/", token)
            api = _wrk(setting, f"{address}/api/v1/codes/check", token)
            shown.append((api, view))
            rates.append(api.requests / view.requests)
            slowest.append(api.p99 / view.p99)
    requests = [spread([pair[which].requests for pair in shown]).text(0, " a second") for which in (0, 1)]
    waits = [spread([pair[which].p99 for pair in shown]).text(0, " ms") for which in (0, 1)]
    failed = sum(api.failed for api, _ in shown)
    yield Answer(
        "the check over HTTP, against a view with one SELECT", " against ".join(requests),
        f"{spread(rates).text()}, {failed} failed", "0.7 or more",
    )  # fmt: skip
    yield Answer("the same, 99 % within", " against ".join(waits), spread(slowest).text(), "1.5")


def during_a_sweep(setting: Setting) -> Iterator[Answer]:
    """Checks and redemptions while 100,000 codes are expired."""
    template = setting.seeded(1_000_000, 100_000)
    milliseconds: list[float] = []
    failed = redeemed = 0
    for _ in range(setting.rounds):
        setting.databases.create("run", template)
        shops = [_start(setting, "run", "traffic", str(number)) for number in range(2)]
        for shop in shops:
            assert shop.stdout
            assert shop.stdout.readline() == "ready\n"
        setting.databases.run("run", SWEEP)
        for shop in shops:
            assert shop.stdin
            shop.stdin.close()
            told = _end(shop)
            milliseconds += told["milliseconds"]
            failed += told["failed"]
            redeemed += told["redeemed"]
        assert setting.databases.query("run", AFTER_ITS_END) == [(0,)], "a code was redeemed after its end"
    yield Answer(
        f"checks while a sweep of {setting.codes(100_000):,} runs ({len(milliseconds):,}; {redeemed:,} redemptions)",
        _within(milliseconds), f"{failed} failed, none redeemed after its end", "99 % within 50 ms, none fails",
    )  # fmt: skip


def _ratio(values: list[float], others: list[float]) -> str:
    return spread([value / other for value, other in zip(values, others, strict=True)]).text()


def _within(milliseconds: list[float]) -> str:
    p99 = statistics.quantiles(milliseconds, n=100)[98]
    return (
        f"99 % within {p99:.1f} ms, half within {statistics.median(milliseconds):.1f} ms, "
        f"longest {max(milliseconds):.0f} ms"
    )


def _environment(setting: Setting, name: str) -> dict[str, str]:
    return {
        **os.environ, **PRODUCTION, "DATABASE_URL": setting.databases.url(name), "PYTHONPATH": str(PROJECT),
        "LOG_DIR": str(setting.databases.folder / "logs"), "ALLOWED_HOSTS": "127.0.0.1",
        "SECURE_SSL_REDIRECT": "off", "API_TOKEN_RATE": "100000000 per minute",
    }  # fmt: skip


def _start(setting: Setting, name: str, *arguments: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        manage("checkout", *arguments), cwd=PROJECT, env=_environment(setting, name), text=True,
        stdin=subprocess.PIPE, stdout=subprocess.PIPE,
    )  # fmt: skip


def _end(process: subprocess.Popen[str]) -> dict[str, Any]:
    assert process.stdout
    told: dict[str, Any] = json.loads(process.stdout.read())
    assert process.wait() == 0
    return told


def _told(setting: Setting, name: str, *arguments: str) -> dict[str, Any]:
    process = _start(setting, name, *arguments)
    assert process.stdin
    process.stdin.close()
    return _end(process)


def _line(setting: Setting, *arguments: str) -> str:
    """The last line that a command prints."""
    done = subprocess.run(
        manage(*arguments), cwd=PROJECT, env=_environment(setting, "run"), check=True, capture_output=True, text=True
    )
    return done.stdout.splitlines()[-1]


@contextmanager
def _server(setting: Setting) -> Iterator[str]:
    """Gunicorn with a worker for each core, with a view beside the API that makes one SELECT."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        address = f"127.0.0.1:{free.getsockname()[1]}"
    process = subprocess.Popen(
        [
            sys.executable, "-m", "gunicorn", "--no-control-socket", "--workers", str(os.cpu_count()),
            "--bind", address, "--log-level", "error", "benchmarks.wsgi",
        ],
        cwd=PROJECT, env=_environment(setting, "run"),
    )  # fmt: skip
    try:
        for _ in range(600):
            try:
                urlopen(f"http://{address}/health/", timeout=5).close()
                break
            except OSError:
                time.sleep(0.1)
        yield f"http://{address}"
    finally:
        process.terminate()
        process.wait()


class Load(NamedTuple):
    """What `wrk` measured: requests a second, milliseconds within which 99 % were answered, and failures."""

    requests: float
    p99: float
    failed: int


def _wrk(setting: Setting, address: str, token: str) -> Load:
    script = Path(setting.databases.folder / "check.lua")
    script.write_text(
        'wrk.method = "POST"\nwrk.body = \'{"code": "code-000000042", "customer": "c-1"}\'\n'
        f'wrk.headers["Content-Type"] = "application/json"\nwrk.headers["Authorization"] = "Bearer {token}"\n'
    )
    seconds = max(round(setting.size * 5), 1)
    command = ["wrk", "-t1", "-c4", f"-d{seconds}s", "--latency", "-s", str(script), address]
    text = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    units = {"us": 0.001, "ms": 1, "s": 1000}
    [(p99, unit)] = re.findall(r"99%\s+([\d.]+)(us|ms|s)", text)
    [requests] = re.findall(r"Requests/sec:\s+([\d.]+)", text)
    failed = sum(map(int, re.findall(r"(?:Non-2xx or 3xx responses|connect|read|write|timeout):? (\d+)", text)))
    return Load(float(requests), float(p99) * units[unit], failed)
