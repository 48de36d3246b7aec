"""The mails as people read them: whole sentences, valid HTML, nothing from elsewhere."""

import re
from datetime import timedelta
from email import message_from_bytes, policy

import pytest
from django.contrib.auth.models import User
from justhtml import JustHTML

from main.checkout.models import Redemption
from main.models import PersonalChoice, ReferralCode
from main.notices import sending, wishes
from main.notices.models import Preference, Wish
from tests.conftest import NOW
from tests.notices.conftest import make_older_code, make_reachable
from tests.staff import make_run

DAY = timedelta(days=1)
pytestmark = pytest.mark.usefixtures("clock", "switched_on")


@pytest.fixture
def anna(db):
    return make_reachable("Anna Berg")


@pytest.fixture
def everything_to_tell(anna, settings):
    """One mail of each kind, each with all that it can have."""
    settings.ADMINS = [("", "ops@example.com")]
    make_run(NOW, state="failed")
    staff = User.objects.create_user("mona", email="mona@example.com", is_staff=True, is_superuser=True)
    Preference.objects.create(user=staff, wants_summary=True)
    make_older_code("STOPS-SOON", agent=anna, discount="12.50", expires_at=NOW + 6 * DAY)
    make_older_code("STOPS-TODAY", agent=anna, discount=10, expires_at=NOW + timedelta(hours=4))
    make_older_code("ENDED", agent=anna, discount=20, expires_at=NOW - DAY / 2)
    make_older_code("OFF", agent=anna, discount=20, expires_at=NOW + 90 * DAY, status="inactive")
    ReferralCode.objects.filter(code="OFF").update(updated_at=NOW)
    asked = make_older_code("<B>&amp;", agent=anna, expires_at=NOW + 50 * DAY)
    wish = wishes.ask(asked, anna, "Please")
    Wish.objects.filter(pk=wish.pk).update(state="declined", answer="No <b>more</b>", answered_at=NOW)
    wishes.ask(make_older_code("WISHED", agent=anna, expires_at=NOW + 60 * DAY), anna, "For <i>spring</i>")
    sending.run()


def mail_to(mailoutbox, address):
    (found,) = [mail for mail in mailoutbox if mail.to == [address]]
    return found


def test_the_text_for_an_agent(everything_to_tell, mailoutbox):
    mail = mail_to(mailoutbox, "anna@example.com")
    assert mail.subject == "2 of your codes stop soon"
    text = re.sub(r"/codes/\d+/", "/codes/N/", mail.body).split("\n\nYou get this mail")[0]
    assert text == (
        "Hello Anna Berg,\n\n"
        "STOPPING SOON\n\n"
        "* STOPS-TODAY, 10 % off, used 0 times\n  It stops today: 21 Nov 2026, 06:00 UTC.\n"
        "  Ask for more time: http://127.0.0.1:8000/codes/N/more-time/\n\n"
        "* STOPS-SOON, 12.5 % off, used 0 times\n  It stops in 6 days: 27 Nov 2026, 02:00 UTC.\n"
        "  Ask for more time: http://127.0.0.1:8000/codes/N/more-time/\n\n"
        "ENDED\n\n"
        "* ENDED, 20 % off, used 0 times\n  It reached its date. Its date: 20 Nov 2026, 14:00 UTC.\n"
        "  Ask for more time: http://127.0.0.1:8000/codes/N/more-time/\n\n"
        "* OFF, 20 % off, used 0 times\n  The office switched it off. Its date: 19 Feb 2027, 02:00 UTC.\n\n"
        "YOU ASKED FOR MORE TIME\n\n"
        "* <B>&amp;\n  The office said no: No <b>more</b>\n\n"
        "All your codes: http://127.0.0.1:8000/profile/"
    )


@pytest.mark.parametrize("address", ["anna@example.com", "mona@example.com", "ops@example.com"])
def test_the_html_is_valid_and_fetches_nothing(everything_to_tell, mailoutbox, address):
    ((html, kind),) = mail_to(mailoutbox, address).alternatives
    assert kind == "text/html"
    assert JustHTML(html, collect_errors=True).errors == []
    assert not re.search(r"<img|<script|<link|@import|url\(|src=|background=", html)
    assert set(re.findall(r"https?://[^/\"<]+", html)) <= {"http://127.0.0.1:8000"}
    assert "prefers-color-scheme: dark" in html


def test_what_people_wrote_is_text_in_the_html(everything_to_tell, mailoutbox):
    html = "".join(content for mail in mailoutbox for content, _ in mail.alternatives)
    assert "&lt;B&gt;&amp;amp;" in html
    assert "No &lt;b&gt;more&lt;/b&gt;" in html
    assert "For &lt;i&gt;spring&lt;/i&gt;" in html


def test_the_validator_finds_what_is_wrong():
    assert JustHTML("<p>one<div></p>", collect_errors=True).errors


@pytest.mark.parametrize("address", ["anna@example.com", "mona@example.com", "ops@example.com"])
def test_as_bytes_it_reads_back(everything_to_tell, mailoutbox, address):
    mail = message_from_bytes(mail_to(mailoutbox, address).message().as_bytes(), policy=policy.default)
    assert [part.get_content_type() for part in mail.iter_parts()] == ["text/plain", "text/html"]
    assert mail["Message-ID"].startswith("<")
    assert all(len(line) < 998 for line in mail.as_bytes().splitlines())


@pytest.mark.parametrize(
    ("ends", "subject"),
    [
        ([NOW + timedelta(hours=1)], "C0 stops today"),
        ([NOW + DAY], "C0 stops tomorrow"),
        ([NOW + 7 * DAY], "C0 stops in 7 days"),
        ([NOW + DAY, NOW + DAY], "2 of your codes stop soon"),
        ([NOW - DAY], "C0 has ended"),
        ([NOW - DAY, NOW - DAY], "2 of your codes have ended"),
        ([NOW - DAY, NOW + DAY], "C1 stops tomorrow"),
    ],
)
def test_the_subject_says_the_most_urgent(anna, mailoutbox, ends, subject):
    for number, end in enumerate(ends):
        make_older_code(f"C{number}", agent=anna, expires_at=end)
    sending.run()
    assert mailoutbox[0].subject == subject


def test_times_are_in_the_readers_zone(anna, mailoutbox):
    PersonalChoice.objects.create(user=anna.user, zone="Asia/Tokyo")
    make_older_code("CODE", agent=anna, expires_at=NOW + 2 * DAY)
    sending.run()
    assert "23 Nov 2026, 11:00 JST" in mailoutbox[0].body


def test_a_mail_says_how_often_a_code_was_used_without_what_was_taken_back(anna, mailoutbox):
    code = make_older_code("CODE", agent=anna, expires_at=NOW + 2 * DAY)
    for order in "ABC":
        Redemption.objects.create(
            code=code, order=order, discount=0, redeemed_at=NOW, voided_at=NOW if order == "C" else None
        )
    make_older_code("OTHER", agent=anna, expires_at=NOW + 2 * DAY)
    sending.run()
    assert "* CODE, 0 % off, used 2 times\n" in mailoutbox[0].body
    assert "* OTHER, 0 % off, used 0 times\n" in mailoutbox[0].body
    assert "CODE</span>, 0 % off, used 2 times<br>" in mailoutbox[0].alternatives[0][0]
