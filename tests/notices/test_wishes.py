"""Wishes for more time: asked by an agent, answered by staff, closed by what happens to the code."""

from datetime import timedelta

import pytest
from django.contrib.admin.models import LogEntry

from main.codes.editing import extend
from main.models import ReferralCode
from main.notices import sending, wishes
from main.notices.models import Preference, Wish
from tests.conftest import NOW
from tests.notices.conftest import make_older_code, make_reachable
from tests.staff import make_staff, notes

DAY = timedelta(days=1)
pytestmark = pytest.mark.usefixtures("clock", "switched_on")


@pytest.fixture
def code(anna):
    return make_older_code("CODE", agent=anna, expires_at=NOW + 3 * DAY)


@pytest.fixture
def wish(code, anna):
    return wishes.ask(code, anna, "The season goes on")


@pytest.fixture
def staff(client, db):
    user = make_staff("staff", "view_referralcode", "change_referralcode")
    client.force_login(user, "django.contrib.auth.backends.ModelBackend")
    return user


def ask_on_the_page(client, agent, code):
    client.force_login(agent.user, "django.contrib.auth.backends.ModelBackend")
    return client.post(f"/codes/{code.pk}/more-time/", {"sentence": "Please"}, follow=True)


def answer(client, action, *chosen, **fields):
    return client.post(
        "/admin/notices/wish/",
        {"action": action, "_selected_action": [wish.pk for wish in chosen], "post": "yes", **fields},
        follow=True,
    ).content.decode()


def history(code):
    return list(LogEntry.objects.filter(object_id=code.pk).order_by("id").values_list("change_message", flat=True))


def test_an_agent_asks_on_a_page(client, anna, code):
    page = ask_on_the_page(client, anna, code).content.decode()
    assert "The office was asked for more time for CODE. The answer comes by mail." in page
    assert Wish.objects.get().sentence == "Please"
    assert history(code) == ["Asked for more time: Please"]


@pytest.mark.parametrize(("language", "label"), [("en-gb", "until when?"), ("el", "έως πότε;")])
def test_a_question_has_no_colon_behind_it(client, anna, code, language, label):
    client.force_login(anna.user, "django.contrib.auth.backends.ModelBackend")
    page = client.get(f"/codes/{code.pk}/more-time/", headers={"Accept-Language": language}).content.decode()
    assert f"{label}</label>" in page


def test_only_for_codes_of_ones_own(client, code):
    assert ask_on_the_page(client, make_reachable("Eve Other"), code).status_code == 404
    assert not Wish.objects.exists()


def test_who_is_not_signed_in_signs_in_first(client, code):
    response = client.get(f"/codes/{code.pk}/more-time/")
    assert response.url == f"/sign-in/?next=/codes/{code.pk}/more-time/"


def test_one_open_wish_for_a_code(client, anna, code, wish):
    page = ask_on_the_page(client, anna, code).content.decode()
    assert "You have asked already. The office has not answered yet." in page
    assert Wish.objects.count() == 1


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"expires_at": None}, "This code has no end date: it needs no more time."),
        ({"expires_at": NOW + DAY, "status": "inactive"}, "The office has switched this code off: talk to them."),
    ],
)
def test_there_is_nothing_to_ask_for(anna, fields, reason):
    with pytest.raises(wishes.CannotAsk, match=reason):
        wishes.ask(make_older_code("OTHER", agent=anna, **fields), anna, "Please")


@pytest.mark.parametrize("days", [-1, 40])
def test_a_code_that_has_ended_or_ends_much_later_can_be_asked_for(anna, days):
    assert wishes.ask(make_older_code("OTHER", agent=anna, expires_at=NOW + days * DAY), anna, "Please")


def test_yes_extends_by_the_days_and_the_agent_is_told(client, staff, wish, code, mailoutbox):
    page = answer(client, "grant", wish, **{f"days_{wish.pk}": 10})
    assert "CODE was extended by 10 days." in page
    code.refresh_from_db()
    assert code.expires_at == NOW + 13 * DAY
    wish.refresh_from_db()
    assert (wish.state, wish.days, wish.answered_by) == ("granted", 10, staff)
    assert notes(code)[-1].endswith(": Extended by 10 days. Expires: 24 Nov 2026, 02:00 UTC → 4 Dec 2026, 02:00 UTC.")
    sending.run()
    assert mailoutbox[0].subject == "Your wish for more time"
    assert "* CODE\n  It works until: 4 Dec 2026, 02:00 UTC." in mailoutbox[0].body


def test_what_is_proposed_is_as_long_as_it_ran_before(client, staff, wish):
    page = client.post("/admin/notices/wish/", {"action": "grant", "_selected_action": [wish.pk]}).content.decode()
    assert f'name="days_{wish.pk}" value="368"' in page
    assert "The season goes on" in page


def test_no_says_why_and_the_agent_is_told(client, staff, wish, code, mailoutbox):
    assert "Declined: CODE." in answer(client, "decline", wish, answer="The offer is over")
    wish.refresh_from_db()
    assert (wish.state, wish.answer) == ("declined", "The offer is over")
    assert history(code)[-1] == "Declined more time: The offer is over"
    sending.run()
    assert "* CODE\n  The office said no: The offer is over" in mailoutbox[0].body


def test_an_agent_without_mail_reads_the_answer_where_it_asked(client, anna, code, mailoutbox):
    Preference.objects.create(user=anna.user, wants_mail=False)
    page = ask_on_the_page(client, anna, code).content.decode()
    assert "The office was asked for more time for CODE. The answer will be where you asked." in page
    Wish.objects.update(state="declined", answer="The offer is over", answered_at=NOW)
    sending.run()
    page = client.get(f"/codes/{code.pk}/more-time/").content.decode()
    assert "You asked before: “Please” <strong>The office said no: The offer is over</strong>" in page
    assert not mailoutbox


def test_the_wish_of_an_earlier_agent_is_not_shown_to_the_present_one(client, anna, code, wish):
    Wish.objects.update(state="declined", answer="The offer is over", answered_at=NOW)
    eve = make_reachable("Eve Other")
    ReferralCode.objects.update(agent=eve)
    client.force_login(eve.user, "django.contrib.auth.backends.ModelBackend")
    assert "You asked before" not in client.get(f"/codes/{code.pk}/more-time/").content.decode()


def test_an_answer_is_told_once(client, staff, wish, clock, mailoutbox):
    answer(client, "decline", wish, answer="No")
    sending.run()
    clock.move_to(NOW + DAY / 2)
    sending.run()
    clock.move_to(NOW + 4 * DAY)
    sending.run()
    assert ["The office said no" in mail.body for mail in mailoutbox] == [True, False]


def test_several_are_answered_at_once(client, staff, anna, wish):
    second = wishes.ask(make_older_code("SECOND", agent=anna, expires_at=NOW - DAY), anna, "Too")
    answer(client, "grant", wish, second, **{f"days_{wish.pk}": 10, f"days_{second.pk}": 20})
    assert sorted(ReferralCode.objects.values_list("code", "expires_at")) == [
        ("CODE", NOW + 13 * DAY), ("SECOND", NOW + 20 * DAY),
    ]  # fmt: skip
    assert set(Wish.objects.values_list("state", flat=True)) == {"granted"}


ONE_LEFT_OUT = "1 wish does not wait for an answer any more, and was left out."


@pytest.mark.parametrize(
    ("action", "fields", "said"),
    [("grant", {"days": 5}, "SECOND was extended by 5 days."), ("decline", {"answer": "No"}, "Declined: SECOND.")],
)
def test_what_somebody_else_has_answered_meanwhile_is_left_out_and_said(
    client, staff, anna, wish, action, fields, said
):
    second = wishes.ask(make_older_code("SECOND", agent=anna, expires_at=NOW + DAY), anna, "Too")
    Wish.objects.filter(pk=wish.pk).update(state="declined")
    if "days" in fields:
        fields = {f"days_{one.pk}": fields["days"] for one in (wish, second)}
    page = answer(client, action, wish, second, **fields)
    assert said in page
    assert ONE_LEFT_OUT in page
    wish.refresh_from_db()
    assert (wish.state, wish.answer) == ("declined", "")


@pytest.mark.parametrize(("action", "done"), [("grant", "was extended"), ("decline", "Declined")])
def test_of_two_who_answer_at_the_same_moment_the_second_is_told(client, staff, wish, monkeypatch, action, done):
    def after_the_other(pks):
        Wish.objects.update(state="declined")
        return locked(pks)

    locked = wishes._locked
    monkeypatch.setattr(wishes, "_locked", after_the_other)
    page = answer(client, action, wish, answer="No", **{f"days_{wish.pk}": 10})
    assert ONE_LEFT_OUT in page
    assert done not in page


@pytest.mark.parametrize("days", ["", "0", "-1", "4000", "x"])
def test_days_that_cannot_be_are_refused(client, staff, wish, days):
    assert "errorlist" in answer(client, "grant", wish, **{f"days_{wish.pk}": days})
    wish.refresh_from_db()
    assert wish.state == "open"


def test_a_code_that_was_extended_otherwise_closes_the_wish(client, staff, wish, mailoutbox, clock):
    extend(ReferralCode.objects.all(), 90)
    assert not Wish.objects.waiting().exists()
    assert "None of these waits for an answer any more." in answer(client, "grant", wish, **{f"days_{wish.pk}": 1})
    sending.run()
    wish.refresh_from_db()
    assert wish.state == "overtaken"
    assert history(wish.code)[-1] == "The wish for more time closed: the code has got more time otherwise."
    assert "It works until: 22 Feb 2027, 02:00 UTC." in mailoutbox[0].body


def test_a_wish_closes_itself_after_thirty_days(wish, code, clock, mailoutbox):
    clock.move_to(NOW + 30 * DAY - timedelta(seconds=1))
    assert Wish.objects.waiting().exists()
    clock.move_to(NOW + 30 * DAY)
    assert not Wish.objects.waiting().exists()
    sending.run()
    wish.refresh_from_db()
    assert wish.state == "lapsed"
    assert history(code)[-1] == "The wish for more time closed: not answered in 30 days."
    assert "The office has not answered within 30 days. You can ask again." in mailoutbox[0].body


def test_after_an_answer_one_can_ask_again(client, staff, wish, code, anna):
    answer(client, "decline", wish, answer="No")
    assert wishes.ask(code, anna, "Really not?").state == "open"


def test_the_front_page_of_staff_says_how_many_wait(client, staff, wish):
    assert "1 wish for more time waits for an answer." in client.get("/admin/").content.decode()
    assert "CODE" in client.get("/admin/notices/wish/?state=waiting").content.decode()


def test_the_right_to_change_codes_is_the_right_to_answer(client, wish):
    client.force_login(make_staff("viewer", "view_referralcode"), "django.contrib.auth.backends.ModelBackend")
    assert "wish" not in client.get("/admin/").content.decode()
    assert client.get("/admin/notices/wish/").status_code == 403
    assert client.post("/admin/notices/wish/", {"action": "decline"}).status_code == 403


def test_staff_who_may_delete_a_code_may_though_there_is_a_wish(client, wish, code):
    client.force_login(
        make_staff("deleter", "view_referralcode", "delete_referralcode"), "django.contrib.auth.backends.ModelBackend"
    )
    client.post(f"/admin/main/referralcode/{code.pk}/delete/", {"post": "yes"})
    assert not ReferralCode.objects.exists()
