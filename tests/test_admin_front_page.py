"""The staff's front page: figures that agree with the list, the weeks, and whether the schedule is alive."""

import re
from datetime import UTC, date, datetime, timedelta

import pytest

from main.notices import wishes
from main.staff.chart import FLOOR, TOP, WIDTH, chart_of
from main.staff.dashboard import Dashboard, Week, weeks
from tests.conftest import NOW, make_agent, make_code
from tests.staff import make_run, make_staff

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock", "staff_signed_in")]

DAY = timedelta(days=1)
TICK = timedelta(microseconds=1)
LIST = "/admin/main/referralcode/"
SILENT = "No scheduled run has completed for 26 hours."


def front_page(client):
    return re.sub(r"\s+", " ", client.get("/admin/").content.decode())


def test_each_figure_leads_to_as_many_codes(client):
    gone = make_agent("Gone Gary", is_active=False)
    for number, ends in enumerate([None, None, NOW + DAY, NOW + 2 * DAY, NOW + 3 * DAY, NOW + 40 * DAY, NOW - DAY]):
        make_code(f"A-{number}", expires_at=ends)
        make_code(f"B-{number}", expires_at=ends, agent=gone)
    page = front_page(client)
    links = re.findall(r'<li[^>]*><a href="([^"]+)">[^<]*<strong>(\d+)</strong>', page)
    assert [figure for _, figure in links] == ["6", "2", "3", "2"]
    for address, figure in links:
        assert client.get(address.replace("&amp;", "&")).context["cl"].result_count == int(figure)


def test_codes_are_counted_in_the_week_in_which_they_reach_their_date(settings):
    settings.TIME_ZONE = "Europe/Athens"
    monday = datetime(2026, 11, 15, 22, 0, tzinfo=UTC)  # 00:00 in Athens, of the week of NOW
    make_code("END-OF-SUNDAY", expires_at=monday)
    make_code("MONDAY", expires_at=monday + TICK)
    make_code("OVERDUE", expires_at=NOW)
    make_code("OFF", expires_at=NOW + TICK, status="inactive")
    make_code("NEXT", expires_at=monday + 7 * DAY + TICK)
    make_code("TOO-EARLY", expires_at=monday - 28 * DAY - timedelta(hours=1))  # summer time then
    make_code("LAST", expires_at=monday + 56 * DAY)
    make_code("TOO-LATE", expires_at=monday + 56 * DAY + TICK)
    make_code("EVER")
    counted = weeks(NOW)
    assert [f"{week.start:%d %b}" for week in counted] == [
        "19 Oct", "26 Oct", "02 Nov", "09 Nov", "16 Nov", "23 Nov", "30 Nov", "07 Dec", "14 Dec", "21 Dec", "28 Dec",
        "04 Jan",
    ]  # fmt: skip
    assert {f"{week.start:%d %b}": week[1:] for week in counted if week.total} == {
        "09 Nov": (0, 1, 0),
        "16 Nov": (0, 2, 1),
        "23 Nov": (1, 0, 0),
        "04 Jan": (1, 0, 0),
    }


def test_the_chart_stacks_to_the_floor_and_says_the_same_as_a_table(client):
    make_code("OVERDUE", expires_at=NOW - TICK)
    make_code("SOON", expires_at=NOW + TICK)
    page = front_page(client)
    assert '<rect class="overdue"' in page
    assert '<rect class="active"' in page
    assert '<rect class="inactive"' not in page
    week = f'<a href="{LIST}?week=2026-11-16">16 Nov 2026</a>'
    assert f'<th scope="row">{week}</th><td>1</td><td>1</td><td>0</td>' in page
    assert '<th scope="row">23 Nov 2026</th><td>0</td><td>0</td><td>0</td>' in page
    assert 'style="' not in page
    bar = chart_of([Week(NOW.date(), 1, 2, 1)], NOW.date()).bars[0]
    assert sum(part.height for part in bar.parts) == pytest.approx(FLOOR - TOP, abs=0.2)
    assert chart_of([Week(NOW.date(), 0, 0, 0)], NOW.date()).bars[0].parts == []


def test_today_is_marked_in_its_week():
    weeks = [Week(date(2026, 11, 16), 1, 0, 0), Week(date(2026, 11, 23), 1, 0, 0)]
    marks = [chart_of(weeks, date(2026, 11, day)).today for day in (15, 16, 22, 23, 29, 30)]
    room = WIDTH / 2 / 7  # of a day
    assert marks == [None, *(round((days + 0.5) * room, 1) for days in (0, 6, 7, 13)), None]


def test_a_bar_leads_to_the_codes_of_its_week_and_to_no_others(client, settings):
    settings.TIME_ZONE = "Europe/Athens"
    monday = datetime(2026, 11, 15, 22, 0, tzinfo=UTC)  # 00:00 in Athens
    make_code("END-OF-SUNDAY", expires_at=monday)
    make_code("MONDAY", expires_at=monday + TICK)
    make_code("OVERDUE", expires_at=NOW)
    make_code("OFF", expires_at=NOW + TICK, status="inactive")
    make_code("LAST", expires_at=monday + 7 * DAY)
    make_code("NEXT", expires_at=monday + 7 * DAY + TICK)
    make_code("EVER")
    bars = dict(re.findall(r'<a href="([^"]+)" aria-label="Week from ([^"]+)">', front_page(client)))
    found = {told: {code.code for code in client.get(link).context["cl"].result_list} for link, told in bars.items()}
    assert found == {
        "9 Nov 2026: 1 code": {"END-OF-SUNDAY"},
        "16 Nov 2026: 4 codes": {"MONDAY", "OVERDUE", "OFF", "LAST"},
        "23 Nov 2026: 1 code": {"NEXT"},
    }


@pytest.mark.parametrize("week", ["rubbish", "2026-13-01", "0001-01-01", "9999-12-31", "20261116T00"])
def test_a_week_that_there_is_not_leads_back_to_the_list(client, week):
    assert client.get(LIST, {"week": week})["Location"] == f"{LIST}?e=1"


def decisions_of(client):
    """The sentences under the heading, each with its link."""
    page = front_page(client).partition('<h2 id="decisions">')[2].partition("</section>")[0]
    return re.findall(r'<li>(?:<a href="([^"]+)">)?([^<]+)', page) or re.findall(r"<p>()([^<]+)", page)


def test_what_needs_a_decision_is_on_top_each_with_its_link(client):
    make_code("A-1", expires_at=NOW)
    make_code("A-2", expires_at=NOW + TICK)
    run = make_run(NOW - timedelta(hours=27), state="failed")
    john = make_agent("John Smith")
    wishes.ask(make_code("JOHNS-20", agent=john, expires_at=NOW + DAY), john, "Until spring, please")
    failed = (f"/admin/main/expirationrun/{run.pk}/change/", f"Run {run.pk} failed.")
    overdue = (f"{LIST}?state=overdue", "1 code is past its date and not marked inactive yet.")
    silent = ("#last-run", "No scheduled run has completed for 26 hours.")
    wish = ("/admin/notices/wish/?state=waiting", "1 wish for more time waits for an answer.")
    assert decisions_of(client) == [overdue, failed, silent, wish]
    client.force_login(make_staff("looker", "view_referralcode"))
    assert decisions_of(client) == [overdue, ("", failed[1]), silent]


def test_where_nothing_needs_a_decision_it_says_so(client):
    run = make_run(NOW - timedelta(hours=2), state="interrupted")
    assert decisions_of(client)[0][1] == f"Run {run.pk} was interrupted."
    make_run(NOW - timedelta(hours=1))
    assert decisions_of(client) == [("", "Nothing.")]


def test_codes_come_first_and_accounts_last(client):
    page = client.get("/admin/").context["app_list"]
    assert [app["app_label"] for app in page] == ["main", "checkout", "notices", "auth"]
    assert [model["object_name"] for model in page[0]["models"]] == [
        "ReferralCode", "UserProfile", "ExpirationRun", "CodeImport"
    ]  # fmt: skip


def test_before_the_first_run_it_says_so(client):
    page = front_page(client)
    assert "No run yet." in page
    assert SILENT in page


@pytest.mark.parametrize(
    ("ago", "fields", "silent"),
    [
        (timedelta(hours=26) - TICK, {}, False),
        (timedelta(hours=26), {}, True),
        (timedelta(hours=1), {"state": "undone"}, False),
        (timedelta(hours=1), {"state": "failed"}, True),
        (timedelta(hours=1), {"state": "running", "ended_at": None}, True),
        (timedelta(hours=1), {"started_by": "admin"}, True),
    ],
)
def test_it_is_alarmed_when_no_scheduled_run_has_completed_for_26_hours(client, ago, fields, silent):
    make_run(NOW - ago, **fields)
    assert (SILENT in front_page(client)) is silent
    assert Dashboard.now().silent_for == (26 if silent else None)


def test_the_hours_are_those_of_the_setting(client, settings):
    settings.EXPIRATION_OVERDUE_LIMIT = 1.5
    make_run(NOW - timedelta(hours=1, minutes=30))
    assert "No scheduled run has completed for 1.5 hours." in front_page(client)


def test_the_last_run_is_told_with_its_result_and_a_link(client):
    run = make_run(NOW - timedelta(hours=1), expired_count=3, state="failed", error="OperationalError: gone")
    page = front_page(client)
    assert '<span class="badge badge-failed">Failed</span>' in page
    assert f'<a href="/admin/main/expirationrun/{run.pk}/change/">Run {run.pk}</a>' in page
    assert "3 codes expired, " in page
    assert "OperationalError: gone" in page


def test_why_a_run_failed_is_not_told_to_one_who_may_view_codes_alone(client):
    make_run(NOW - timedelta(hours=1), state="failed", error="OperationalError: no host db.internal")
    client.force_login(make_staff("looker", "view_referralcode"))
    page = front_page(client)
    assert "Failed" in page
    assert "db.internal" not in page


def test_it_costs_the_same_few_queries_however_many_codes(client, django_assert_max_num_queries):
    for number in range(60):
        make_code(f"A-{number}", expires_at=NOW + number * DAY)
    with django_assert_max_num_queries(15):
        client.get("/admin/")


@pytest.mark.parametrize("first", ["django.contrib.admin", "main.admin", "main.staff.site"])
def test_a_fresh_server_registers_every_model_whatever_it_imports_first(manage, first):
    """A process of its own, as a test before this one may have imported the admin in a kinder order."""
    show = (
        f"import {first}; from django.urls import get_resolver; get_resolver().url_patterns;"
        "from django.contrib.admin import site;"
        "print(*sorted(model._meta.label for model in site._registry), type(site._wrapped).__module__)"
    )
    done = manage("shell", "-v0", "-c", show)
    models = (
        "auth.Group auth.User checkout.ApiToken checkout.Redemption main.CodeImport main.ExpirationRun "
        "main.ReferralCode main.UserProfile notices.Notice notices.Wish"
    )
    assert (done.stdout, done.stderr) == (f"{models} main.staff.site\n", "")
