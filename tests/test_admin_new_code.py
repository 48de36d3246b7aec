"""The form of a new code: a free code is proposed, an end can be chosen, and somebody has to say the discount."""

from datetime import UTC, date, datetime

import pytest

from main.codes.dates import coming_days
from main.models import ReferralCode
from tests.conftest import make_code
from tests.test_admin_code_form import ADD, fill_in
from tests.test_admin_hint import NEW

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("staff_signed_in", "four_in_the_morning_in_athens")]

# In Athens it is the 21st of November.
ENDS = {
    "7": ("7 days: end of 28 Nov 2026 EET", datetime(2026, 11, 28, 22, tzinfo=UTC)),
    "30": ("30 days: end of 21 Dec 2026 EET", datetime(2026, 12, 21, 22, tzinfo=UTC)),
    "90": ("90 days: end of 19 Feb 2027 EET", datetime(2027, 2, 19, 22, tzinfo=UTC)),
    "month": ("this month: end of 30 Nov 2026 EET", datetime(2026, 11, 30, 22, tzinfo=UTC)),
    "year": ("this year: end of 31 Dec 2026 EET", datetime(2026, 12, 31, 22, tzinfo=UTC)),
}


def hint(client, **fields):
    form = {"code": "", "agent": "", "discount": "", "status": "active", "expires_at_0": "", "expires_at_1": ""}
    return client.post(NEW, form | fields).json()


@pytest.mark.parametrize("name", ENDS)
def test_an_end_can_be_chosen(client, name):
    words, end = ENDS[name]
    assert f'<option value="{name}">{words}</option>' in client.get(ADD).content.decode()
    assert hint(client, coming_end=name)["sentence"] == f"Once saved, the code works until {words.partition(': ')[2]}."
    fill_in(client, coming_end=name)
    assert ReferralCode.objects.get().expires_at == end


@pytest.mark.parametrize(
    ("today", "days"),
    [
        (date(2026, 11, 30), ["2026-12-07", "2026-12-30", "2027-02-28", "2026-11-30", "2026-12-31"]),
        (date(2027, 12, 31), ["2028-01-07", "2028-01-30", "2028-03-30", "2027-12-31", "2027-12-31"]),
        (date(2028, 2, 1), ["2028-02-08", "2028-03-02", "2028-05-01", "2028-02-29", "2028-12-31"]),
    ],
)
def test_the_ends_of_months_and_years_are_days_of_the_calendar(today, days):
    assert [str(day) for day in coming_days(today).values()] == days


def test_an_end_is_written_or_chosen_but_not_both(client):
    both = {"coming_end": "7", "expires_at_0": "24/12/2026"}
    complaint = "Write the end of the code or choose it, but not both."
    assert fill_in(client, **both) == {"coming_end": [complaint]}
    assert hint(client, **both)["sentence"] == f"This cannot be saved. {complaint}"
    assert not ReferralCode.objects.exists()


def test_an_end_that_is_not_offered_is_refused(client):
    assert list(fill_in(client, coming_end="8")) == ["coming_end"]


def test_the_discount_is_asked_for(client):
    assert 'name="discount" value' not in client.get(ADD).content.decode()
    assert fill_in(client, discount="") == {"discount": ["This field is required."]}
    assert 'name="discount" value="5"' in client.get(f"{ADD}?discount=5").content.decode()
    fill_in(client, discount="0")
    assert ReferralCode.objects.get().discount == 0


def test_the_form_of_a_code_that_is_there_is_as_it_was(client):
    page = client.get(f"/admin/main/referralcode/{make_code('A-1', discount=5).pk}/change/").content.decode()
    assert 'name="discount" value="5.00"' in page
    assert "coming_end" not in page


def test_a_code_that_nobody_wrote_is_made_from_the_agent_and_the_discount(client, john):
    fill_in(client, code=" ", agent=john.pk, discount="12,5")
    fill_in(client, code="", discount="5")
    assert list(ReferralCode.objects.order_by("id").values_list("code", flat=True)) == ["JOHN-12.5", "CODE-5"]


def test_where_it_is_taken_it_has_a_letter_and_a_digit_more(client, john):
    make_code("john-20")
    fill_in(client, code="", agent=john.pk)
    assert ReferralCode.objects.filter(code__regex="^JOHN-20[A-HJKMNP-Z][2-9]$").count() == 1


@pytest.mark.parametrize(
    ("fields", "faulty"), [({"discount": ""}, "discount"), ({"discount": "x"}, "discount"), ({"agent": "99"}, "agent")]
)
def test_nothing_is_made_from_what_is_wrong(client, fields, faulty):
    assert list(fill_in(client, **{"code": "", **fields})) == [faulty]


def test_the_proposal_is_said_before_the_save(client, john):
    assert hint(client, agent=john.pk, discount="20")["proposal"] == "JOHN-20"
    assert hint(client, agent=john.pk)["proposal"] == ""
    assert hint(client, agent=john.pk, discount="20", code="mine")["proposal"] == ""
    code = make_code("A-1", agent=john)
    url = f"/admin/main/referralcode/{code.pk}/what-a-save-does/"
    assert client.post(url, {"code": "", "discount": "20", "status": "active"}).json()["proposal"] == ""
    assert ReferralCode.objects.count() == 1
