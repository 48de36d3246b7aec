"""Sending to a real SMTP server, whatever it does: nothing is lost, and nobody is written to without end."""

import sqlite3
import subprocess
import sys
import threading
import time
from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.core import mail as django_mail
from django.db import connection, connections
from django.utils import timezone

from main.codes.text import visible
from main.models import ReferralCode, UserProfile
from main.notices import contents, outbox, sending
from main.notices.models import Notice, Preference, Told
from tests.conftest import PROJECT
from tests.mail import send_mail_through
from tests.notices.conftest import make_older_code, make_reachable, ten_agents

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def agents(switched_on):
    return ten_agents()


def states():
    return dict(Notice.objects.order_by("user__username").values_list("user__username", "state"))


def next_day():
    """As if a day had gone by since everything that was done."""
    day = timedelta(days=1)
    for notice in Notice.objects.all():
        until = notice.claimed_until and notice.claimed_until - day
        Notice.objects.filter(pk=notice.pk).update(day=notice.day - day, claimed_until=until)


def test_each_agent_gets_one_mail_over_one_connection(agents, mail_server, send):
    assert send() == "Sent 10 notice(s).\n"
    assert mail_server.addresses == sorted(agent.user.email for agent in agents)
    assert set(mail_server.ids) == set(Notice.objects.filter(state="sent").values_list("message_id", flat=True))
    assert mail_server.connections == 1


def test_sent_again_there_is_nothing_left(agents, mail_server, send):
    send()
    assert send() == "Sent 0 notice(s).\n"
    next_day()
    assert send() == "Sent 0 notice(s).\n"
    assert len(mail_server.taken) == 10


def test_a_refused_address_is_marked_and_not_tried_again(agents, mail_server, send):
    mail_server.refused = {"agent3@example.com"}
    assert send() == (
        "Sent 9 notice(s).\n"
        "  - agent3@example.com was refused for good, and is not tried again: 550 5.1.1 No such person\n"
    )
    assert len(mail_server.taken) == 9
    assert states()["agent3"] == "refused"
    preference = Preference.objects.get(user__username="agent3")
    assert (preference.refused_address, preference.refusal) == ("agent3@example.com", "550 5.1.1 No such person")
    mail_server.refused = set()
    next_day()
    assert send() == "Sent 0 notice(s).\n"


def test_another_address_of_the_same_person_is_tried_and_told_what_the_first_was_not(agents, mail_server, send):
    mail_server.refused = {"agent3@example.com"}
    send()
    next_day()
    agents[3].user.email = "new@example.com"
    agents[3].user.save()
    assert send() == "Sent 1 notice(s).\n"
    assert "CODE-3" in mail_server.taken[-1].get_body(("plain",)).get_content()


def test_another_address_is_tried_on_the_same_day_by_the_notice_that_nobody_got(agents, mail_server, send):
    mail_server.refused = {"agent3@example.com"}
    send()
    assert send() == "Sent 0 notice(s).\n"
    refused = Notice.objects.get(state="refused")
    agents[3].user.email = "new@example.com"
    agents[3].user.save()
    assert send() == "Sent 1 notice(s).\n"
    assert mail_server.ids[-1] == refused.message_id
    assert states()["agent3"] == "sent"
    assert send() == "Sent 0 notice(s).\n"


def test_an_address_that_is_put_off_gets_the_same_notice_by_the_next_run(agents, mail_server, send):
    mail_server.put_off = {"agent3@example.com"}
    assert send() == (
        "exit 1: Not completed: 1 notice(s) wait for the next run. "
        "The mail server said of the last one: 451 4.2.0 <…> Come back later"
    )
    waiting = Notice.objects.get(state="waiting")
    assert not waiting.told.exists()
    mail_server.put_off = set()
    assert send() == "Sent 1 notice(s).\n"
    assert mail_server.ids[-1] == waiting.message_id
    assert len(set(mail_server.ids)) == 10


def test_what_counts_is_the_state_when_it_is_sent(agents, mail_server, send):
    make_older_code("SECOND", agent=agents[3], expires_at=timezone.now() + timedelta(days=1, hours=1))
    mail_server.put_off = {"agent3@example.com", "agent4@example.com"}
    send()
    mail_server.put_off = set()
    ReferralCode.objects.filter(code__in=["SECOND", "CODE-4"]).update(expires_at=timezone.now() + timedelta(days=99))
    assert send() == "Sent 1 notice(s).\n"
    text = mail_server.taken[-1].get_body(("plain",)).get_content()
    assert "CODE-3" in text
    assert "SECOND" not in text
    assert states()["agent4"] == "lapsed"


def test_a_server_that_hangs_is_left_after_the_timeout_and_tried_by_the_next_run(agents, mail_server, send, settings):
    mail_server.serve(settings, timeout=1)
    mail_server.hangs = {"agent3@example.com"}
    assert "1 notice(s) wait for the next run" in send()
    assert len(mail_server.taken) == 9
    unanswered = Notice.objects.get(state="sending")
    mail_server.hangs = set()
    mail_server.serve(settings)
    assert send() == "Sent 1 notice(s).\n"
    assert mail_server.ids[-1] == unanswered.message_id
    assert len(set(mail_server.ids)) == len(mail_server.ids) == 10


def test_a_server_that_hangs_for_everybody_ends_the_run(agents, mail_server, send, settings):
    mail_server.serve(settings, timeout=1)
    mail_server.hangs = {agent.user.email for agent in agents}
    assert send() == (
        "exit 1: Not completed: 10 notice(s) wait for the next run. "
        "The connection to the mail server broke 3 times in a row."
    )
    assert sorted(states().values()) == ["sending"] * 3 + ["waiting"] * 7
    mail_server.hangs = set()
    mail_server.serve(settings)
    assert send() == "Sent 10 notice(s).\n"


def test_a_server_that_hangs_up_in_the_middle_is_tried_by_the_next_run(agents, mail_server, send):
    mail_server.hangs_up = {"agent3@example.com"}
    assert "1 notice(s) wait for the next run" in send()
    mail_server.hangs_up = set()
    assert send() == "Sent 1 notice(s).\n"
    assert set(mail_server.ids) == set(Notice.objects.values_list("message_id", flat=True))


def test_a_mail_that_was_taken_without_a_word_comes_again_with_the_same_id(agents, mail_server, send):
    mail_server.hangs_up_after = {"agent3@example.com"}
    send()
    mail_server.hangs_up_after = set()
    assert send() == "Sent 1 notice(s).\n"
    copies = [mail for mail in mail_server.taken if mail["To"] == "agent3@example.com"]
    assert len(copies) > 1
    assert len({mail["Message-ID"] for mail in copies}) == 1


def test_one_that_may_have_arrived_and_is_put_off_then_still_says_the_same(agents, mail_server, send):
    mail_server.hangs_up_after = {"agent3@example.com"}
    send()
    mail_server.hangs_up_after, mail_server.put_off = set(), {"agent3@example.com"}
    send()
    mail_server.put_off = set()
    make_older_code("NEW", agent=agents[3], expires_at=timezone.now() + timedelta(days=5))
    send()
    copies = [mail for mail in mail_server.taken if mail["To"] == "agent3@example.com"]
    assert len({mail["Message-ID"] for mail in copies}) == 1
    assert len({mail.get_body(("plain",)).get_content() for mail in copies}) == 1


def test_a_server_that_is_away_costs_nothing_but_time(agents, mail_server, send, settings):
    mail_server.serve(settings, port=1)
    assert send().startswith(
        "exit 1: Not completed: 10 notice(s) wait for the next run. The mail server cannot be used: "
    )
    mail_server.serve(settings)
    assert send() == "Sent 10 notice(s).\n"
    assert len(set(mail_server.ids)) == 10


def test_a_content_that_is_refused_again_and_again_is_given_up(agents, mail_server, send):
    mail_server.spam = {"agent3@example.com"}
    for _ in range(2):
        assert "We do not like this" in send()
        assert states()["agent3"] == "waiting"
    assert "agent3@example.com was refused for good" in send()
    assert states()["agent3"] == "refused"


@pytest.mark.parametrize("address", ["a\nb@example.com", "zoë@example.com"])
def test_an_address_that_no_mail_can_carry_is_refused_and_the_others_go_on(agents, mail_server, send, address):
    agents[3].user.email = address
    agents[3].user.save()
    assert send().startswith(f"Sent 9 notice(s).\n  - {visible(address)} was refused for good")
    assert len(mail_server.taken) == 9


def test_a_domain_of_any_letters_is_carried(agents, mail_server, send):
    agents[3].user.email = "zoe@bücher.example"
    agents[3].user.save()
    assert send() == "Sent 10 notice(s).\n"
    assert "zoe@xn--bcher-kva.example" in mail_server.addresses


@pytest.mark.parametrize("gone", ["code", "account"])
def test_what_is_deleted_after_it_was_read_is_not_told_and_the_others_are(
    agents, mail_server, send, monkeypatch, gone
):
    def read_then_delete(*args):
        chapter = read(*args)
        if gone == "code":
            ReferralCode.objects.filter(code="CODE-3").delete()
        else:
            ReferralCode.objects.filter(code="CODE-3").update(agent=None)
            UserProfile.objects.filter(pk=agents[3].pk).delete()
            User.objects.filter(pk=agents[3].user.pk).delete()
        return chapter

    read = contents._read
    monkeypatch.setattr(contents, "_read", read_then_delete)
    assert send() == "Sent 9 notice(s).\n"
    assert "agent3@example.com" not in mail_server.addresses


def test_a_killed_sender_loses_nothing(agents, mail_server, send, monkeypatch):
    class Killed(BaseException):
        """As if the process ended: nothing after it runs."""

    def die(notice, address):
        raise Killed

    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(outbox, "mark_sent", die)
        patch.setattr(outbox, "give_back", lambda notices, said: None)
        sending.run()
    assert len(mail_server.taken) == 1
    assert send() == "Sent 0 notice(s).\n"  # while it may still be at work, nobody else sends these
    next_day()
    assert send() == "Sent 10 notice(s).\n"
    twice = mail_server.ids[0]
    assert sorted(mail_server.ids) == sorted([*Notice.objects.values_list("message_id", flat=True), twice])


def test_a_sender_killed_by_the_system_while_it_waits_for_the_server_loses_nothing(mail_server, manage, tmp_path):
    """A process of its own on a database of its own, killed for good in the middle of its fourth mail."""
    mail = {"EMAIL_URL": f"smtp://127.0.0.1:{mail_server.port}", "PYTHONPATH": str(PROJECT)}
    assert manage("migrate", "-v0").returncode == 0
    fill = "from tests.notices.conftest import ten_agents; from main.notices.models import SwitchedOn as S;"
    fill += "from django.utils import timezone as t; from datetime import timedelta as d;"
    fill += "S.objects.create(pk=1, at=t.now() - d(days=60)); ten_agents()"
    assert manage("shell", "-v0", "-c", fill, **mail).stderr == ""
    mail_server.hangs = {"agent3@example.com"}
    environment = {"DATABASE_URL": f"sqlite:///{tmp_path}/db.sqlite3", "PATH": "/usr/bin:/bin", **mail}
    sender = subprocess.Popen([sys.executable, str(PROJECT / "manage.py"), "send_notices"], env=environment)
    deadline = time.monotonic() + 60
    while not mail_server.waits and time.monotonic() < deadline:
        time.sleep(0.01)
    sender.kill()
    sender.wait()
    assert len(mail_server.taken) == 3

    mail_server.hangs = set()
    assert manage("send_notices", **mail).stdout == "Sent 0 notice(s).\n"  # they are claimed for an hour
    later = "from main.notices.models import Notice; from django.utils import timezone;"
    later += "Notice.objects.filter(state='sending').update(claimed_until=timezone.now())"
    manage("shell", "-v0", "-c", later)
    assert manage("send_notices", **mail).stdout == "Sent 7 notice(s).\n"
    assert mail_server.addresses == sorted(f"agent{number}@example.com" for number in range(10))
    assert len(set(mail_server.ids)) == 10


def test_a_repeated_notice_says_the_same_without_what_is_no_longer_so(agents, mail_server, send):
    make_older_code("SECOND", agent=agents[3], expires_at=timezone.now() + timedelta(days=1, hours=1))
    mail_server.hangs_up = {"agent3@example.com"}
    send()
    mail_server.hangs_up = set()
    ReferralCode.objects.filter(code="SECOND").update(expires_at=timezone.now() + timedelta(days=99))
    make_older_code("THIRD", agent=agents[3], expires_at=timezone.now() + timedelta(days=5))
    send()
    text = mail_server.taken[-1].get_body(("plain",)).get_content()
    assert [name in text for name in ("CODE-3", "SECOND", "THIRD")] == [True, False, False]
    next_day()
    send()
    assert "THIRD" in mail_server.taken[-1].get_body(("plain",)).get_content()


@pytest.mark.skipif(connection.vendor == "sqlite", reason="SQLite in memory is one connection's own")
def test_two_senders_at_once_send_each_mail_once(agents, mail_server, monkeypatch):
    monkeypatch.setattr(contents, "CHAPTER", 3)
    results = []

    def work():
        results.append(sending.run())
        connections.close_all()

    threads = [threading.Thread(target=work) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(result.sent for result in results) == 10
    assert len(set(mail_server.ids)) == len(mail_server.ids) == 10


def test_a_second_sender_leaves_what_the_first_has_claimed(agents, mail_server):
    def send_in_between(mail):
        if not others:
            others.append(sending.run())

    others = []
    assert sending.run(on_mail=send_in_between).sent == 10
    assert others[0].sent == 0
    assert len(mail_server.taken) == 10


def test_asked_to_stop_it_gives_back_what_was_not_sent(agents, mail_server, send):
    class Stop(Exception):
        pass

    def stop():
        if len(mail_server.taken) == 4:
            raise Stop

    with pytest.raises(Stop):
        sending.run(stop_if_asked=stop)
    assert sorted(states().values()) == ["sent"] * 4 + ["waiting"] * 6
    assert send() == "Sent 6 notice(s).\n"
    assert len(set(mail_server.ids)) == 10


@pytest.mark.skipif(connection.vendor != "sqlite", reason="PostgreSQL takes any number of parameters")
@pytest.mark.parametrize("status", ["active", "inactive"])
def test_an_agent_may_have_more_codes_than_a_statement_takes_parameters(anna, switched_on, mail_server, send, status):
    now = timezone.now()
    ends = now - timedelta(days=1) if status == "active" else None
    several = (ReferralCode(code=f"CODE-{n}", agent=anna, status=status, expires_at=ends) for n in range(1200))
    ReferralCode.objects.bulk_create(several)
    ReferralCode.objects.update(created_at=now - timedelta(days=365), updated_at=now)
    most = connection.connection.setlimit(sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER, 999)
    assert send() == "Sent 1 notice(s).\n"
    assert Told.objects.count() == 1200
    connection.connection.setlimit(sqlite3.SQLITE_LIMIT_VARIABLE_NUMBER, most)


def test_other_backends_work_too(agents, settings, send):
    send_mail_through(settings, "django.core.mail.backends.locmem.EmailBackend")
    assert send() == "Sent 10 notice(s).\n"
    assert len(django_mail.outbox) == 10


def test_what_was_told_is_written_down_code_by_code(agents, mail_server, send):
    make_reachable("Eve Without")
    send()
    assert list(Told.objects.order_by("code__code").values_list("code__code", "kind"))[:2] == [
        ("CODE-0", "stopping"), ("CODE-1", "stopping"),
    ]  # fmt: skip
    assert Told.objects.count() == 10
