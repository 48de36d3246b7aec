"""Many codes at once: agents, a pattern and an end; shown first, then created by one click, all or none."""

import re
from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.core.exceptions import ValidationError

from main.admin import many
from main.codes.creating import free_texts
from main.importing import writing
from main.models import CodeImport, ReferralCode, UserProfile
from tests.conftest import NOW, latest_import, make_agent, make_code
from tests.staff import make_staff
from tests.test_admin_import import text_of, told

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]

ADDRESS = "/admin/main/referralcode/many/"
FIELDS = {"agents": "", "each": "1", "pattern": "{agent}-{discount}", "discount": "20",
          "expires_at_0": "", "expires_at_1": "", "coming_end": ""}  # fmt: skip


@pytest.fixture
def staff(client):
    user = make_staff("clara")
    client.force_login(user)
    return user


def ask(client, **fields):
    return client.post(ADDRESS, FIELDS | fields)


def faults(response):
    return {name: list(errors) for name, errors in response.context["form"].errors.items()}


def sealed_in(response):
    found = re.search('name="codes_to_create" value="([^"]+)"', response.content.decode())
    return found and found[1]


def confirm(client, response):
    return client.post(ADDRESS, {"codes_to_create": sealed_in(response)}, follow=True)


def rows_of(response):
    row = r'<tr><th scope="row" class="field-code">(.*?)</th><td class="field-agent">(.*?)</td></tr>'
    return re.findall(row, response.content.decode())


def stored():
    return list(ReferralCode.objects.order_by("code").values_list("code", "agent__name", "discount", "expires_at"))


def test_the_codes_are_shown_before_they_are_created(client, staff, john):
    make_agent("Maria Garcia", email="maria@example.com")
    response = ask(client, agents="john  SMITH\n\n maria@example.com\r\nJohn Smith", coming_end="7")
    assert rows_of(response) == [("JOHN-20", "John Smith"), ("MARIA-20", "Maria Garcia")]
    assert "2 codes would be created with 20 %, until end of 28 Nov 2026 UTC. Nothing was stored." in text_of(response)
    assert stored() == []
    done = confirm(client, response)
    end = datetime(2026, 11, 29, tzinfo=UTC)
    assert stored() == [("JOHN-20", "John Smith", 20, end), ("MARIA-20", "Maria Garcia", 20, end)]
    assert done.redirect_chain == [(f"/admin/main/referralcode/?imported_by={latest_import().pk}", 302)]


def test_they_are_in_the_ledger_of_imports_and_can_be_taken_as_a_file_and_undone(client, staff):
    done = confirm(client, ask(client, pattern="spring-{number}", each="3"))
    entry = latest_import()
    address = f"/admin/main/referralcode/csv/?imported_by={entry.pk}"
    assert told(done) == [f'3 codes were created. <a href="{address}">Download them as CSV</a>']
    assert (entry.person, entry.file_name) == ("clara", "many at once: spring-{number}")
    assert (entry.code_count, entry.expired_count) == (3, 0)
    file = b"".join(client.get(address).streaming_content).decode().splitlines()
    assert sorted(line.split(",")[0] for line in file[1:]) == ["SPRING-1", "SPRING-2", "SPRING-3"]
    client.post(f"/admin/main/codeimport/{entry.pk}/undo/")
    assert stored() == []


def test_who_may_not_download_codes_gets_no_link_to_do_so(client):
    client.force_login(make_staff("clara", "add_referralcode", "view_referralcode"))
    assert told(confirm(client, ask(client))) == ["1 code was created. "]


def test_all_agents_who_can_sign_in(client, staff, john):
    make_agent("Petros Müller", is_active=False)
    client_of = make_agent("Ana")
    client_of.role = "client"
    client_of.save()
    assert rows_of(ask(client, everyone="on", each="2", pattern="{agent}{number}")) == [
        ("JOHN1", "John Smith"), ("JOHN2", "John Smith"),
    ]  # fmt: skip


def test_where_nobody_can_sign_in_there_is_nothing_to_create(client, staff):
    make_agent("Petros Müller", is_active=False)
    assert faults(ask(client, everyone="on")) == {"everyone": ["There is no agent who can sign in."]}


def test_codes_that_would_not_work_are_told(client, staff):
    make_agent("Petros Müller", is_active=False)
    assert "1 of them would not work: the agent is switched off." in text_of(ask(client, agents="Petros Müller"))


def test_what_is_taken_or_comes_twice_has_letters_and_digits_more(client, staff):
    make_code("code-20")
    rows = rows_of(ask(client, each="15"))
    assert all(re.fullmatch("CODE-20([A-HJKMNP-Z][2-9]){1,3}", code) for code, _ in rows)
    assert len({code for code, _ in rows}) == 15


def test_ten_thousand_of_one_pattern_are_free_and_cost_few_queries(django_assert_max_num_queries):
    make_code("A")
    with django_assert_max_num_queries(80):
        texts = free_texts(["A"] * 10_000)
    assert len(set(texts)) == 10_000
    assert "A" not in texts


def test_a_text_that_no_code_can_have_is_refused_and_does_not_go_on_for_ever():
    for wrong in ("A" * 65, "A\u200bB", ""):
        with pytest.raises(ValidationError):
            free_texts([wrong, wrong])
    with pytest.raises(ValidationError):
        free_texts(["A" * 63] * 2)


def test_ten_thousand_codes_can_be_shown_and_not_one_more(client, staff):
    assert faults(ask(client, each="10001")) == {"each": ["Ensure this value is less than or equal to 10000."]}
    preview = ask(client, each="10000", pattern="n{number}")
    assert len(rows_of(preview)) == 20
    assert "… and 9980 more" in text_of(preview)
    assert len(sealed_in(preview)) < 2**20  # Django takes 2.5 MB of fields


def test_no_code_costs_a_query_of_its_own(client, staff, john, django_assert_max_num_queries):
    preview = ask(client, agents="John Smith", each="600", pattern="n{number}")
    with django_assert_max_num_queries(60):
        assert told(confirm(client, preview))[0].startswith("600 codes were created.")
    assert john.referral_codes.count() == 600


def test_agents_times_codes_are_counted(client, staff, john):
    make_agent("Maria Garcia")
    for fields in ({"everyone": "on"}, {"agents": "John Smith\nMaria Garcia"}):
        assert faults(ask(client, each="5001", **fields)) == {"each": ["At most 10000 codes are created at once."]}


@pytest.mark.parametrize(
    ("fields", "expected"),
    [
        ({"agents": "Ana\nJohn Smith\nbo@example.com"}, {
            "agents": ["line 1: no agent is called 'Ana'", "line 3: no agent has the address bo@example.com"],
        }),
        ({"agents": "John Smith", "everyone": "on"}, {"everyone": ["Name agents or take all of them, but not both."]}),
        ({"each": "0"}, {"each": ["Ensure this value is greater than or equal to 1."]}),
        ({"pattern": "{name}"}, {"pattern": ["Write {agent}, {discount} and {number} in braces, and nothing else."]}),
        ({"pattern": "A" * 65}, {"pattern": ["Ensure this value has at most 64 characters (it has 65)."]}),
        ({"discount": "1.234"}, {"discount": ["Ensure that there are no more than 2 decimal places."]}),
        ({"discount": ""}, {"discount": ["This field is required."]}),
        ({"discount": "101"}, {"discount": ["Ensure this value is less than or equal to 100."]}),
        ({"expires_at_0": "20/11/2026"}, {"expires_at": ["This has passed: codes that do not work are not created."]}),
        ({"expires_at_0": "24/12/2026", "coming_end": "7"}, {
            "coming_end": ["Write the end of the codes or choose it, but not both."],
        }),
    ],
)  # fmt: skip
def test_what_is_wrong_is_said_at_its_field(client, staff, john, fields, expected):
    assert faults(ask(client, **fields)) == expected


@pytest.mark.parametrize("pattern", ["X\u0301", "{agent}" * 9 + "X", "a\u200bb", "A" * 64])
def test_a_pattern_that_makes_no_code_or_one_that_is_too_long_is_refused(client, staff, pattern):
    name = "Alexander Great" if "{agent}" not in pattern else "ﷺﷺﷺﷺﷺ"
    make_agent(name)
    assert list(faults(ask(client, agents=name, pattern=pattern, each="2"))) == ["pattern"]
    assert stored() == []


def test_two_agents_of_one_name_need_an_address(client, staff, john):
    make_agent("Johnny").__class__.objects.filter(name="Johnny").update(name="John Smith")
    assert faults(ask(client, agents="John Smith")) == {
        "agents": ["line 1: 2 agents are called 'John Smith': give an address that only one has"]
    }


def test_sent_twice_they_are_created_once(client, staff):
    preview = ask(client)
    first, second = confirm(client, preview), confirm(client, preview)
    number = latest_import().pk
    assert told(second) == [f"Nothing was created a second time: these codes are import {number}."]
    assert first.redirect_chain == second.redirect_chain
    assert (CodeImport.objects.count(), ReferralCode.objects.count()) == (1, 1)


def test_a_code_that_somebody_takes_meanwhile_stops_all_of_them(client, staff):
    preview = ask(client, each="3", pattern="n{number}")
    make_code("N2")
    assert told(confirm(client, preview)) == [
        "Nothing was created: somebody took one of these codes meanwhile. Make the list anew."
    ]
    assert [code for code, *_ in stored()] == ["N2"]
    assert not CodeImport.objects.exists()


def test_where_both_clicks_of_a_double_click_run_at_once_the_second_says_that_they_are_there(
    client, staff, monkeypatch
):
    preview, again = ask(client), []

    def write_after_the_other(*arguments):
        monkeypatch.setattr(many, "write", writing.write)
        again.append(confirm(client, preview))
        writing.write(*arguments)

    monkeypatch.setattr(many, "write", write_after_the_other)
    assert told(confirm(client, preview))[-1].startswith("Nothing was created a second time")
    assert ReferralCode.objects.count() == 1


def test_an_agent_who_is_deleted_meanwhile_stops_all_of_them(client, staff, john):
    preview = ask(client, agents="John Smith")
    john.delete()
    assert told(confirm(client, preview))[0].startswith("Nothing was created: ")
    assert stored() == []


def test_an_end_that_passes_meanwhile_stops_all_of_them(client, staff, clock):
    preview = ask(client, expires_at_0="21/11/2026", expires_at_1="02:10")
    clock.shift(timedelta(minutes=10))
    assert told(confirm(client, preview)) == ["Nothing was created: the end of these codes has passed meanwhile."]
    assert stored() == []


def test_a_list_that_was_changed_or_is_old_creates_nothing(client, staff, clock):
    preview = ask(client)
    complaint = ["Nothing was created: the list is older than an hour. Make it anew."]
    for wrong in ("", "x", sealed_in(preview)[1:]):
        assert told(client.post(ADDRESS, {"codes_to_create": wrong}, follow=True)) == complaint
    clock.shift(timedelta(hours=1, seconds=1))
    assert told(confirm(client, preview)) == complaint
    assert stored() == []


def test_without_the_right_to_add_codes_there_is_neither_a_link_nor_a_page(client):
    client.force_login(make_staff("looker", "view_referralcode", "change_referralcode"))
    assert ADDRESS not in client.get("/admin/main/referralcode/").content.decode()
    assert client.get(ADDRESS).status_code == client.post(ADDRESS).status_code == 403


def test_the_list_leads_to_it(client, staff):
    assert f'<a href="{ADDRESS}">Add many</a>' in client.get("/admin/main/referralcode/").content.decode()


def test_a_discount_is_stored_as_written(client, staff):
    confirm(client, ask(client, discount="12,5"))
    assert [discount for _, _, discount, _ in stored()] == [Decimal("12.50")]
    assert UserProfile.objects.count() == 0
    assert ReferralCode.objects.get().updated_at == NOW
