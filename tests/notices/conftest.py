"""A mail server that takes, refuses, puts off, hangs and hangs up; an agent with an address; a clock to move."""

import email
import email.policy
import socket
import threading
from datetime import timedelta

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP
from django.core.management import CommandError
from django.utils import timezone

from main.models import ReferralCode
from main.notices.models import SwitchedOn
from tests import mail
from tests.conftest import make_agent, make_code


class MailServer(Controller):
    """Keeps what it took. Whoever is named in one of the sets gets that treatment."""

    def __init__(self):
        self.taken = []
        self.refused = set()
        self.spam = set()  # refused once their content was read
        self.put_off = set()
        self.hangs = set()
        self.hangs_up = set()  # in the middle of DATA
        self.hangs_up_after = set()  # once the mail is taken, before it says so
        self.connections = 0
        self.waits = False  # somebody waits for an answer that does not come
        self.let_go = threading.Event()
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        super().__init__(self, hostname="127.0.0.1", port=port)

    def factory(self):
        self.connections += 1
        return Session(self, enable_SMTPUTF8=True)

    @property
    def ids(self):
        return [str(mail["Message-ID"]) for mail in self.taken]

    @property
    def addresses(self):
        return sorted(str(mail["To"]) for mail in self.taken)

    async def handle_RCPT(self, server, session, envelope, address, options):
        if address in self.refused:
            return "550 5.1.1 No such person"
        if address in self.put_off:
            return f"451 4.2.0 <{address}> Come back later"  # servers like to repeat the address
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server, session, envelope):
        (address,) = envelope.rcpt_tos
        if address in self.spam:
            return "554 5.7.1 We do not like this"
        if address in self.hangs:
            self.waits = True
            await server.loop.run_in_executor(None, self.let_go.wait, 60)
            return "421 4.4.2 Too late"
        self.taken.append(email.message_from_bytes(envelope.content, policy=email.policy.default))
        if address in self.hangs_up_after:
            server.transport.abort()
        return "250 OK"

    def serve(self, settings, **options):
        """Have mail sent through this server."""
        ours = {"host": self.hostname, "port": self.port, "timeout": 30}
        mail.send_mail_through(settings, mail.SMTP, **ours | options)


class Session(SMTP):
    async def smtp_DATA(self, arg):
        if set(self.envelope.rcpt_tos) & self.event_handler.hangs_up:
            await self.push("354 Go on")
            self.transport.abort()
            return
        await super().smtp_DATA(arg)


@pytest.fixture
def mail_server(settings):
    server = MailServer()
    server.start()
    server.connections = 0  # the first was its own, to see that it runs
    server.serve(settings)
    yield server
    server.let_go.set()
    server.stop()


@pytest.fixture
def switched_on(db):
    """Notices have been sent for two months."""
    return SwitchedOn.objects.create(pk=1, at=timezone.now() - timedelta(days=60))


def make_reachable(name, **user):
    """An agent with the address first-name@example.com."""
    first = name.split(maxsplit=1)[0].lower()
    return make_agent(name, **{"email": f"{first}@example.com", **user})


@pytest.fixture
def anna(db):
    return make_reachable("Anna Berg")


def make_older_code(code, **fields):
    """A code made a year ago."""
    made = make_code(code, **fields)
    year_ago = timezone.now() - timedelta(days=365)
    ReferralCode.objects.filter(pk=made.pk).update(created_at=year_ago, updated_at=year_ago)
    made.refresh_from_db()
    return made


def ten_agents():
    """Each with a code that stops in three days."""
    agents = [make_reachable(f"Agent{number} Number") for number in range(10)]
    for number, agent in enumerate(agents):
        make_older_code(f"CODE-{number}", agent=agent, discount=10, expires_at=timezone.now() + timedelta(days=3))
    return agents


@pytest.fixture
def send(run_command):
    """Send notices; return what was printed, and after a failure the sentence that explains it."""

    def run(*args, **options):
        try:
            return run_command("send_notices", *args, **options)
        except CommandError as error:
            return f"exit {error.returncode}: {error}"

    return run
