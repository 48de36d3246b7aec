"""Promises and redemptions: one for an order, at the discount that was promised, whatever is repeated."""

import re
from datetime import timedelta
from decimal import Decimal
from threading import Barrier, Thread

import pytest
from django.core.exceptions import ValidationError
from django.db import connection
from django.db.models import ProtectedError

from main.checkout.checking import Reason, check_code
from main.checkout.models import Redemption
from main.checkout.promises import promise
from main.checkout.redeeming import NotRedeemed, OrderTaken, redeem, void
from main.codes import editing
from main.models import ExpirationRun, ReferralCode
from main.sweep.chosen import expire_now
from main.sweep.run import sweep
from main.sweep.undo import undo
from tests.conftest import INSTANT, NOW, make_code
from tests.staff import make_staff

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]
END = NOW + timedelta(minutes=10)


@pytest.fixture
def code(john):
    return make_code("JOHNS-20", agent=john, discount=20, expires_at=END)


def refusal(*args, **kwargs):
    with pytest.raises(NotRedeemed) as refused:
        redeem(*args, **kwargs)
    return refused.value.reason


def test_a_code_is_redeemed_for_an_order(code):
    done = redeem("johns-20", order="A-1", amount=Decimal("49.90"), currency="EUR")
    stored = Redemption.objects.get()
    assert done == stored
    for row in (done, stored):
        assert (row.shop, row.order, row.code, row.discount) == ("", "A-1", code, Decimal("20.00"))
        assert (row.amount, row.currency) == (Decimal("49.90"), "EUR")
        assert (row.redeemed_at, row.promised_at, row.voided_at) == (NOW, None, None)


def test_it_is_one_statement(code, django_assert_num_queries):
    redeem("johns-20", order="A-0")
    with django_assert_num_queries(1):
        redeem("johns-20", order="A-1")


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"expires_at": NOW}, Reason.EXPIRED),
        ({"status": "inactive"}, Reason.SWITCHED_OFF),
        ({"code": "OTHER"}, Reason.UNKNOWN),
    ],
)
def test_a_code_that_does_not_work_is_not_redeemed(code, change, reason):
    ReferralCode.objects.update(**change)
    assert refusal("johns-20", order="A-1") == reason
    assert not Redemption.objects.exists()


def test_a_code_is_redeemed_until_just_before_its_date(code):
    assert redeem("johns-20", order="A-1", now=END - INSTANT)
    assert refusal("johns-20", order="A-2", now=END) == Reason.EXPIRED


def test_a_repeated_order_is_the_same_redemption_whatever_has_happened_since(code, clock):
    first = redeem("johns-20", order="A-1", amount=5, currency="EUR")
    clock.shift(timedelta(days=1))
    editing.switch_off(ReferralCode.objects.all())
    again = redeem("JOHNS–20", order="A-1", amount=Decimal("5.00"), currency="EUR")
    assert (again.pk, again.redeemed_at) == (first.pk, NOW)
    assert Redemption.objects.count() == 1


@pytest.mark.parametrize(
    "other", [{"amount": 6, "currency": "EUR"}, {"amount": 5, "currency": "USD"}, {}, {"code": "OTHER"}]
)
def test_an_order_with_other_data_is_refused(code, other):
    make_code("OTHER")
    first = redeem("johns-20", order="A-1", amount=5, currency="EUR")
    data = {"amount": 5, "currency": "EUR", **other} if "code" in other else other
    with pytest.raises(OrderTaken) as taken:
        redeem(data.pop("code", "johns-20"), order="A-1", **data)
    assert taken.value.redemption == first
    assert Redemption.objects.count() == 1


def test_each_shop_has_its_own_order_numbers(code):
    assert len({redeem("johns-20", order="A-1", shop=shop).pk for shop in ("", "one", "two")}) == 3


@pytest.mark.parametrize(
    ("data", "sentence"),
    [
        ({"order": ""}, "The order has no number."),
        ({"order": "A" * 129}, "The order is one line of at most 128 printable characters."),
        ({"order": "A\0"}, "The order is one line of at most 128 printable characters."),
        ({"order": " A"}, "The order is one line of at most 128 printable characters."),
        ({"amount": 5}, "Give an amount with its currency, or neither."),
        ({"currency": "EUR"}, "Give an amount with its currency, or neither."),
        ({"amount": 5, "currency": "euro"}, "The currency is three capital letters, such as EUR."),
        *(
            ({"amount": amount, "currency": "EUR"}, "The amount is from 0 to below 1000000000, with at most three")
            for amount in (-1, Decimal("0.0001"), Decimal("NaN"), Decimal("Infinity"), 10**9)
        ),
    ],
)
def test_what_cannot_be_stored_is_refused(code, data, sentence):
    with pytest.raises(ValueError, match=sentence):
        redeem("johns-20", **{"order": "A-1", **data})
    assert not Redemption.objects.exists()


# Promises


def test_a_promise_holds_though_the_date_passes_and_the_sweep_marks_the_code(code, clock):
    text = promise(check_code("johns-20"))
    ReferralCode.objects.update(discount=5)
    clock.move_to(END)
    sweep(ExpirationRun.StartedBy.COMMAND)
    assert refusal("johns-20", order="A-1") == Reason.EXPIRED
    done = redeem(text, order="A-1")
    assert (done.code, done.discount, done.promised_at, done.redeemed_at) == (code, Decimal("20.00"), NOW, END)


def test_a_promise_holds_for_its_minutes_and_no_longer(code, clock, settings):
    text = promise(check_code("johns-20"))
    over = NOW + timedelta(minutes=15)
    assert redeem(text, order="A-1", now=over - INSTANT)
    assert refusal(text, order="A-2", now=over) == Reason.PROMISE_OVER
    settings.PROMISE_MINUTES = 20
    assert redeem(text, order="A-2", now=over)


def test_an_order_is_repeated_with_a_promise_that_is_over_or_made_anew(code):
    text = promise(check_code("johns-20"))
    first = redeem(text, order="A-1")
    assert redeem(text, order="A-1", now=NOW + timedelta(days=1)) == first
    assert redeem(promise(check_code("johns-20", now=NOW + INSTANT)), order="A-1") == first
    assert redeem("johns-20", order="A-1") == first


def test_a_promise_does_not_hold_once_a_person_ended_the_code_or_its_agent(code, john):
    text = promise(check_code("johns-20"))
    john.user.is_active = False
    john.user.save()
    assert refusal(text, order="A-1") == Reason.AGENT_INACTIVE
    john.user.is_active = True
    john.user.save()
    editing.switch_off(ReferralCode.objects.all())
    assert refusal(text, order="A-1") == Reason.SWITCHED_OFF
    editing.reactivate(ReferralCode.objects.all())
    assert redeem(text, order="A-0")
    expire_now(ReferralCode.objects.all())
    assert refusal(text, order="A-1") == Reason.SWITCHED_OFF
    ReferralCode.objects.update(code="OTHER", status="active", expires_at=NOW, expired_at=None)
    assert refusal(text, order="A-1") == Reason.SWITCHED_OFF  # a person moved its date to before the promise


def test_a_promise_that_was_changed_is_none(code):
    make_code("OTHER", discount=90)
    text = promise(check_code("johns-20"))
    for place in range(len("promise:"), len(text)):
        changed = text[:place] + ("A" if text[place] != "A" else "B") + text[place + 1 :]
        assert refusal(changed, order="A-1") == Reason.PROMISE_INVALID
    assert refusal(text + "A", order="A-1") == Reason.PROMISE_INVALID
    assert not Redemption.objects.exists()


def test_a_promise_of_another_secret_is_none(code, settings):
    text = promise(check_code("johns-20"))
    settings.SECRET_KEY = "another"
    assert refusal(text, order="A-1") == Reason.PROMISE_INVALID


def test_a_promise_of_a_clock_that_is_ahead_does_not_hold(code):
    slightly, far = (promise(check_code("johns-20", now=NOW + timedelta(seconds=ahead))) for ahead in (5, 6))
    assert redeem(slightly, order="A-1")
    assert refusal(far, order="A-2") == Reason.PROMISE_INVALID


def test_what_does_not_work_is_not_promised(code):
    with pytest.raises(ValueError, match="Only a code that works can be promised."):
        promise(check_code("nobodys"))


# Voiding, and what keeps a redemption


def test_a_voided_redemption_stays_and_counts_no_more(code, clock):
    redeem("johns-20", order="A-1")
    voided = void("A-1")
    clock.shift(60)
    assert void("A-1") == voided == Redemption.objects.get()
    assert Redemption.objects.get().voided_at == NOW
    assert not Redemption.objects.counted().exists()
    assert redeem("johns-20", order="A-1").voided_at == NOW


def test_an_order_without_redemption_is_not_voided(code):
    redeem("johns-20", order="A-1", shop="one")
    for order, shop in [("A-1", ""), ("A-2", "one")]:
        with pytest.raises(Redemption.DoesNotExist):
            void(order, shop=shop)


def test_expiry_undo_switching_off_and_a_new_discount_change_no_redemption(code, clock):
    redeem("johns-20", order="A-1", amount=5, currency="EUR")
    before = list(Redemption.objects.values())
    clock.move_to(END)
    undo(sweep(ExpirationRun.StartedBy.COMMAND), ExpirationRun.StartedBy.COMMAND)
    code.refresh_from_db()
    code.discount, code.code = 1, "RENAMED"
    code.save()
    editing.switch_off(ReferralCode.objects.all())
    assert list(Redemption.objects.values()) == before


def test_an_order_is_repeated_by_the_name_that_its_code_had(code):
    first = redeem("johns-20", order="A-1")
    code.code = "RENAMED"
    code.save()
    again = redeem("JOHNS–20", order="A-1")
    assert (again, again.is_new, again.code_then) == (first, False, "JOHNS-20")
    make_code("JOHNS-20")  # another one takes the name
    assert redeem("johns-20", order="A-1") == first
    with pytest.raises(OrderTaken):
        redeem("renamed", order="A-1")
    assert redeem("renamed", order="A-2").code == code


def test_a_redemption_of_before_names_were_kept_has_the_present_name(code):
    first = redeem("johns-20", order="A-1")
    Redemption.objects.update(code_text="")
    again = redeem("johns-20", order="A-1")
    assert (again, again.code_then) == (first, "JOHNS-20")


def test_a_redeemed_code_is_not_deleted(code):
    redeem("johns-20", order="A-1")
    void("A-1")
    with pytest.raises(ProtectedError):
        code.delete()
    assert ReferralCode.objects.get() == code


def test_staff_are_not_offered_to_delete_a_redeemed_code(code, client):
    client.force_login(make_staff(), "django.contrib.auth.backends.ModelBackend")
    make_code("JOHNS-10", agent=code.agent)

    def offered():
        page = client.get(f"/profile/{code.agent_id}/").content.decode()
        return re.findall(r'>Delete<span class="only-read-aloud"> (.+)</span>', page)

    assert offered() == ["JOHNS-20", "JOHNS-10"]
    redeem("johns-20", order="A-1")
    assert offered() == ["JOHNS-10"]
    asked = client.get(f"/profile/{code.agent_id}/codes/{code.pk}/delete/")
    assert asked.url == f"/profile/{code.agent_id}/"


@pytest.mark.parametrize("count", [1, 20])
def test_what_is_redeemed_is_asked_once_for_all_codes_of_a_page(john, django_assert_num_queries, count):
    codes = [make_code(f"JOHNS-{number}", agent=john) for number in range(count)]
    for code in codes:
        redeem(code.code, order=code.code)
    with django_assert_num_queries(2):  # the redemptions, and the runs that had the code before
        assert editing.referred_to(codes) == {code.pk for code in codes}


def test_staff_who_delete_a_redeemed_code_are_told_why_it_is_kept(code, client):
    redeem("johns-20", order="A-1")
    client.force_login(make_staff(), "django.contrib.auth.backends.ModelBackend")
    on_page = client.post(f"/profile/{code.agent_id}/codes/{code.pk}/delete/", {"confirm": "yes"}, follow=True)
    assert "JOHNS-20 was not deleted: it was redeemed, or other records need it." in on_page.content.decode()
    for address, data in [
        (f"/admin/main/referralcode/{code.pk}/delete/", {"post": "yes"}),
        ("/admin/main/referralcode/", {"action": "delete_selected", "_selected_action": [code.pk], "post": "yes"}),
    ]:
        page = client.post(address, data).content.decode()
        assert "These codes are kept" in page
        assert "JOHNS-20, redeemed or needed by other records" in page
    assert ReferralCode.objects.get() == code


def test_the_model_refuses_what_redeem_refuses(code):
    for data in ({"amount": 1}, {"currency": "EUR"}, {"amount": -1, "currency": "EUR"}, {"order": "A\n"}):
        with pytest.raises(ValidationError):
            Redemption(**{"order": "A-1", "code": code, "discount": 1, "redeemed_at": NOW, **data}).full_clean()


# At once


@pytest.mark.skipif("connection.vendor != 'postgresql'", reason="SQLite in memory does not wait for its lock")
@pytest.mark.django_db(transaction=True)
def test_one_order_from_many_at_once_is_one_redemption():
    make_code("JOHNS-20", expires_at=END)
    start, done = Barrier(4), []

    def customer():
        start.wait()
        try:
            done.append(redeem("johns-20", order="A-1").pk)
        finally:
            connection.close()

    threads = [Thread(target=customer) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert done == [Redemption.objects.get().pk] * 4
