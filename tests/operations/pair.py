"""A primary and its streaming standby, and an address that leads to whichever of them is the primary."""

import os
import shutil
import socket
import tempfile
import threading
from contextlib import suppress
from pathlib import Path

import psycopg

from tests.breakage.test_server_breaks import Server
from tests.patience import until


class Standby(Server):
    """Copies the server at `port`, and follows it until it is promoted."""

    def __init__(self, folder, port):
        self._take_a_place(folder)
        self._do("pg_basebackup", "-D", folder / "data", "-R", "-X", "stream", "--checkpoint=fast", "--no-sync",
                 "-d", f"host=127.0.0.1 port={port} user=postgres")  # fmt: skip
        self.start()

    def promote(self):
        self._do("pg_ctl", "-D", self.folder / "data", "-w", "promote")


class Pair:
    """What an operator has: two servers, and one address in DATABASE_URL."""

    def __init__(self, folder):
        self._folder = folder
        self.primary = Server(self._place())
        self.address = Address(self.primary.port)
        self.url = f"postgres://postgres@127.0.0.1:{self.address.port}/postgres"
        self.standby = self._link = None

    def add_standby(self, *, synchronous):
        """Begin to copy the primary. If it is synchronous, a commit is told when the standby has it too."""
        if self.standby:
            self._set_synchronous("")
            self._link.close()
            self.standby.stop("immediate")
        self._link = Address(self.primary.port)
        self.standby = Standby(self._place(), self._link.port)
        self._set_synchronous("*" if synchronous else "")
        state = "sync" if synchronous else "async"
        until(
            lambda: ask(self.primary, "SELECT state, sync_state FROM pg_stat_replication") == [("streaming", state)],
            "replication",
        )

    def _set_synchronous(self, names):
        ask(self.primary, f"ALTER SYSTEM SET synchronous_standby_names = '{names}'")
        ask(self.primary, "SELECT pg_reload_conf()")

    def cut(self):
        """The network between the two is gone."""
        self._link.close()

    def _place(self):
        folder = Path(tempfile.mkdtemp(dir=self._folder))
        if os.geteuid() == 0:  # PostgreSQL refuses to run as root
            shutil.chown(folder, "postgres")
        return folder

    def crash(self):
        """The primary is gone, from one instruction to the next; the standby takes its place. Nobody knows it yet."""
        self.primary.stop("immediate")
        self.standby.promote()
        self._link.close()
        shutil.rmtree(self.primary.folder)
        self.primary, self.standby = self.standby, None

    def lead_to_the_new_primary(self):
        self.address.lead_to(self.primary.port)

    def stop(self):
        self.address.close()
        if self.standby:
            self._link.close()
        for server in (self.standby, self.primary):
            if server:
                server.stop("immediate")


def ask(server, sql):
    with psycopg.connect(server.url, autocommit=True) as base:
        cursor = base.execute(sql)
        return cursor.fetchall() if cursor.description else []


class Address:
    """Passes connections on to a port that can change, as a virtual address or a load balancer does."""

    def __init__(self, target):
        self._target = target
        self._open = set()
        self._door = socket.create_server(("127.0.0.1", 0))
        self.port = self._door.getsockname()[1]
        threading.Thread(target=self._answer, daemon=True).start()

    def lead_to(self, target):
        """From now on to `target`; whoever is connected is cut off."""
        self._target = target
        for end in list(self._open):
            with suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def close(self):
        self._door.close()
        self.lead_to(0)

    def _answer(self):
        with suppress(OSError):
            while True:
                caller, _ = self._door.accept()
                threading.Thread(target=self._connect, args=(caller,), daemon=True).start()

    def _connect(self, caller):
        with caller, suppress(OSError), socket.create_connection(("127.0.0.1", self._target)) as server:
            self._open |= {caller, server}
            back = threading.Thread(target=_pass_on, args=(server, caller), daemon=True)
            back.start()
            _pass_on(caller, server)
            back.join()
            self._open -= {caller, server}


def _pass_on(source, target):
    """Until either end is closed; then close both ways."""
    with suppress(OSError):
        while data := source.recv(65536):
            target.sendall(data)
    for end in (source, target):
        with suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
