"""A mail server that keeps what it takes, as one must before it says so; and a bare loop that sends the same again.

python -m benchmarks.mail_server serve FOLDER [--write] [--delay MILLISECONDS]   # prints its port
python -m benchmarks.mail_server send FOLDER PORT         # the bare loop: what a server with --write has kept
"""

import argparse
import asyncio
import os
import smtplib
import socket
import time
from pathlib import Path
from typing import Any

from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP

MAIL_ENDS = b"\r\n.\r\n"
LINE = b"\r\n"


class Keeping:
    """Appends each mail to one file, and waits until the disk has it, before it says that it has taken the mail."""

    def __init__(self, folder: Path, *, write: bool) -> None:
        # A later round keeps its mails elsewhere: those of the first are what the bare loop sends.
        self.file = (folder / ("mails" if write else "again")).open("wb")
        self.count = folder / "count"
        self.taken = 0

    async def handle_DATA(self, server: Any, session: Any, envelope: Any) -> str:
        to = envelope.rcpt_tos[0].encode()
        self.file.write(envelope.mail_from.encode() + LINE + to + LINE + envelope.content + MAIL_ENDS)
        self.file.flush()
        os.fsync(self.file.fileno())
        self.taken += 1
        self.count.write_text(str(self.taken))
        return "250 OK"


class Server(Controller):
    """Answers each command after `delay` seconds, as a server at the other end of a network does."""

    def __init__(self, handler: Keeping, delay: float, **where: Any) -> None:
        self.delay = delay
        super().__init__(handler, **where)

    def factory(self) -> SMTP:
        return Session(self.handler, self.delay)


class Session(SMTP):
    def __init__(self, handler: Keeping, delay: float) -> None:
        self.delay = delay
        super().__init__(handler)

    async def push(self, status: Any) -> None:
        if self.delay:
            await asyncio.sleep(self.delay)
        await super().push(status)


def serve(folder: Path, *, write: bool, delay: float) -> None:
    """Serve until this process is ended."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    Server(Keeping(folder, write=write), delay, hostname="127.0.0.1", port=port).start()
    print(port, flush=True)
    while True:
        time.sleep(3600)


def send(folder: Path, port: int) -> None:
    """Send the bytes of each kept mail over one connection, one after the other; print how many."""
    count = 0
    with smtplib.SMTP("127.0.0.1", port) as server, (folder / "mails").open("rb") as file:
        lines: list[bytes] = []
        for line in file:
            lines.append(line)
            if line == b".\r\n":
                sender, to, *content = lines[:-1]
                server.sendmail(sender.decode().strip(), [to.decode().strip()], b"".join(content))
                lines, count = [], count + 1
    print(count)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("what", choices=["serve", "send"])
    parser.add_argument("folder", type=Path)
    parser.add_argument("port", type=int, nargs="?", default=0)
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--delay", type=float, default=0)
    options = parser.parse_args()
    if options.what == "serve":
        serve(options.folder, write=options.write, delay=options.delay / 1000)
    else:
        send(options.folder, options.port)


if __name__ == "__main__":
    main()
