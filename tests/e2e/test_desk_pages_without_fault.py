"""The staff's pages beside lists and forms: import, many codes at once, a new code, and sharing; in each look."""

from datetime import timedelta

import pytest
from django.utils import timezone

from main.models import CodeImport, ReferralCode
from tests.conftest import make_agent, make_code
from tests.e2e.browser import expect
from tests.staff import make_staff

pytestmark = pytest.mark.django_db(transaction=True)

LIST = "/admin/main/referralcode/"
GOOD = "code,agent,discount,expires_at\nMARIA-15,Maria Garcia,15,2030-12-31\nANA-5,Ana,5,\nOLD-10,,10,2020-01-01\n"
BAD = "code,agent,discount,expires_at\nGOOD-1,,10,2030-12-31\nBAD-1,Nobody,120,12/31/2030\n"


@pytest.fixture
def staff(visitor):
    visitor.sign_in(make_staff())
    make_agent("Maria Garcia")
    make_agent("John Smith")
    return visitor


def choose_file(page, content):
    page.goto(LIST)
    page.get_by_role("link", name="Import a CSV file").click()
    file = {"name": "codes.csv", "mimeType": "text/csv", "buffer": content.encode()}
    page.get_by_label("CSV file").set_input_files(file)


def test_a_file_is_imported_and_the_import_undone(staff):
    page = staff.page
    choose_file(page, GOOD)
    staff.inspect("admin-import")
    page.get_by_label("Create the agents who are not known yet").check()
    page.get_by_role("button", name="Show what it would add").click()
    expect(page.get_by_text("would create the agent Ana")).to_be_visible()
    staff.inspect("admin-import-preview")
    page.get_by_role("button", name="Yes, import 3 codes").click()
    expect(page.get_by_text("Imported 3 codes")).to_be_visible()
    staff.inspect()
    assert ReferralCode.objects.count() == 3
    page.goto(f"/admin/main/codeimport/{CodeImport.objects.get().pk}/change/")
    page.get_by_role("link", name="Undo this import…").click()
    expect(page.get_by_text("3 codes of codes.csv will be deleted, and 1 agent")).to_be_visible()
    staff.inspect("admin-import-undo")
    page.get_by_role("button", name="Yes, undo import").click()
    expect(page.get_by_text("Deleted 3 codes")).to_be_visible()
    staff.inspect()
    assert not ReferralCode.objects.exists()


def test_a_file_with_faults(staff):
    page = staff.page
    choose_file(page, BAD)
    page.get_by_role("button", name="Show what it would add").click()
    expect(page.get_by_text("Nothing can be imported: 1 of 2 rows is refused.")).to_be_visible()
    staff.inspect("admin-import-faults")
    choose_file(page, "code,rabatt\nA,1\n")
    page.get_by_role("button", name="Show what it would add").click()
    expect(page.get_by_text("looks like discount")).to_be_visible()
    staff.inspect()


def test_many_codes_at_once(staff):
    page = staff.page
    page.goto(LIST)
    page.get_by_role("link", name="Add many").click()
    page.get_by_label("Agents:", exact=True).fill("Maria Garcia\nNobody")
    page.get_by_role("button", name="Show the codes").click()
    expect(page.get_by_text("line 2: no agent is called 'Nobody'")).to_be_visible()
    staff.inspect("admin-many")
    page.get_by_label("Agents:", exact=True).fill("Maria Garcia\nJohn Smith")
    page.get_by_label("Codes for each").fill("20")
    page.get_by_label("Discount").fill("20")
    page.get_by_label("or choose").select_option("30")
    page.get_by_role("button", name="Show the codes").click()
    expect(page.get_by_text("40 codes would be created with 20 %")).to_be_visible()
    staff.inspect("admin-many-preview")
    page.get_by_role("button", name="Yes, create 40 codes").click()
    expect(page.get_by_text("40 codes were created.")).to_be_visible()
    staff.inspect()
    assert ReferralCode.objects.count() == 40
    address = page.get_by_role("link", name="Download them as CSV").get_attribute("href")
    file = page.request.get(address).text().splitlines()
    assert [len(file), sum("Maria Garcia" in line for line in file)] == [41, 20]


def test_a_new_code_gets_a_proposal_and_an_end_to_choose(staff):
    page = staff.page
    page.goto(f"{LIST}add/")
    page.get_by_label("Discount").fill("20")
    page.get_by_label("or choose").select_option("7")
    page.get_by_role("button", name="Use CODE-20").click()
    expect(page.get_by_label("Code:", exact=True)).to_have_value("CODE-20")
    expect(page.get_by_text("Once saved, the code works until end of")).to_be_visible()
    expect(page.get_by_role("button", name="Use CODE-20")).to_be_hidden()
    page.get_by_label("Code:", exact=True).fill("")
    expect(page.get_by_role("button", name="Use CODE-20")).to_be_visible()
    staff.inspect("admin-new-code")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("was added successfully")).to_be_visible()
    assert ReferralCode.objects.get().code == "CODE-20"


def test_a_code_is_shared_by_staff_and_by_its_agent(visitor, settings):
    settings.SHARE_URL = "https://shop.example/?code={code}"
    john = make_agent("John Smith")
    code = make_code("JOHNS-20", agent=john, expires_at=timezone.now() + timedelta(days=30))
    visitor.page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    visitor.sign_in(make_staff())
    page = visitor.page
    page.goto(f"{LIST}{code.pk}/change/")
    page.get_by_role("button", name="Copy the address").click()
    expect(page.get_by_text("https://shop.example/?code=JOHNS-20 copied")).to_be_attached()
    image = page.get_by_role("img", name="QR code of this address")
    assert image.evaluate("image => image.complete && image.naturalWidth > 0")
    visitor.inspect("admin-code-shared")
    visitor.sign_in(john.user)
    page.goto("/profile/")
    page.get_by_role("link", name="Share JOHNS-20").click()
    expect(page.get_by_role("link", name="https://shop.example/?code=JOHNS-20")).to_be_visible()
    assert page.get_by_role("img", name="QR code of this address").evaluate("image => image.naturalWidth > 0")
    visitor.inspect("share")


def test_without_scripts_a_code_is_proposed_by_the_save(visit):
    visitor = visit(java_script_enabled=False)
    visitor.sign_in(make_staff())
    page = visitor.page
    page.goto(f"{LIST}add/")
    page.get_by_label("Discount").fill("20")
    page.get_by_label("or choose").select_option("year")
    page.get_by_role("button", name="Save", exact=True).click()
    expect(page.get_by_text("was added successfully")).to_be_visible()
    assert ReferralCode.objects.get().code == "CODE-20"
