"""Agents as staff see and look after them: what their codes do, the account off and on, a new one in one form."""

import re
from concurrent.futures import Future
from datetime import timedelta
from html import unescape
from types import SimpleNamespace

import pytest
from django.contrib.auth.models import User
from django.core.mail.backends.locmem import EmailBackend
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils.html import strip_tags

from main.accounts import invitations
from main.codes import by_agent, counting
from main.codes.by_agent import codes_by_agent
from main.models import ReferralCode, UserProfile
from tests.conftest import INSTANT, NOW, make_agent, make_code
from tests.staff import make_staff, notes_of
from tests.test_query_counts import plan

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]

LIST = "/admin/main/userprofile/"
DAY = timedelta(days=1)
COLUMNS = ["name", "role", "email", "working", "stops_next", "latest", "switch"]


@pytest.fixture
def as_chief(client):
    client.force_login(make_staff())
    return client


def rows(client, query="", columns=COLUMNS):
    """The list as it is read: the columns of each person."""
    page = client.get(LIST + query).content.decode()
    body = page.partition('id="result_list"')[2].partition("<tbody>")[2].partition("</tbody>")[0]
    return [
        [
            " ".join(unescape(strip_tags(re.sub('<span class="only-on-a-phone">.*?</span>', "", cell))).split())
            for column in columns
            for cell in re.findall(rf'<t[dh] class="field-{column}[^>]*>(.*?)</t[dh]>', row, re.DOTALL)
        ]
        for row in body.split("</tr>")[:-1]
    ]


def test_the_list_tells_of_each_agent_what_works_what_stops_next_and_the_latest_code(as_chief):
    maria = make_agent("Maria Garcia", email="maria@example.com")
    make_code("OVERDUE", agent=maria, expires_at=NOW)
    make_code("LATER", agent=maria, expires_at=NOW + 2 * DAY)
    make_code("NEXT", agent=maria, expires_at=NOW + INSTANT)
    make_code("EVER", agent=maria)
    make_code("OFF", agent=maria, expires_at=NOW + INSTANT, status="inactive")
    gone = make_agent("Gone Gary", is_active=False)
    make_code("GARY", agent=gone, expires_at=NOW + DAY)
    make_agent("Idle Ida")
    make_code("HOUSE")
    assert rows(as_chief) == [
        ["Gone Gary", "Agent", "-", "0 codes that work of Gone Gary", "none", "GARY", "Switch on Gone Gary"],
        ["Idle Ida", "Agent", "-", "0 codes that work of Idle Ida", "none", "none", "Switch off Idle Ida"],
        [
            "Maria Garcia", "Agent", "maria@example.com", "3 codes that work of Maria Garcia",
            "NEXT 21 Nov 2026, 02:00 UTC in less than a minute", "OFF", "Switch off Maria Garcia",
        ],
    ]  # fmt: skip


def test_the_figure_leads_to_the_codes_that_it_counts(as_chief):
    maria = make_agent("Maria Garcia")
    make_code("WORKS", agent=maria)
    make_code("OVER", agent=maria, expires_at=NOW)
    page = as_chief.get(LIST).content.decode()
    link = re.search(r'field-working.*?<a href="([^"]+)"', page)[1]
    assert [code.code for code in as_chief.get(unescape(link)).context["cl"].result_list] == ["WORKS"]


def test_very_many_codes_are_not_counted_on(as_chief, monkeypatch):
    monkeypatch.setattr(by_agent, "COUNTED_AT_MOST", 3)
    monkeypatch.setattr(counting, "COUNTED_AT_MOST", 3)
    maria = make_agent("Maria Garcia")
    ReferralCode.objects.bulk_create(ReferralCode(code=f"M-{n}", agent=maria) for n in range(3))
    assert rows(as_chief, columns=["working"]) == [["3 codes that work of Maria Garcia"]]
    make_code("ONE-MORE", agent=maria)
    assert rows(as_chief, columns=["working"]) == [["3+ codes that work of Maria Garcia"]]
    assert "3+ codes stop working at once." in sentences(as_chief, maria)


def test_it_costs_the_same_few_queries_for_one_agent_and_for_many(as_chief):
    def queries():
        with CaptureQueriesContext(connection) as captured:
            as_chief.get(LIST)
        return len(captured)

    make_code("ONE", agent=make_agent("Agent-0"), expires_at=NOW + DAY)
    few = queries()
    for number in range(1, 30):
        make_code(f"CODE-{number}", agent=make_agent(f"Agent-{number}"), expires_at=NOW + DAY)
    assert queries() == few


@pytest.mark.django_db(transaction=True)
def test_what_the_list_tells_is_found_through_indexes_however_many_codes_one_agent_has():
    maria = make_agent("Maria Garcia")
    make_code("ONE", agent=maria)
    with CaptureQueriesContext(connection) as captured:
        codes_by_agent([maria], NOW)
    told, *_ = captured.captured_queries
    explained = plan(SimpleNamespace(explain=lambda: explain(told["sql"])))
    assert "referralcode_agent_active" in explained
    assert "referralcode_of_agent" in explained


def explain(sql):
    with connection.cursor() as cursor:
        cursor.execute(f"EXPLAIN {'QUERY PLAN ' if connection.vendor == 'sqlite' else ''}{sql}")
        return "\n".join(str(row) for row in cursor.fetchall())


@pytest.mark.parametrize("words", ["garcia@", "MARIA@EXAMPLE", "Maria", "maria"])
def test_people_are_found_by_name_user_name_and_e_mail_address(as_chief, words):
    make_agent("Maria", email="garcia@example.com")
    make_agent("John Smith", email="maria@example.com" if "EXAMPLE" in words else "")
    found = {"MARIA@EXAMPLE": [["John Smith"]]}.get(words, [["Maria"]])
    assert rows(as_chief, f"?q={words}", ["name"]) == found


def test_who_may_not_view_codes_is_told_nothing_of_them(client):
    make_code("SECRET", agent=make_agent("Maria Garcia"))
    client.force_login(make_staff("looker", "view_userprofile"))
    page = client.get(LIST).content.decode()
    assert "Maria Garcia" in page
    assert not any(told in page for told in ("SECRET", "field-working", "field-latest", "?agent="))


def told_by(response):
    return [str(message) for message in response.context["messages"]]


def switch(client, agent, to):
    return client.post(f"{LIST}{agent.pk}/switch/", {"to": to}, follow=True)


def sentences(client, agent):
    page = client.get(f"{LIST}{agent.pk}/switch/").content.decode().partition('<div id="content"')[2]
    return [unescape(text) for text in re.findall(r"<(?:h1|p)>([^<]+)</", page)]


def test_an_account_is_switched_off_and_on_and_nothing_is_written_on_its_codes(as_chief):
    maria = make_agent("Maria Garcia")
    make_code("WORKS", agent=maria, expires_at=NOW + DAY)
    make_code("OVER", agent=maria, expires_at=NOW)
    make_code("OFF", agent=maria, status="inactive")
    before = list(ReferralCode.objects.values())
    assert sentences(as_chief, maria) == [
        "Switch Maria Garcia off?",
        "Maria Garcia cannot sign in any more.",
        "1 code stops working at once.",
        "Nothing is written on the codes: they work again as before when the account is switched on.",
    ]
    assert told_by(switch(as_chief, maria, "off")) == ["Maria Garcia is switched off."]
    assert not ReferralCode.objects.usable().exists()
    assert sentences(as_chief, maria) == [
        "Switch Maria Garcia on?",
        "Maria Garcia can sign in again.",
        "1 code works again at once.",
        "Codes whose date has passed, and codes that were switched off, do not work.",
    ]
    assert told_by(switch(as_chief, maria, "off")) == ["Maria Garcia was switched off already."]
    assert told_by(switch(as_chief, maria, "on")) == ["Maria Garcia is switched on."]
    assert list(ReferralCode.objects.values()) == before
    for address in (f"main/userprofile/{maria.pk}", f"auth/user/{maria.user_id}"):
        assert notes_of(as_chief, address) == ["Switched on.", "Switched off."]


@pytest.mark.parametrize(
    ("rights", "account", "status"),
    [
        (["view_userprofile", "change_user"], {}, 302),
        (["view_userprofile", "change_userprofile"], {}, 403),
        (["change_user"], {}, 404),
        (["view_userprofile", "change_user"], {"is_staff": True}, 403),
        (["view_userprofile", "change_user"], {"is_superuser": True}, 403),
        ([], {"is_superuser": True}, 302),
    ],
)
def test_who_may_change_accounts_switches_those_of_agents_and_superusers_all(client, rights, account, status):
    agent = make_agent("Maria Garcia", **account)
    client.force_login(make_staff("clara", *rights))
    assert client.post(f"{LIST}{agent.pk}/switch/", {"to": "off"}).status_code == status
    assert User.objects.get(pk=agent.user_id).is_active == (status != 302)
    if status != 404:
        assert (f"{LIST}{agent.pk}/switch/" in client.get(LIST).content.decode()) == (status == 302)


def test_nobody_switches_the_own_account_off(client):
    chief = make_staff()
    own = UserProfile.objects.create(user=chief, name="The Chief", role="agent")
    client.force_login(chief)
    assert client.get(f"{LIST}{own.pk}/switch/").status_code == 403
    assert client.post(f"{LIST}{own.pk}/switch/", {"to": "off"}).status_code == 403
    assert "Switch off" not in client.get(f"{LIST}{own.pk}/change/").content.decode()


def test_the_page_of_an_agent_offers_to_switch_it(as_chief):
    maria = make_agent("Maria Garcia")
    page = as_chief.get(f"{LIST}{maria.pk}/change/").content.decode()
    assert f'<a href="{LIST}{maria.pk}/switch/">Switch off…</a>' in page
    assert "Send an invitation" not in page  # there is no address


NEW = {"name": "New Nora", "role": "agent", "user_name": "nora", "email": "nora@example.com", "invitation": "on"}


def add(client, **fields):
    return client.post(f"{LIST}add/", NEW | fields, follow=True)


def errors(response):
    return {field: list(texts) for field, texts in response.context["adminform"].errors.items()}


@pytest.fixture
def committed(django_capture_on_commit_callbacks):
    """What runs after a commit runs at the end of the block."""
    return lambda: django_capture_on_commit_callbacks(execute=True)


def test_a_new_agent_gets_an_account_and_a_mail_to_choose_a_password(as_chief, client, committed, mailoutbox):
    with committed():
        response = add(as_chief)
    nora = UserProfile.objects.get(name="New Nora")
    assert (nora.role, nora.user.username, nora.user.email) == ("agent", "nora", "nora@example.com")
    assert (nora.user.is_staff, nora.user.is_active, nora.user.has_usable_password()) == (False, True, False)
    assert response.redirect_chain[-1][0] == LIST
    [mail] = mailoutbox
    link = re.search(r"http://testserver(/password/reset/\S+/)", mail.body)
    assert (mail.subject, mail.to, mail.from_email) == (
        "Your account for referral codes", ["nora@example.com"], "knossos@localhost"
    )  # fmt: skip
    assert mail.body == (
        "Hello New Nora,\n\nthere is now an account for you, where you see your referral codes: http://testserver/\n\n"
        f"To choose a password for it, open this link:\n\n{link[0]}\n\nThe link works once, for three days. After "
        "that, ask the office for another one.\n\nYour user name is nora\n"
    )
    client.logout()
    password = {"new_password1": "thread-of-theseus", "new_password2": "thread-of-theseus"}
    client.post(client.get(link[1])["Location"], password)
    signed_in = client.post("/sign-in/", {"username": "nora", "password": "thread-of-theseus"})
    assert signed_in["Location"] == "/profile/"


def test_without_an_invitation_no_mail_is_sent_and_it_can_be_sent_later(as_chief, committed, mailoutbox):
    with committed():
        add(as_chief, invitation="")
    assert mailoutbox == []
    nora = UserProfile.objects.get(name="New Nora")
    assert "Send an invitation" in as_chief.get(f"{LIST}{nora.pk}/change/").content.decode()
    response = as_chief.post(f"{LIST}{nora.pk}/invite/", follow=True)
    assert told_by(response) == ["The invitation of New Nora was mailed to nora@example.com."]
    assert [mail.to for mail in mailoutbox] == [["nora@example.com"]]


@pytest.mark.parametrize(
    ("user", "rights"),
    [
        ({"is_active": False}, []),
        ({"email": ""}, []),
        ({"password": "knot-of-ariadne"}, []),
        ({"is_staff": True}, ["view_userprofile", "change_user"]),
        ({}, ["view_userprofile", "change_userprofile"]),
    ],
)
def test_an_account_that_is_off_has_no_address_or_a_password_or_more_rights_is_not_invited(
    client, mailoutbox, user, rights
):
    maria = make_agent("Maria Garcia", **{"email": "maria@example.com", **user})
    client.force_login(make_staff("clara", *rights))
    assert client.post(f"{LIST}{maria.pk}/invite/").status_code == 403
    assert "Send an invitation" not in client.get(f"{LIST}{maria.pk}/change/").content.decode()
    assert mailoutbox == []


def fail(*args):
    raise OSError("the mail server is away")


@pytest.mark.django_db(transaction=True)
def test_a_mail_that_is_refused_is_told_and_logged_and_the_account_stays(as_chief, monkeypatch, caplog):
    monkeypatch.setattr(EmailBackend, "send_messages", fail)
    _added, told = told_by(add(as_chief))
    failed = "The invitation of New Nora was not mailed to nora@example.com. Try again from the page of this person."
    assert told == failed
    assert "A mail about a password was not sent." in caplog.messages
    assert UserProfile.objects.filter(name="New Nora").exists()


def test_a_mail_server_that_takes_its_time_holds_up_nobody(as_chief, monkeypatch):
    monkeypatch.setattr(invitations, "WAIT", 0)
    monkeypatch.setattr(invitations, "send_behind_the_page", lambda send: Future())
    nora = make_agent("Nora", email="nora@example.com")
    assert told_by(as_chief.post(f"{LIST}{nora.pk}/invite/", follow=True)) == [
        "The invitation of Nora is being mailed to nora@example.com. The mail server takes its time."
    ]
    monkeypatch.setattr(invitations, "send_behind_the_page", lambda send: None)
    assert told_by(as_chief.post(f"{LIST}{nora.pk}/invite/", follow=True)) == [
        "The invitation of Nora was not mailed to nora@example.com. Try again from the page of this person."
    ]


NEEDED = "A new account needs this. Or choose an account that exists."
KNOWN = "An account with this exists already: choose it below."


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"user_name": ""}, {"user_name": [NEEDED]}),
        ({"email": ""}, {"email": ["An invitation needs an address."]}),
        ({"email": "nora"}, {"email": ["Enter a valid email address."]}),
        ({"user_name": "MARIA"}, {"user_name": [KNOWN]}),
        ({"user_name": "maria"}, {"user_name": ["A user with that username already exists."]}),
        ({"email": "Maria@Example.com"}, {"email": [KNOWN]}),
        ({"name": ""}, {"name": ["This field is required."]}),
        ({"user_name": "no ra"}, {"user_name": [
            "Enter a valid username. This value may contain only letters, numbers, and @/./+/-/_ characters."
        ]}),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_new_account_is_said_at_its_field_and_nothing_is_stored(as_chief, fields, said):
    make_agent("Maria Garcia", email="maria@example.com")
    assert errors(add(as_chief, **fields)) == said
    assert (UserProfile.objects.count(), User.objects.count()) == (1, 2)


def test_an_account_that_exists_is_taken_as_it_is(as_chief, committed, mailoutbox):
    nora = User.objects.create_user("nora", "nora@example.com", "knot-of-ariadne")
    both = "Choose an account that exists, or say what a new one needs; not both."
    assert errors(add(as_chief, user=nora.pk)) == {"__all__": [both]}
    with committed():
        add(as_chief, user=nora.pk, user_name="", email="")
    assert UserProfile.objects.get(name="New Nora").user == nora
    assert mailoutbox == []


def test_who_may_not_add_accounts_chooses_one(client):
    client.force_login(make_staff("clara", "add_userprofile", "view_userprofile"))
    page = client.get(f"{LIST}add/").content.decode()
    assert 'name="user"' in page
    assert 'name="user_name"' not in page
    assert errors(add(client)) == {"user": ["This field is required."]}
    assert not UserProfile.objects.exists()


def test_names_with_accents_stand_in_the_alphabet_of_the_reader(as_chief):
    for name in ("Ωρίων", "Άννα", "Βασίλης", "Αντώνης", "Élodie", "Zoe", "emma"):
        make_agent(f"{name} X")
    names = [person.name for person in as_chief.get(LIST).context["cl"].result_list]
    assert names == [f"{name} X" for name in ("Élodie", "emma", "Zoe", "Άννα", "Αντώνης", "Βασίλης", "Ωρίων")]
