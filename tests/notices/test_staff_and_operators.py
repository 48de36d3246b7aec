"""The morning's summary for staff, and what the operators are told."""

import smtplib
from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission, User

from main.models import ExpirationRun
from main.notices import contents, outbox, sending, wishes
from main.notices.models import Alarm, Notice, Preference
from main.sweep.run import sweep
from tests.conftest import NOW
from tests.notices.conftest import make_older_code, make_reachable
from tests.staff import make_run, make_staff

DAY = timedelta(days=1)
pytestmark = pytest.mark.usefixtures("clock", "switched_on")


@pytest.fixture
def anna(db):
    return make_reachable("Anna Berg")


@pytest.fixture
def reader(db):
    """A member of staff who asked for the summary and may see the codes."""
    user = User.objects.create_user("mona", email="mona@example.com", is_staff=True)
    user.user_permissions.set(Permission.objects.filter(codename="view_referralcode"))
    Preference.objects.create(user=user, wants_summary=True)
    return user


def summaries(mailoutbox):
    return [mail for mail in mailoutbox if mail.to == ["mona@example.com"]]


def test_the_summary_says_what_ended_what_ends_and_what_waits(reader, anna, mailoutbox):
    make_older_code("LAST-NIGHT", agent=anna, expires_at=NOW - timedelta(hours=2))
    make_older_code("HOUSE", expires_at=NOW - timedelta(hours=1))
    make_older_code("YESTERDAY", agent=anna, expires_at=NOW - 2 * DAY)
    code = make_older_code("THIS-WEEK", agent=anna, expires_at=NOW + 5 * DAY)
    make_older_code("LATER", agent=anna, expires_at=NOW + 8 * DAY)
    wishes.ask(code, anna, "Please")
    sending.run()
    (mail,) = summaries(mailoutbox)
    assert mail.subject == "Referral codes: 2 ended, 1 ending this week, 1 asked for"
    assert mail.body.split("\n\nThe admin")[0] == (
        "Hello mona,\n\n"
        "WISHES THAT WAIT (1)\n\n* THIS-WEEK, Anna Berg: Please\n"
        "  Answer them: http://127.0.0.1:8000/admin/notices/wish/?state=waiting\n\n"
        "ENDED SINCE THE LAST SUMMARY (2)\n\n"
        "* LAST-NIGHT (Anna Berg): end of 20 Nov 2026 UTC\n* HOUSE (of the house): 21 Nov 2026, 01:00 UTC\n\n"
        "ENDING THIS WEEK (1)\n\n* THIS-WEEK (Anna Berg): 26 Nov 2026, 02:00 UTC"
    )


def test_the_next_summary_goes_back_to_the_last(reader, anna, mailoutbox, clock):
    make_older_code("FIRST", agent=anna, expires_at=NOW - timedelta(hours=2))
    sending.run()
    make_older_code("SECOND", agent=anna, expires_at=NOW + DAY)
    clock.move_to(NOW + 3 * DAY)
    sending.run()
    last = summaries(mailoutbox)[-1].body
    assert "SECOND" in last
    assert "FIRST" not in last


def test_what_ends_while_the_summary_is_on_its_way_is_in_the_next(reader, anna, mailoutbox, clock):
    make_older_code("FIRST", agent=anna, expires_at=NOW - timedelta(hours=2))
    make_older_code("MEANWHILE", agent=anna, expires_at=NOW + timedelta(minutes=1))
    letters = contents.to_staff(NOW - DAY)
    (mail,) = next(letters)
    clock.move_to(NOW + timedelta(minutes=2))
    outbox.mark_sent(mail.notice, *mail.to)
    clock.move_to(NOW + DAY)
    sending.run()
    (summary,) = summaries(mailoutbox)
    assert "MEANWHILE" in summary.body
    assert "FIRST" not in summary.body


def test_nothing_to_say_is_no_mail_and_one_a_day_is_enough(reader, anna, mailoutbox, clock):
    sending.run()
    assert not mailoutbox
    make_older_code("CODE", agent=anna, expires_at=NOW + 5 * DAY)
    sending.run()
    sending.run()
    assert len(summaries(mailoutbox)) == 1


@pytest.mark.parametrize(
    "change",
    [
        lambda reader: reader.user_permissions.clear(),
        lambda reader: User.objects.update(is_staff=False),
        lambda reader: User.objects.update(is_active=False),
        lambda reader: Preference.objects.update(wants_summary=False),
        lambda reader: User.objects.update(email=""),
    ],
)
def test_who_gets_no_summary(reader, change, mailoutbox):
    make_older_code("CODE", expires_at=NOW + 5 * DAY)
    change(reader)
    sending.run()
    assert not mailoutbox


def test_a_reader_who_is_an_agent_gets_both(reader, mailoutbox):
    agent = make_reachable("Ben Both", is_staff=True)
    agent.user.user_permissions.set(Permission.objects.filter(codename="view_referralcode"))
    Preference.objects.create(user=agent.user, wants_summary=True)
    make_older_code("CODE", agent=agent, expires_at=NOW - DAY / 2)
    sending.run()
    assert sorted(mail.subject for mail in mailoutbox if mail.to == ["ben@example.com"]) == [
        "CODE has ended", "Referral codes: 1 ended, 0 ending this week",
    ]  # fmt: skip


def test_a_summary_that_waits_with_nothing_left_to_say_is_closed(reader, mailoutbox):
    Notice.objects.create(user=reader, kind="staff", day=NOW - DAY, message_id="<1@x>", state="waiting", made_at=NOW)
    sending.run()
    assert (Notice.objects.get().state, len(mailoutbox)) == ("lapsed", 0)


@pytest.fixture
def operators(settings):
    settings.ADMINS = [("", "ops@example.com"), ("", "night@example.com")]


@pytest.fixture
def swept(db):
    return make_run(NOW)


@pytest.mark.usefixtures("operators")
class TestOperators:
    def mails(self, mailoutbox):
        return [(mail.subject, mail.body) for mail in mailoutbox if "ops@example.com" in mail.to]

    def test_all_is_well_and_nobody_is_told(self, swept, mailoutbox):
        sending.run()
        assert not mailoutbox

    def test_a_run_that_failed_is_told_once_and_once_more_when_it_is_well(self, mailoutbox, clock, swept):
        make_run(NOW + timedelta(minutes=1), state="failed")
        clock.move_to(NOW + timedelta(hours=1))
        sending.run()
        sending.run()
        (subject, body), *rest = self.mails(mailoutbox)
        assert not rest
        assert subject == "Referral codes need attention"
        assert "* The last sweep did not complete." in body
        assert mailoutbox[0].to == ["ops@example.com", "night@example.com"]
        sweep(ExpirationRun.StartedBy.COMMAND)
        sending.run()
        sending.run()
        assert [subject for subject, _ in self.mails(mailoutbox)] == [
            "Referral codes need attention", "Referral codes are well again",
        ]  # fmt: skip
        assert not Alarm.objects.exists()

    def test_a_dry_run_shows_it_and_tells_nobody(self, swept, mailoutbox, send):
        make_run(NOW + timedelta(minutes=1), state="failed")
        assert send(dry_run=True) == (
            "[DRY RUN] Would send 1 notice(s):\n"
            "  - ops@example.com, night@example.com: Referral codes need attention\n"
        )
        assert not mailoutbox
        assert not Alarm.objects.exists()

    @pytest.mark.parametrize(("hours", "told"), [(25.9, False), (26, True)])
    def test_no_completed_run_for_so_many_hours(self, swept, mailoutbox, clock, hours, told):
        clock.move_to(NOW + timedelta(hours=hours))
        sending.run()
        assert bool(mailoutbox) == told
        if told:
            assert "* No sweep has completed for too long." in mailoutbox[0].body

    def test_a_refused_address_is_told(self, swept, mailoutbox, anna):
        Preference.objects.create(user=anna.user, refused_address=anna.user.email, refused_at=NOW)
        sending.run()
        assert "* Some notices could not be sent." in mailoutbox[0].body
        Preference.objects.update(refused_address="")
        sending.run()
        assert mailoutbox[1].subject == "Referral codes are well again"

    def test_a_mail_to_them_that_is_not_taken_is_tried_again(self, mailoutbox, monkeypatch, swept):
        make_run(NOW + timedelta(minutes=1), state="failed")
        with monkeypatch.context() as patch:
            patch.setattr("django.core.mail.backends.locmem.EmailBackend.send_messages", _put_off)
            assert sending.run().waiting == 1
        assert not Alarm.objects.exists()
        sending.run()
        assert len(self.mails(mailoutbox)) == 1
        assert Notice.objects.get(kind="operators").state == "sent"

    def test_one_that_waits_with_nothing_left_to_say_is_closed(self, mailoutbox, monkeypatch, swept):
        make_run(NOW + timedelta(minutes=1), state="failed")
        with monkeypatch.context() as patch:
            patch.setattr("django.core.mail.backends.locmem.EmailBackend.send_messages", _put_off)
            sending.run()
        make_run(NOW + timedelta(minutes=2))
        sending.run()
        assert (Notice.objects.get().state, len(mailoutbox)) == ("lapsed", 0)


def _put_off(self, messages):
    raise smtplib.SMTPDataError(451, b"Later")


def test_without_operators_nobody_is_told(settings, db, mailoutbox):
    settings.ADMINS = []
    make_run(NOW, state="failed")
    sending.run()
    assert not mailoutbox


def test_the_address_on_the_page_of_the_agent_in_the_admin(anna, admin_client):
    Preference.objects.create(
        user=anna.user, refused_address="anna@example.com", refusal="550 No such person", refused_at=NOW
    )
    page = admin_client.get(f"/admin/main/userprofile/{anna.pk}/change/").content.decode()
    assert "Mail to anna@example.com was refused" in page
    assert "550 No such person" in page
    User.objects.filter(pk=anna.user.pk).update(email="new@example.com")
    assert "refused" not in admin_client.get(f"/admin/main/userprofile/{anna.pk}/change/").content.decode()


def test_staff_let_a_refused_address_be_tried_again(anna, admin_client):
    make_older_code("CODE", agent=anna, expires_at=NOW)
    Preference.objects.create(user=anna.user, refused_address="anna@example.com", refused_at=NOW)
    notice = Notice.objects.create(
        user=anna.user, kind="agent", day=NOW - DAY, message_id="<1@x>", state="refused", made_at=NOW
    )
    assert sending.run().sent == 0
    admin_client.post("/admin/notices/notice/", {"action": "try_again", "_selected_action": [notice.pk]})
    assert sending.run().sent == 1


def test_notices_name_codes_so_only_those_who_may_view_codes_see_them(anna, client):
    notice = Notice.objects.create(
        user=anna.user, kind="agent", day=NOW - DAY, message_id="<1@x>", state="sent", made_at=NOW
    )
    pages = ["/admin/notices/notice/", f"/admin/notices/notice/{notice.pk}/change/"]
    client.force_login(make_staff("mails", "view_notice"))
    assert [client.get(page).status_code for page in pages] == [403, 403]
    client.force_login(make_staff("mails and codes", "view_notice", "view_referralcode"))
    assert [client.get(page).status_code for page in pages] == [200, 200]
