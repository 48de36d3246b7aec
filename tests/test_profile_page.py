"""What an agent, and staff who look in, read on the page `profile`."""

import re
from datetime import date, timedelta
from html import unescape

import pytest
from django.contrib.auth.models import Permission, User
from django.urls import reverse
from django.utils.html import strip_tags

from main.codes.dates import end_of_day
from main.models import ReferralCode, UserProfile
from tests.conftest import INSTANT, NOW, make_agent, make_code

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]

DAY = timedelta(days=1)


@pytest.fixture
def maria():
    return make_agent("Maria Garcia")


@pytest.fixture
def as_maria(client, maria):
    client.force_login(maria.user)
    return client


def read(client, url="/profile/", **query):
    """The page as it is read: the heading, each sentence, and each row of the tables."""
    client.cookies["zone"] = "UTC"  # chosen, so none is proposed
    response = client.get(url, query)
    assert response.status_code == 200
    page = response.content.decode().split("<main", 1)[1].split(">", 1)[1].split("</main>", 1)[0]
    lines = re.split(r"</(?:h1|h2|p|tr|li|nav)>", re.sub(r"</t[hd]>\s*(?!</tr>)", " | ", page))
    return [line for line in (" ".join(unescape(strip_tags(part)).split()).strip(" |") for part in lines) if line]


def test_shows_what_works_ending_soonest_first_and_what_ended_and_why(as_maria, maria):
    make_code("EVER-15", agent=maria, discount=15)
    make_code("LATER-10", agent=maria, discount=10, expires_at=end_of_day(date(2026, 12, 31)))
    make_code("SOON-20", agent=maria, discount="12.5", expires_at=NOW + 2 * DAY)
    make_code("OVERDUE-5", agent=maria, discount=5, expires_at=NOW)
    make_code("PAST-5", agent=maria, discount=5, expires_at=NOW - DAY, status="inactive", expired_at=NOW)
    off = make_code("OFF-5", agent=maria, discount=5, expires_at=NOW + DAY, status="inactive")
    ReferralCode.objects.filter(pk=off.pk).update(updated_at=NOW - 3 * DAY)
    make_code("OTHERS-5", agent=make_agent("John Smith"))
    make_code("HOUSE-5")
    assert read(as_maria) == [
        "Your referral codes",
        "3 codes work now; 1 stops within 7 days.",
        "Times are in UTC. Change the zone",
        "Working now (3)",
        "Code | Discount | Stops working | Time left (full bar: 41 days) | What you can do",
        "SOON-20 History of SOON-20 | 12.5 % | 23 Nov 2026, 02:00 UTC Ask for more time for SOON-20 | 2 days "
        "| Copy SOON-20",
        "LATER-10 History of LATER-10 | 10 % | end of 31 Dec 2026 UTC Ask for more time for LATER-10 | 40 days "
        "| Copy LATER-10",
        "EVER-15 History of EVER-15 | 15 % | Never | No end date | Copy EVER-15",
        "Ended (3)",
        "Code | Discount | Stopped working | Why",
        "OFF-5 History of OFF-5 | 5 % | by 18 Nov 2026, 02:00 UTC | Switched off by the office",
        "OVERDUE-5 History of OVERDUE-5 | 5 % | 21 Nov 2026, 02:00 UTC "
        "| Reached its date Ask for more time for OVERDUE-5",
        "PAST-5 History of PAST-5 | 5 % | 20 Nov 2026, 02:00 UTC | Reached its date Ask for more time for PAST-5",
    ]


def test_counts_what_stops_within_seven_days_and_nothing_later(as_maria, maria):
    make_code("IN-7-DAYS", agent=maria, expires_at=NOW + 7 * DAY)
    make_code("AND-LATER", agent=maria, expires_at=NOW + 7 * DAY + INSTANT)
    assert read(as_maria)[1] == "2 codes work now; 1 stops within 7 days."
    make_code("SECOND", agent=maria, expires_at=NOW + INSTANT)
    assert read(as_maria)[1] == "3 codes work now; 2 stop within 7 days."


def test_one_code_is_counted_in_the_singular(as_maria, maria):
    make_code("ONE", agent=maria)
    assert read(as_maria)[1] == "1 code works now; none stops within 7 days."


@pytest.mark.parametrize(
    ("left", "words"),
    [
        (timedelta(days=1), "1 day"),
        (timedelta(days=1) - INSTANT, "23 hours"),
        (timedelta(hours=1), "1 hour"),
        (timedelta(hours=1) - INSTANT, "59 minutes"),
        (timedelta(minutes=1) - INSTANT, "less than a minute"),
    ],
)
def test_time_left_is_rounded_down(as_maria, maria, left, words):
    make_code("SOON", agent=maria, expires_at=NOW + left)
    assert read(as_maria)[5].split(" | ")[3] == words


def test_an_agent_without_codes_reads_what_to_do(as_maria):
    assert read(as_maria) == [
        "Your referral codes",
        "You have no codes yet. Ask the office for one: say which discount your customers should get, and until when.",
        "Times are in UTC. Change the zone",
    ]


def test_an_agent_whose_codes_all_ended_reads_what_to_do(as_maria, maria):
    make_code("PAST-5", agent=maria, expires_at=NOW - DAY, status="inactive")
    assert read(as_maria)[1] == "No code works now. Ask the office for a new one, or to extend one of those below."


def test_a_client_reads_what_to_do(client):
    user = User.objects.create_user("carl")
    UserProfile.objects.create(user=user, name="Carl", role=UserProfile.Role.CLIENT)
    client.force_login(user)
    assert read(client)[1] == (
        "You are signed in as a client, and referral codes are for agents. "
        "Do you hand out codes? Ask the office to make your account an agent’s."
    )


def test_a_person_without_a_profile_reads_what_to_do(client):
    client.force_login(User.objects.create_user("nobody"))
    assert read(client) == [
        "Welcome, nobody",
        "You are signed in, but your account belongs to no agent, so there are no referral codes to show.",
        "Do you hand out codes? Ask the office to make your account an agent’s.",
    ]


def test_staff_without_a_profile_are_sent_to_the_admin(client):
    client.force_login(User.objects.create_user("anna", is_staff=True))
    assert read(client)[2] == "You work for the office: go to the admin for the codes of all agents."


def test_another_agents_page_is_not_there_and_ones_own_is(as_maria, maria):
    john = make_agent("John Smith")
    assert as_maria.get(reverse("profile", args=[john.pk])).status_code == 404
    assert as_maria.get(reverse("profile", args=[10**30])).status_code == 404
    assert read(as_maria, reverse("profile", args=[maria.pk])) == read(as_maria)


def test_an_agent_with_the_permission_alone_is_no_staff(as_maria, maria):
    maria.user.user_permissions.add(Permission.objects.get(codename="view_referralcode"))
    john = make_agent("John Smith")
    assert as_maria.get(reverse("profile", args=[john.pk])).status_code == 404


def test_staff_who_may_view_codes_see_any_agents_and_others_do_not(client, maria):
    anna = User.objects.create_user("anna", is_staff=True)
    client.force_login(anna)
    url = reverse("profile", args=[maria.pk])
    assert client.get(url).status_code == 404
    anna.user_permissions.add(Permission.objects.get(codename="view_referralcode"))
    make_code("MARIA-15", agent=maria)
    assert read(client, url)[:3] == [
        "Referral codes of Maria Garcia",
        "1 code works now; none stops within 7 days.",
        "Times are in UTC. Change the zone",
    ]


def test_staff_read_that_the_agent_is_switched_off(admin_client, maria):
    maria.user.is_active = False
    maria.user.save()
    make_code("MARIA-15", agent=maria, discount=15)
    url = reverse("profile", args=[maria.pk])
    assert read(admin_client, url) == [
        "Referral codes of Maria Garcia",
        "No code works now, because the account of Maria Garcia is switched off. "
        "Its codes work again when the account is switched on.",
        "Times are in UTC. Change the zone",
        "New code",
        "Ended (1)",
        "Code | Discount | Stopped working | Why | What you can do",
        "MARIA-15 History of MARIA-15 | 15 % | – | Agent's account is switched off "
        "| Edit MARIA-15 Switch off MARIA-15 Delete MARIA-15",
    ]


@pytest.mark.parametrize("url", ["/profile/", "/profile/1/", "/profile/1/codes/new/", "/profile/1/codes/2/edit/"])
def test_a_stranger_signs_in_first(client, url):
    response = client.get(url)
    assert (response.status_code, response["Location"]) == (302, f"/sign-in/?next={url}")


def test_the_root_leads_to_the_profile(client):
    assert client.get("/")["Location"] == "/profile/"


def test_many_codes_come_in_pages_at_a_constant_number_of_queries(as_maria, maria, django_assert_num_queries):
    make_code("FIRST", agent=maria)
    make_code("GONE", agent=maria, expires_at=NOW)
    with django_assert_num_queries(11):
        read(as_maria)
    for number in range(60):
        make_code(f"WORKS-{number:02}", agent=maria, expires_at=NOW + (number + 1) * DAY)
        make_code(f"ENDED-{number:02}", agent=maria, expires_at=NOW - (number + 1) * DAY)
    with django_assert_num_queries(11):
        first = read(as_maria)
    with django_assert_num_queries(13):  # the summary tells of all codes
        read(as_maria, q="works", state="working", order="code")
    assert [line for line in first if " of 61" in line] == ["1 to 50 of 61 Next", "1 to 20 of 61 Next"]
    last = read(as_maria, working=2, ended=4)
    assert [line.split()[0] for line in last if "ENDED-" in line] == ["ENDED-59"]
    assert next(line.split()[0] for line in last if "WORKS-" in line) == "WORKS-50"
    assert read(as_maria, working="", ended="x' OR 1=1") == first
