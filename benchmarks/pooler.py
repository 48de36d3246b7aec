"""Starts a PgBouncer in transaction mode in front of the tests' server, and other clients that keep it busy."""

import os
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
from psycopg.conninfo import conninfo_to_dict

from benchmarks.databases import PostgreSQL
from benchmarks.measure import Process, in_turns, manage, ratio, run, seconds
from benchmarks.questions import SWEEP, Answer, Setting

PATIENCE = 30  # seconds
# All clients share two connections to the server, so a transaction rarely gets the connection of the last one.
INI = """
[databases]
* = host={host} port={port} user={user} {secret}
[pgbouncer]
listen_addr = 127.0.0.1
listen_port = {own_port}
unix_socket_dir =
auth_type = any
pool_mode = transaction
default_pool_size = 2
max_client_conn = 50
"""


@contextmanager
def pooler(url: str) -> Iterator[str]:
    """Give the address of `url`'s database behind a pooler. As root, it runs as postgres: PgBouncer refuses root."""
    server = {"host": "127.0.0.1", "port": "5432", "user": "postgres", **conninfo_to_dict(url)}
    secret = f"password={server['password']}" if "password" in server else ""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        own_port = free.getsockname()[1]
    with tempfile.TemporaryDirectory(prefix="knossos-pooler-") as folder:
        ini = Path(folder) / "pgbouncer.ini"
        ini.write_text(INI.format(**server, secret=secret, own_port=own_port))
        if os.geteuid() == 0:
            shutil.chown(folder, "postgres")
            shutil.chown(ini, "postgres")
        as_user = ["runuser", "-u", "postgres", "--"] if os.geteuid() == 0 else []
        process = subprocess.Popen([*as_user, "pgbouncer", "-q", str(ini)], stderr=subprocess.DEVNULL)
        behind = f"postgres://{server['user']}@127.0.0.1:{own_port}/{server['dbname']}"
        try:
            _wait_for(behind)
            yield behind
        finally:
            process.terminate()
            process.wait(PATIENCE)


def _wait_for(url: str) -> None:
    give_up = time.monotonic() + PATIENCE
    while True:
        try:
            psycopg.connect(url).close()
        except psycopg.OperationalError:
            if time.monotonic() > give_up:
                raise
        else:
            return


class Traffic(threading.Thread):
    """Another client of the pooler: short transactions, one after the other. `backends` are the servers it has met."""

    def __init__(self, url: str) -> None:
        super().__init__(daemon=True)
        self.url, self.stop = url, threading.Event()
        self.backends: set[int] = set()
        self.transactions = 0

    def run(self) -> None:
        with psycopg.connect(self.url, prepare_threshold=None) as connection:
            while not self.stop.is_set():
                with connection.transaction():
                    connection.execute("SET LOCAL lock_timeout = '1ms'")
                    connection.execute("SET LOCAL TimeZone = 'Asia/Kathmandu'")
                    ((backend, _),) = connection.execute(
                        "SELECT pg_backend_pid(), count(*) FROM main_expirationrun"
                    ).fetchall()
                self.backends.add(backend)
                self.transactions += 1


@contextmanager
def traffic(url: str, clients: int = 3) -> Iterator[list[Traffic]]:
    """Run so many other clients while the block runs."""
    others = [Traffic(url) for _ in range(clients)]
    for other in others:
        other.start()
    try:
        yield others
    finally:
        for other in others:
            other.stop.set()
        for other in others:
            other.join(PATIENCE)


def through_a_pooler(setting: Setting) -> Iterator[Answer]:
    """A sweep behind PgBouncer while other clients use it, against the sweep alone."""
    if not isinstance(setting.databases, PostgreSQL):
        return
    full = setting.seeded(1_000_000, 100_000)
    known: dict[str, object] = {}
    others = 3

    def behind_pooler() -> Process:
        setting.databases.create("run", full)
        with pooler(setting.databases.url("run")) as url, traffic(url, others):
            return run(manage(SWEEP), setting.databases.folder / "output.txt", url)

    runs = in_turns(
        setting.rounds,
        {
            "pooler": lambda: setting.same_codes(full, behind_pooler(), known),
            "alone": lambda: setting.same_codes(full, setting.afresh(full, SWEEP), known),
        },
    )
    yield Answer(
        f"sweep through PgBouncer, {others} other clients on its two connections, against the sweep alone",
        f"{seconds(runs['pooler']).text(unit=' s')} against {seconds(runs['alone']).text(unit=' s')}",
        ratio(runs["pooler"], runs["alone"]).text(),
        "",
    )
