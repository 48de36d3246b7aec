"""The primary crashes in the middle of the work, and its standby takes over: what was told as done is there.

Held for synchronous replication, with what is lost when it is asynchronous beside it (docs/operations.md).
"""

import http.client
import os
import re
import shutil
import tempfile
import threading
import time
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlencode

import pytest

from main.sweep.errors import READ_ONLY
from tests.breakage.audit import assert_nothing_is_overdue, audit
from tests.breakage.test_database_breaks import UNREACHABLE
from tests.breakage.test_server_breaks import BIN
from tests.breakage.world import World, ended
from tests.checkout.shop import SETTINGS, Shop, make_token, server
from tests.operations.pair import Pair, ask
from tests.patience import PATIENCE, until

CODES = 30_000
ROWS = 10_000
NOT_KNOWN = "It is not known whether the codes were imported: run the command again, which says so."
CSRF = "c" * 32
SETTLE = """
from django.contrib.auth.models import User
from django.test import Client
from main.models import UserProfile
client = Client()
client.force_login(User.objects.create_superuser("olga"), "django.contrib.auth.backends.ModelBackend")
agent = UserProfile.objects.create(user=User.objects.create_user("john"), name="John Smith", role="agent")
print(client.session.session_key, agent.pk)
"""
# One edit as the page makes it, and what the page answers.
EDIT = """
from django.test import Client
from main.models import ReferralCode
code = ReferralCode.objects.get(code="LOST-1")
client = Client(headers={{"host": "127.0.0.1"}}, raise_request_exception=False)
client.cookies["__Host-sessionid"] = "{session}"
address = f"/profile/{{code.agent_id}}/codes/{{code.pk}}/edit/"
print(client.post(address, {{"code": code.code, "discount": "77"}}).status_code)
"""


@pytest.fixture(scope="module")
def pair():
    if not os.environ.get("DATABASE_URL", "").startswith("postgres"):
        pytest.skip("SQLite has no standby.")
    if BIN is None:
        pytest.skip("No PostgreSQL server is installed here.")
    folder = Path(tempfile.mkdtemp(prefix="knossos-pair-"))
    if os.geteuid() == 0:
        shutil.chown(folder, "postgres")
    both = Pair(folder)
    yield both
    both.stop()
    shutil.rmtree(folder)


class Installation(World):
    """One that reaches the database by the address of the pair, as staff and as a shop."""

    def __init__(self, url, folder):
        super().__init__(url, folder)
        self.env |= {"SECRET_KEY": SETTINGS["SECRET_KEY"]}

    def shell(self, text):
        code, output, errors = self.run("shell", "-v", "0", "-c", text)
        assert code == 0, errors
        return output.split()


@pytest.fixture(scope="module")
def settled(pair, tmp_path_factory):
    """Tables, a member of staff who has signed in, and an agent: the session and the agent's id."""
    world = Installation(pair.url, tmp_path_factory.mktemp("settled"))
    assert world.run("migrate", "-v", "0") == (0, "", "")
    return world.shell(SETTLE)


@pytest.fixture
def world(pair, settled, tmp_path):
    for table in ("checkout_redemption", "main_referralcode", "main_codeimport"):
        ask(pair.primary, f"DELETE FROM {table}")
    return Installation(pair.url, tmp_path)


@pytest.fixture
def synchronous(pair, world):
    pair.add_standby(synchronous=True)
    return pair


def test_in_the_middle_of_a_sweep(synchronous, world):
    world.seed(CODES)
    process = world.start("expire_referral_codes", "--batch-size", "100")
    world.wait_until("SELECT coalesce(max(expired_count), 0) > 1000 FROM main_expirationrun")
    synchronous.crash()
    code, output, errors = ended(process)
    assert (code, output) == (1, "")
    told = int(
        re.match(r"CommandError: Stopped early\. (\d+) codes were already expired and stay expired\.", errors)[1]
    )
    expired = {pk for (pk,) in ask(synchronous.primary, "SELECT id FROM main_referralcode WHERE status = 'inactive'")}
    assert 1000 < told <= len(expired) < CODES
    assert {pk for _, pk, _ in world.logged()} <= expired
    assert UNREACHABLE in errors

    synchronous.lead_to_the_new_primary()
    ((broken,),) = world.query("SELECT max(id) FROM main_expirationrun")
    assert world.sweep()[0] == 0
    assert world.query(f"SELECT state FROM main_expirationrun WHERE id = {broken}") == [("interrupted",)]
    audit(world, killed={broken})
    assert_nothing_is_overdue(world)


def test_in_the_middle_of_an_import(synchronous, world, tmp_path):
    file = tmp_path / "codes.csv"
    rows = "".join(f"NEW-{number},10,2090-01-01\n" for number in range(ROWS))
    file.write_text(f"code,discount,expires_at\n{rows}")
    process = world.start("import_codes", str(file))
    until(
        lambda: ask(
            synchronous.primary,
            "SELECT 1 FROM pg_stat_activity WHERE state = 'active' AND query LIKE 'INSERT INTO main_referralcode%'",
        ),
        "the statement that writes the codes",
    )
    synchronous.crash()
    code, output, errors = ended(process)
    assert (code, output) == (1, "")
    assert errors.startswith(f"CommandError: {NOT_KNOWN} {UNREACHABLE} (")
    assert ask(synchronous.primary, "SELECT count(*) FROM main_referralcode") == [(0,)]

    synchronous.lead_to_the_new_primary()
    code, output, errors = world.run("import_codes", str(file))
    assert (code, errors, f"Imported {ROWS} codes." in output) == (0, "", True)
    synchronous.add_standby(synchronous=True)
    (tmp_path / "more.csv").write_text("code,discount,expires_at\nLAST-10,10,2090-01-01\n")
    assert world.run("import_codes", str(tmp_path / "more.csv"))[0] == 0
    synchronous.crash()  # the moment after it was told
    assert ask(synchronous.primary, "SELECT count(*) FROM main_referralcode") == [(ROWS + 1,)]
    synchronous.lead_to_the_new_primary()


class Clerk:
    """Edits codes on the agent's page, one after the other, each until the page says that it is saved."""

    def __init__(self, port, session, agent):
        self._port, self._agent = port, agent
        self._headers = {
            "Cookie": f"__Host-sessionid={session}; __Host-csrftoken={CSRF}",
            "Content-Type": "application/x-www-form-urlencoded",
        }

    def edit(self, pk, name):
        connection = http.client.HTTPConnection("127.0.0.1", self._port, timeout=PATIENCE)
        body = urlencode({"code": name, "discount": "77", "csrfmiddlewaretoken": CSRF})
        try:
            connection.request("POST", f"/profile/{self._agent}/codes/{pk}/edit/", body, self._headers)
            return connection.getresponse().status
        finally:
            connection.close()


@contextmanager
def at_work(jobs, workers=3):
    """Threads that do each of `jobs` until it is done; gives what was told as done, and what was answered else."""
    told, answers, waiting = set(), set(), list(jobs)
    deadline = time.monotonic() + PATIENCE

    def work():
        while waiting:
            name, do = waiting.pop()
            while (status := do()) not in (201, 302):
                answers.add(status)
                assert time.monotonic() < deadline
                time.sleep(0.05)
            told.add(name)

    threads = [threading.Thread(target=work) for _ in range(workers)]
    for thread in threads:
        thread.start()
    try:
        yield told, answers
    finally:
        for thread in threads:
            thread.join()


def test_in_the_middle_of_edits(synchronous, world, settled):
    session, agent = settled
    ask(
        synchronous.primary,
        "INSERT INTO main_referralcode (code, agent_id, discount, status, created_at, updated_at)"
        f" SELECT 'C-' || n, {agent}, 10, 'active', now(), now() FROM generate_series(1, 60) n",
    )
    codes = world.query("SELECT id, code FROM main_referralcode")
    with server(world, workers=2) as port:
        clerk = Clerk(port, session, agent)
        with at_work([(name, lambda pk=pk, name=name: clerk.edit(pk, name)) for pk, name in codes]) as (told, answers):
            until(lambda: len(told) > 20, "edits")
            synchronous.crash()
            until(lambda: answers, "an answer that there is no database")
            edited = "SELECT code FROM main_referralcode WHERE discount = 77"
            there = {name for (name,) in ask(synchronous.primary, edited)}
            assert told <= there
            assert len(there) < len(codes)
            synchronous.lead_to_the_new_primary()
    assert answers == {503}
    assert told == {name for (name,) in world.query(edited)} == {name for _, name in codes}
    written = "SELECT count(DISTINCT object_repr) FROM django_admin_log WHERE object_repr LIKE 'C-%'"
    assert world.query(written) == [(len(codes),)]  # the history too


def test_in_the_middle_of_redemptions(synchronous, world):
    ask(
        synchronous.primary,
        "INSERT INTO main_referralcode (code, discount, status, created_at, updated_at)"
        " VALUES ('JOHNS-20', 20, 'active', now(), now())",
    )
    shop_token = make_token(world)
    with server(world, workers=2) as port:
        shop = Shop(port, shop_token)

        def redeem(order):
            """As a shop does: 200 says that an earlier try, whose answer was lost, did it."""
            status = shop.redeem(code="johns-20", order=order)[0]
            return 201 if status == 200 else status

        orders = [f"A-{number}" for number in range(400)]
        with at_work([(order, lambda order=order: redeem(order)) for order in orders]) as (told, answers):
            until(lambda: len(told) > 100, "orders")
            synchronous.crash()
            until(lambda: answers, "an answer that there is no database")
            redeemed = 'SELECT "order" FROM checkout_redemption'
            there = {order for (order,) in ask(synchronous.primary, redeemed)}
            assert told <= there
            assert len(there) < len(orders)
            synchronous.lead_to_the_new_primary()
    assert answers == {503}
    assert sorted(world.query(redeemed)) == sorted((order,) for order in orders)


def test_on_the_standby_everything_can_be_read_and_health_is_red(synchronous, world, settled, tmp_path):
    world.seed(10)
    until(
        lambda: ask(synchronous.standby, "SELECT count(*) FROM main_referralcode") == [(10,)],
        "what the standby shows",
    )
    reader = Installation(synchronous.standby.url, tmp_path / "reader")
    code, output, errors = reader.run("expiration_health")
    assert (code, errors, output.splitlines()[:2]) == (1, "", ["Not healthy.", f"  - {READ_ONLY}"])
    assert reader.run("expire_referral_codes", "--dry-run")[1].startswith("[DRY RUN] Would expire 10 referral code(s)")
    code, output, errors = reader.sweep()
    assert (code, output) == (1, "")
    assert errors.startswith(f"CommandError: {READ_ONLY} (cannot execute INSERT in a read-only transaction")
    assert errors.count("\n") == 1
    session, agent = settled
    with server(reader, workers=1) as port:
        status, health = Shop(port, "").ask("GET", "/health/")
        assert (status, health["problems"]) == (503, [READ_ONLY])
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
        connection.request("GET", f"/profile/{agent}/", headers={"Cookie": f"__Host-sessionid={session}"})
        assert connection.getresponse().status == 200
        ((pk,),) = world.query("SELECT min(id) FROM main_referralcode")
        world.query(f"UPDATE main_referralcode SET agent_id = {agent} WHERE id = {pk}")
        until(lambda: ask(synchronous.standby, f"SELECT agent_id FROM main_referralcode WHERE id = {pk}")[0][0], "it")
        assert Clerk(port, session, agent).edit(pk, "C-1") == 503


@pytest.fixture
def edit(pair, world, settled):
    """Begin the edit of a code, in a process of its own."""
    ask(
        pair.primary,
        "INSERT INTO main_referralcode (code, agent_id, discount, status, created_at, updated_at)"
        f" VALUES ('LOST-1', {settled[1]}, 10, 'active', now(), now())",
    )
    world.env |= SETTINGS
    return lambda: world.start("shell", "-v", "0", "-c", EDIT.format(session=settled[0]))


DISCOUNT = "SELECT discount FROM main_referralcode WHERE code = 'LOST-1'"


def test_a_synchronous_standby_that_hears_nothing_keeps_everybody_waiting_and_nothing_is_told(pair, edit):
    pair.add_standby(synchronous=True)
    pair.cut()
    process = edit()
    until(
        lambda: ask(pair.primary, "SELECT 1 FROM pg_stat_activity WHERE wait_event = 'SyncRep'"),
        "the commit that waits",
    )
    pair.crash()
    assert ended(process)[:2] == (0, "503\n")
    assert ask(pair.primary, DISCOUNT) == [(10,)]
    pair.lead_to_the_new_primary()


def test_an_asynchronous_standby_that_hears_nothing_lacks_what_was_told(pair, world, edit):
    """The contrary, and why operations.md says what each way of replication promises."""
    pair.add_standby(synchronous=False)
    pair.cut()
    assert ended(edit())[:2] == (0, "302\n")
    assert world.query(DISCOUNT) == [(77,)]
    pair.crash()
    assert ask(pair.primary, DISCOUNT) == [(10,)]
    pair.lead_to_the_new_primary()
