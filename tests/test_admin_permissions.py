"""The ledger is read-only, people with codes are kept, and each page is for those with the right to it."""

from datetime import timedelta

import pytest

from main.checkout.redeeming import redeem
from main.models import ExpirationRun, ReferralCode, UserProfile
from tests.conftest import NOW, make_agent, make_code
from tests.staff import make_run, make_staff

pytestmark = pytest.mark.django_db

MODELS = ["referralcode", "expirationrun", "userprofile"]


@pytest.fixture
def run():
    return make_run(NOW - timedelta(hours=10))


def test_a_superuser_changes_and_deletes_no_run(client, run):
    client.force_login(make_staff())
    page = client.get(f"/admin/main/expirationrun/{run.pk}/change/").content.decode()
    assert 'type="submit"' not in page.partition("<main")[2]
    assert client.get("/admin/main/expirationrun/add/").status_code == 403
    assert client.post(f"/admin/main/expirationrun/{run.pk}/change/", {"state": "failed"}).status_code == 403
    assert client.post(f"/admin/main/expirationrun/{run.pk}/delete/", {"post": "yes"}).status_code == 403
    assert ExpirationRun.objects.get().state == "completed"


def test_a_run_shows_its_codes_page_by_page_and_links_to_each(client, run):
    client.force_login(make_staff())
    codes = [
        make_code(
            f"N-{number:02}",
            expires_at=NOW - timedelta(days=60 - number),
            status="inactive",
            expired_at=NOW,
            expired_by=run,
        )
        for number in range(60)
    ]
    first = client.get(f"/admin/main/expirationrun/{run.pk}/change/")
    last = client.get(f"/admin/main/expirationrun/{run.pk}/change/?page=2")
    assert [item.code for item in first.context["codes"]] == codes[:50]
    assert [item.code for item in last.context["codes"]] == codes[50:]
    assert f"/admin/main/referralcode/{codes[0].pk}/change/" in first.content.decode()
    assert "Page 2 of 2" in last.content.decode()


def test_the_codes_of_a_run_are_not_shown_to_one_who_may_not_see_codes(client, run):
    make_code("SECRET-10", expires_at=NOW, status="inactive", expired_at=NOW, expired_by=run)
    client.force_login(make_staff("auditor", "view_expirationrun"))
    response = client.get(f"/admin/main/expirationrun/{run.pk}/change/")
    assert response.status_code == 200
    assert "SECRET-10" not in response.content.decode()
    assert "Working now" not in client.get("/admin/").content.decode()


@pytest.mark.parametrize("model", MODELS)
def test_a_person_with_view_rights_sees_everything_and_no_button(client, run, model):
    permissions = [f"view_{name}" for name in MODELS]
    client.force_login(make_staff("looker", *permissions))
    agent = make_agent("Maria Garcia")
    code = make_code("ON-10", agent=agent)
    pk = {"referralcode": code, "expirationrun": run, "userprofile": agent}[model].pk
    for url in (f"/admin/main/{model}/", f"/admin/main/{model}/{pk}/change/"):
        response = client.get(url)
        assert response.status_code == 200
        main = response.content.decode().partition("<main")[2]
        assert 'name="_save"' not in main
        assert "deletelink" not in main
        assert 'class="addlink"' not in main
        assert 'name="action"' not in main
    assert client.post(f"/admin/main/{model}/{pk}/change/", {}).status_code == 403
    assert client.post(f"/admin/main/{model}/{pk}/delete/", {"post": "yes"}).status_code == 403


@pytest.mark.parametrize("model", MODELS)
def test_staff_without_rights_and_agents_see_nothing(client, model):
    for user in (make_staff("new", "view_session"), make_agent("Maria Garcia").user):
        client.force_login(user)
        assert client.get(f"/admin/main/{model}/").status_code in (302, 403)


def test_a_person_with_codes_is_kept_and_the_refusal_says_why(client):
    client.force_login(make_staff())
    agent, idle = make_agent("Maria Garcia"), make_agent("Idle Ida")
    make_code("MARIA-15", agent=agent), make_code("MARIA-20", agent=agent)
    page = client.post(f"/admin/main/userprofile/{agent.pk}/delete/", {"post": "yes"}).content.decode()
    assert "Maria Garcia has 2 codes" in page
    chosen = {"action": "delete_selected", "_selected_action": [agent.pk, idle.pk], "index": "0"}
    assert (
        "Maria Garcia has 2 codes"
        in client.post("/admin/main/userprofile/", {**chosen, "post": "yes"}).content.decode()
    )
    assert UserProfile.objects.count() == 2


def test_a_person_without_codes_can_be_deleted(client):
    client.force_login(make_staff())
    idle = make_agent("Idle Ida")
    assert client.post(f"/admin/main/userprofile/{idle.pk}/delete/", {"post": "yes"}).status_code == 302
    assert not UserProfile.objects.exists()


def test_a_code_can_be_deleted_by_one_with_the_right_to(client):
    client.force_login(make_staff("keeper", "view_referralcode", "delete_referralcode"))
    code = make_code("OLD-10")
    assert client.post(f"/admin/main/referralcode/{code.pk}/delete/", {"post": "yes"}).status_code == 302
    assert not ReferralCode.objects.exists()


def offers_deletion(client, address):
    return 'class="deletelink"' in client.get(address).content.decode()


def test_deletion_is_offered_only_where_it_is_possible(client, run):
    client.force_login(make_staff())
    agent, idle = make_agent("Maria Garcia"), make_agent("Idle Ida")
    free, expired = make_code("NEW-10"), make_code("OLD-10", expired_by=run)
    redeemed = make_code("SOLD-10", agent=agent)
    redeem("SOLD-10", order="A-1")
    offered = [
        offers_deletion(client, f"/admin/main/{model}/{pk}/change/")
        for model, pk in (
            ("referralcode", free.pk), ("referralcode", expired.pk), ("referralcode", redeemed.pk),
            ("userprofile", idle.pk), ("userprofile", agent.pk),
        )
    ]  # fmt: skip
    assert offered == [True, False, False, True, False]


def test_a_code_that_a_run_expired_is_kept_and_the_refusal_says_why(client, run):
    client.force_login(make_staff())
    kept, free = make_code("OLD-10", status="inactive", expired_at=NOW, expired_by=run), make_code("NEW-10")
    page = client.post(f"/admin/main/referralcode/{kept.pk}/delete/", {"post": "yes"}).content.decode()
    assert f"OLD-10, expired by run {run.pk}" in page
    chosen = {"action": "delete_selected", "_selected_action": [kept.pk, free.pk], "index": "0", "post": "yes"}
    assert f"OLD-10, expired by run {run.pk}" in client.post("/admin/main/referralcode/", chosen).content.decode()
    assert ReferralCode.objects.count() == 2
