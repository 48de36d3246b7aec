"""The list of codes as it is filtered, as a CSV and an Excel file, for people with the right to it."""

import re
import tracemalloc
from datetime import timedelta
from io import BytesIO
from zipfile import ZipFile

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from lxml import etree

from main.admin import export
from main.models import ReferralCode
from main.sweep import reading
from tests.conftest import NOW, make_agent, make_code
from tests.staff import make_staff

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]

LIST = "/admin/main/referralcode/"
DAY = timedelta(days=1)
KINDS = pytest.mark.parametrize("kind", ["csv", "xlsx"])
RIGHTS = ["view_referralcode", "export_referralcode"]


@pytest.fixture
def staff(client):
    client.force_login(make_staff("clara", *RIGHTS))
    return client


@pytest.fixture
def codes(john):
    return [
        make_code("JOHNS-20", agent=john, discount=20, expires_at=NOW + 3 * DAY),
        make_code("HOUSE-5", discount="5.50"),
        make_code("OLD-10", expires_at=NOW - DAY, status="inactive", expired_at=NOW),
    ]


def lines_of(response):
    assert response.status_code == 200, response.get("Location")
    return b"".join(response.streaming_content).decode().splitlines()


def sheet_of(response, number=1):
    """The cells of the Excel file as it is stored: the letter of the column's type, and what is in it."""
    with ZipFile(BytesIO(b"".join(response.streaming_content))) as book:
        sheet = etree.fromstring(book.read(f"xl/worksheets/sheet{number}.xml"))
    return [
        [(cell.get("t"), "".join(cell.itertext())) for cell in row] for row in sheet.iterfind(".//{*}sheetData/{*}row")
    ]


def names_in(response):
    return [line.split(",")[0] for line in lines_of(response)[1:]]


def test_a_csv_file_has_every_code_with_its_times_in_the_zone_of_the_reader(staff, codes):
    staff.cookies["zone"] = "Europe/Athens"
    response = staff.get(f"{LIST}csv/")
    assert response["Content-Disposition"] == 'attachment; filename="codes-2026-11-21-0400.csv"'
    now = "2026-11-21T04:00:00+02:00"
    assert lines_of(response) == [
        "code,agent,discount (%),ends (Europe/Athens),state,status,created (Europe/Athens),"
        "last edited (Europe/Athens),marked inactive (Europe/Athens)",
        f"JOHNS-20,John Smith,20.00,2026-11-24T04:00:00+02:00,expires soon,active,{now},{now},",
        f"HOUSE-5,,5.50,,active,active,{now},{now},",
        f"OLD-10,,0.00,2026-11-20T04:00:00+02:00,expired,inactive,{now},{now},{now}",
    ]


def test_an_excel_file_has_the_same_with_numbers_and_dates_as_such(staff, codes):
    staff.cookies["zone"] = "Europe/Athens"
    response = staff.get(f"{LIST}xlsx/")
    assert response["Content-Disposition"] == 'attachment; filename="codes-2026-11-21-0400.xlsx"'
    header, first, house, old = sheet_of(response)
    assert header[3] == ("inlineStr", "ends (Europe/Athens)")
    day = 46347 + 4 / 24  # days since 1900: 21 Nov 2026, 04:00
    assert [kind for kind, _ in first] == ["inlineStr", "inlineStr", None, None, "inlineStr", "inlineStr", None, None]
    assert [text for _, text in first[:2]] == ["JOHNS-20", "John Smith"]
    assert (float(first[2][1]), float(first[3][1])) == (20, pytest.approx(day + 3))
    assert [text for _, text in first[4:6]] == ["expires soon", "active"]
    assert float(house[2][1]) == 5.5
    assert float(old[-1][1]) == pytest.approx(day)


@KINDS
def test_no_text_becomes_a_formula(staff, kind):
    for number, name in enumerate(["=1+1", "A;=CMD|'/C calc'!A0", "＝1+1", "@SUM(1)", "-1"]):
        agent = make_agent(f"agent{number}")
        agent.name = name
        agent.save()
        make_code(f"A-{number}", agent=agent)
    response = staff.get(f"{LIST}{kind}/")
    if kind == "csv":
        agents = [line.split(",")[1] for line in lines_of(response)[1:]]
    else:
        agents = [text for row in sheet_of(response)[1:] for _, text in row[1:2]]
    assert agents == ["'=1+1", "A;'=CMD|'/C calc'!A0", "'＝1+1", "'@SUM(1)", "'-1"]


def test_it_has_what_the_list_shows_with_its_filters_search_and_tabs(staff, codes):
    agent = codes[0].agent_id
    for query, names in {
        "": ["JOHNS-20", "HOUSE-5", "OLD-10"],
        "?q=john": ["JOHNS-20"],
        "?state=expired": ["OLD-10"],
        "?expiry=never": ["HOUSE-5"],
        f"?agent={agent}": ["JOHNS-20"],
        "?q=nobody": [],
        "?expires_at__year=2026&o=-1&p=1": ["JOHNS-20", "OLD-10"],
    }.items():
        assert names_in(staff.get(f"{LIST}csv/{query}")) == names, query


def test_the_links_keep_the_search_and_the_filters(staff, codes):
    page = staff.get(f"{LIST}?q=john&state=ends_soon").content.decode()
    for kind in ("csv", "xlsx"):
        [query] = re.findall(rf'href="{LIST}{kind}/\?([^"]*)"', page)
        assert sorted(query.replace("&amp;", "&").split("&")) == ["q=john", "state=ends_soon"]


@pytest.mark.parametrize("right", RIGHTS)
@KINDS
def test_one_right_is_not_enough(client, codes, right, kind):
    client.force_login(make_staff("clara", right))
    assert client.get(f"{LIST}{kind}/").status_code == 403
    if right == "view_referralcode":
        assert f"{LIST}{kind}/" not in client.get(LIST).content.decode()


@pytest.mark.parametrize("query", ["agent=nobody", "expires_at__year=0", "code__regex=(", "p=99"])
def test_an_address_that_no_list_has_leads_to_a_list_or_is_refused(staff, codes, query):
    assert staff.get(f"{LIST}csv/?{query}").status_code in (200, 302, 400)


@KINDS
def test_a_search_that_finds_more_than_it_keeps_makes_no_file(staff, codes, kind, monkeypatch):
    monkeypatch.setattr("main.codes.counting.COUNTED_AT_MOST", 1)
    monkeypatch.setattr("main.admin.codes.COUNTED_AT_MOST", 1)
    response = staff.get(f"{LIST}{kind}/?q=-", follow=True)
    assert [str(message) for message in response.context["messages"]] == [
        "No file was made. The search finds more than 1 codes. Choose fewer codes by the filters."
    ]
    assert response.redirect_chain == [(f"{LIST}?q=-", 302)]


def test_an_excel_file_takes_no_more_than_it_can_and_a_csv_file_does(staff, codes, monkeypatch):
    monkeypatch.setattr(export, "XLSX_AT_MOST", 2)
    response = staff.get(f"{LIST}xlsx/", follow=True)
    assert [str(message) for message in response.context["messages"]] == [
        "No file was made. An Excel file takes at most 2 codes; a CSV file takes more. "
        "Choose fewer codes by the filters."
    ]
    assert len(names_in(staff.get(f"{LIST}csv/"))) == 3
    assert len(sheet_of(staff.get(f"{LIST}xlsx/?expiry=never"))) == 2


@pytest.fixture
def many():
    ReferralCode.objects.bulk_create(
        ReferralCode(code=f"A-{number:03}", discount=5, expires_at=NOW + DAY) for number in range(1000)
    )


@KINDS
def test_it_is_read_in_pages_without_a_cursor_of_the_server_and_memory_stays_flat(staff, many, kind, monkeypatch):
    """As many codes as a small page has need as much memory as a hundred times as many."""
    monkeypatch.setattr(reading, "PAGE", 50)

    def measured(query):
        with CaptureQueriesContext(connection) as queries:
            tracemalloc.start()
            rows = sum(chunk.count(b"\r\n") for chunk in staff.get(f"{LIST}{kind}/{query}").streaming_content)
            peak = tracemalloc.get_traced_memory()[1]
            tracemalloc.stop()
        reading = [query["sql"] for query in queries if query["sql"].endswith("LIMIT 50")]
        assert not [query for query in queries if "DECLARE" in query["sql"]]
        return rows, len(reading), peak

    measured("?q=A-999")  # what is imported and cached once
    few, all_of_them = measured("?q=A-49"), measured("")
    assert (few[1], all_of_them[1]) == (1, 21)
    if kind == "csv":
        assert (few[0], all_of_them[0]) == (11, 1001)
    assert all_of_them[2] < few[2] + 2**20
