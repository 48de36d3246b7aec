"""The form of something new, sent twice: it makes one, and the second answer leads there."""

import re
import threading

import pytest
from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import User
from django.contrib.messages import get_messages
from django.core import mail
from django.db import connection
from django.db.models.signals import pre_save
from django.test import Client

from main.checkout.models import ApiToken
from main.models import ReferralCode, UserProfile
from tests.conftest import make_agent
from tests.staff import make_staff, notes
from tests.test_admin_concurrency import locks_rows

CODE, TOKEN, AGENT = "/admin/main/referralcode/add/", "/admin/checkout/apitoken/add/", "/admin/main/userprofile/add/"
MADE = "Nothing was created a second time: this form had made {} already."

pytestmark = pytest.mark.django_db


@pytest.fixture
def anna(client):
    user = make_staff("anna")
    client.force_login(user)
    return user


def mark_of(page):
    return re.search(r'name="mark" value="(\w{22})"', page.content.decode())[1]


def new_code(client, **fields):
    """What the opened form of a code sends, with an empty box for the code."""
    empty = {"code": "", "agent": "", "expires_at_0": "", "expires_at_1": "", "coming_end": "", "status": "active"}
    return {"mark": mark_of(client.get(CODE)), **empty, "discount": "20", "_save": "Save", **fields}


def said(response):
    return [str(message) for message in get_messages(response.wsgi_request)]


def codes():
    return list(ReferralCode.objects.order_by("pk").values_list("code", flat=True))


@pytest.mark.usefixtures("anna")
def test_a_code_without_a_text_is_made_once_and_the_second_answer_leads_to_it(client, john):
    sent = new_code(client, agent=john.pk)
    client.post(CODE, sent)
    again = client.post(CODE, sent)
    code = ReferralCode.objects.get()
    assert code.code == "JOHN-20"
    assert again.url == f"/admin/main/referralcode/{code.pk}/change/"
    assert said(again)[-1] == MADE.format("JOHN-20")
    assert notes(code) == [
        "anna: Made. Code: None → JOHN-20. Agent: None → John Smith. Discount (%): None → 20 %. "
        "Expires: None → never. Status: None → Active."
    ]


@pytest.mark.usefixtures("anna")
def test_another_button_does_not_make_another_code(client):
    sent = new_code(client)
    client.post(CODE, sent)
    del sent["_save"]
    client.post(CODE, {**sent, "_addanother": "Save and add another", "csrfmiddlewaretoken": "x"})
    assert codes() == ["CODE-20"]


@pytest.mark.usefixtures("anna")
def test_who_goes_back_and_writes_something_else_makes_another_code(client):
    sent = new_code(client)
    for fields in ({}, {"discount": "30"}, {"code": "CODE-40", "discount": "40"}):
        assert said(client.post(CODE, sent | fields))[-1].startswith("The referral code “")
    assert codes() == ["CODE-20", "CODE-30", "CODE-40"]


@pytest.mark.usefixtures("anna")
def test_two_forms_that_were_opened_make_two_codes(client):
    for _ in range(2):
        client.post(CODE, new_code(client))
    assert len(codes()) == 2


@pytest.mark.usefixtures("anna")
def test_a_form_with_a_fault_keeps_its_mark_and_then_makes_one_code(client):
    sent = new_code(client, discount="x")
    assert mark_of(client.post(CODE, sent)) == sent["mark"]
    sent["discount"] = "20"
    for _ in range(2):
        client.post(CODE, sent)
    assert codes() == ["CODE-20"]


@pytest.mark.usefixtures("anna")
def test_a_code_that_was_deleted_since_is_not_made_again(client):
    sent = new_code(client)
    client.post(CODE, sent)
    ReferralCode.objects.all().delete()
    again = client.post(CODE, sent)
    assert again.url == "/admin/main/referralcode/"
    assert said(again)[-1] == "Nothing was created a second time: this form had made CODE-20, which is gone by now."
    assert codes() == []


def test_the_form_of_another_person_is_another_form(client, anna):
    sent = new_code(client)
    client.post(CODE, sent)
    client.force_login(make_staff("ben"))
    client.post(CODE, sent)
    assert len(codes()) == 2


def test_who_may_not_add_codes_any_more_is_refused(client):
    user = make_staff("clara", "add_referralcode")
    client.force_login(user)
    sent = new_code(client)
    assert client.post(CODE, sent).status_code == 302
    again = client.post(CODE, sent)
    assert (again.url, said(again)[-1]) == ("/admin/", MADE.format("CODE-20"))  # who may not see it is not led there
    user.user_permissions.clear()
    assert client.post(CODE, sent).status_code == 403


@pytest.mark.usefixtures("anna")
def test_a_token_is_made_once_and_its_text_is_not_shown_again(client):
    sent = {"mark": mark_of(client.get(TOKEN)), "name": "My shop", "may_check": "on"}
    assert 'class="token"' in client.post(TOKEN, sent).content.decode()
    again = client.post(TOKEN, sent)
    token = ApiToken.objects.get()
    assert again.url == f"/admin/checkout/apitoken/{token.pk}/change/"
    assert said(again) == [
        MADE.format(token),
        "If you have not seen the text of this token, switch it off and add another one.",
    ]
    assert LogEntry.objects.get().get_change_message() == "Added."


@pytest.mark.usefixtures("anna")
def test_an_agent_is_made_and_invited_once(client, django_capture_on_commit_callbacks):
    sent = {"mark": mark_of(client.get(AGENT)), "name": "Maria Garcia", "role": "agent", "user_name": "maria",
            "email": "maria@example.com", "invitation": "on", "user": ""}  # fmt: skip
    for _ in range(2):
        with django_capture_on_commit_callbacks(execute=True):
            answer = client.post(AGENT, sent)
    agent = UserProfile.objects.get()
    assert answer.url == f"/admin/main/userprofile/{agent.pk}/change/"
    assert said(answer)[-1] == MADE.format("Maria Garcia")
    assert len(mail.outbox) == 1


@pytest.mark.usefixtures("anna")
def test_in_a_small_window_the_agent_of_the_first_answer_is_chosen(client):
    account = User.objects.create_user("maria")
    sent = {"mark": mark_of(client.get(AGENT)), "name": "Maria Garcia", "role": "agent", "user": account.pk,
            "_popup": "1"}  # fmt: skip
    first, again = client.post(AGENT, sent), client.post(AGENT, sent)
    assert again.content == first.content
    assert "Maria Garcia" in again.content.decode()


@pytest.mark.usefixtures("anna")
def test_a_form_for_a_change_has_no_mark(client):
    agent = make_agent("Maria Garcia")
    assert 'name="mark"' not in client.get(f"/admin/main/userprofile/{agent.pk}/change/").content.decode()


@locks_rows
@pytest.mark.django_db(transaction=True)
@pytest.mark.usefixtures("anna")
@pytest.mark.parametrize(("url", "model"), [(CODE, ReferralCode), (TOKEN, ApiToken)])
def test_two_requests_at_the_same_instant_make_one(client, url, model):
    sent = new_code(client) if url == CODE else {"mark": mark_of(client.get(url)), "name": "My shop"}
    second = Client()
    second.cookies = client.cookies
    answers = []

    def send_again():
        answers.append(second.post(url, sent))
        connection.close()

    thread = threading.Thread(target=send_again)

    def while_the_first_is_being_stored(**kwargs):
        pre_save.disconnect(while_the_first_is_being_stored, model)
        thread.start()
        with connection.cursor() as cursor:
            for _ in range(1000):
                cursor.execute("SELECT count(*) FROM pg_locks WHERE NOT granted")
                if answers or cursor.fetchone()[0]:
                    break
                cursor.execute("SELECT pg_sleep(0.01)")

    pre_save.connect(while_the_first_is_being_stored, model)
    client.post(url, sent)
    thread.join()
    made = model.objects.get()
    assert said(answers[0])[0] == MADE.format(made)
