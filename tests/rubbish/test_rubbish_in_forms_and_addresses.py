"""Whatever is written into a form or an address: never a 500; a form says which field is wrong, and saves nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from main.models import ReferralCode
from tests.access.people import routes
from tests.rubbish.strategies import encoded, patient, rubbish

FORM = "application/x-www-form-urlencoded"


@pytest.fixture
def post(town):
    client = town.client("superuser")

    def post(address, fields):
        response = client.post(address, encoded(fields), content_type=FORM)
        assert response.status_code < 500, (address, fields)
        return response

    return post


def assert_saved_or_explained(response, codes_before):
    """Sent on with one code more or another content; or shown again with the reason at a field, and nothing saved."""
    if response.status_code == 302:
        return
    form = response.context["form"] if "form" in response.context else response.context["adminform"].form
    assert form.errors
    assert all(str(reason) for reasons in form.errors.values() for reason in reasons)
    assert list(ReferralCode.objects.order_by("pk").values()) == codes_before


FIELDS = {"code": rubbish, "discount": rubbish, "expires_at_0": rubbish, "expires_at_1": rubbish}
# Half of the tries have one wrong field alone, so that a good one beside it does not hide what it does.
GOOD = {"code": "GOOD-1", "discount": "10", "expires_at_0": "2030-12-31", "expires_at_1": ""}
written = st.fixed_dictionaries(FIELDS) | st.sampled_from(sorted(FIELDS)).flatmap(
    lambda name: rubbish.map(lambda value: GOOD | {name: value})
)


@patient
@given(fields=written)
def test_the_form_of_a_new_code(town, post, fields):
    before = list(ReferralCode.objects.order_by("pk").values())
    response = post(f"/profile/{town.agent.pk}/codes/new/", fields)
    assert_saved_or_explained(response, before)


@patient
@given(fields=written)
def test_the_form_of_an_existing_code(town, post, fields):
    before = list(ReferralCode.objects.order_by("pk").values())
    response = post(f"/profile/{town.agent.pk}/codes/{town.code.pk}/edit/", fields)
    assert_saved_or_explained(response, before)


@patient
@given(fields=written, agent=rubbish, status=rubbish)
def test_the_form_of_the_admin(town, post, fields, agent, status):
    before = list(ReferralCode.objects.order_by("pk").values())
    response = post("/admin/main/referralcode/add/", fields | {"agent": agent, "status": status})
    assert_saved_or_explained(response, before)


@patient
@given(name=rubbish, role=rubbish, user=rubbish)
def test_the_form_of_a_person(post, name, role, user):
    post("/admin/main/userprofile/add/", {"name": name, "role": role, "user": user})


@patient
@given(days=rubbish)
def test_the_number_of_days_to_extend_by(town, post, days):
    before = list(ReferralCode.objects.order_by("pk").values())
    response = post(f"/profile/{town.agent.pk}/codes/{town.code.pk}/extend/", {"days": days})
    assert_saved_or_explained(response, before)


@patient
@given(action=rubbish, chosen=rubbish, across=rubbish)
def test_an_action_of_the_admin(post, action, chosen, across):
    fields = {"action": action, "_selected_action": chosen, "select_across": across, "index": across}
    post("/admin/main/referralcode/", fields)


@patient
@given(
    chosen=rubbish, seen=rubbish, action=st.sampled_from(["expire", "extend_by_7_days", "switch_off", "reactivate"])
)
def test_what_an_action_is_for(town, post, action, chosen, seen):
    post("/admin/main/referralcode/", {"action": action, "_selected_action": chosen, "seen": seen})
    post("/admin/main/referralcode/", {"action": action, "_selected_action": str(town.code.pk), "seen": seen})


@patient
@given(zone=rubbish, next_page=rubbish)
def test_the_zone_and_where_to_go_next(town, post, zone, next_page):
    post(f"/zone/?{encoded({'next': next_page})}", {"zone": zone})


@patient
@given(zone=rubbish)
def test_the_zone_in_a_cookie(town, zone):
    client = town.client("agent")
    client.cookies["zone"] = zone.encode("utf-8", "surrogatepass").decode("latin-1")
    client.cookies["timezone"] = client.cookies["zone"].value
    assert client.get("/profile/").status_code == 200


LISTS = {
    "/admin/main/referralcode/": [
        "q", "state", "expiry", "agent", "expired_by", "p", "o", "e", "all", "expires_at__year", "expires_at__month",
        "expires_at__day", "status", "code__regex", "agent__user__password__startswith", "_facets", "_popup",
    ],
    "/admin/main/userprofile/": ["q", "role", "user__is_active", "user__is_active__exact", "p", "o", "user__password"],
    "/admin/main/expirationrun/": ["q", "state", "state__exact", "started_by", "started_at__year", "started_at__day"],
    "/admin/autocomplete/": ["term", "app_label", "model_name", "field_name", "page"],
    "/admin/jsi18n/": ["language"],
    "/profile/": ["working", "ended", "page"],
    "/sign-in/": ["next"],
    "/health/": ["format"],
}  # fmt: skip


@pytest.mark.parametrize("address", LISTS)
@pytest.mark.parametrize("name", ["role", "state", "q"])
def test_a_nul_after_the_question_mark_is_a_bad_request(town, address, name):
    assert town.client("superuser").get(f"{address}?{name}=%00").status_code == 400


@pytest.mark.parametrize(
    "lookup", ["code__regex", "code__iregex", "agent__name__regex", "agent__user__password__startswith"]
)
def test_neither_regular_expressions_nor_secrets_can_be_asked_for(town, lookup):
    assert town.client("superuser").get(f"/admin/main/referralcode/?{lookup}=[").status_code == 400


@pytest.mark.parametrize("address", LISTS)
@patient
@given(data=st.data())
def test_what_follows_the_question_mark(town, address, data):
    fields = data.draw(st.dictionaries(st.sampled_from(LISTS[address]), rubbish, min_size=1, max_size=3))
    response = town.client("superuser").get(f"{address}?{encoded(fields)}")
    assert response.status_code < 500, fields
    assert b"Traceback" not in response.content


def test_numbers_that_no_database_can_hold(town):
    client = town.client("superuser")
    for route in routes():
        for number in ("0", str(2**63), "9" * 30):
            pieces = ("<int:code_pk>", "<int:pk>", "<path:object_id>", "<id>", "<path:content_type_id>")
            for piece in pieces:
                route = route.replace(piece, number)  # noqa: PLW2901
            if number in route:
                assert client.get(f"/{route}").status_code in (302, 400, 403, 404, 405), route


@patient
@given(object_id=rubbish.filter(bool))
def test_whatever_stands_for_an_id(town, object_id):
    client = town.client("superuser")
    path = encoded({"x": object_id})[2:]
    for model in ("referralcode", "userprofile", "expirationrun"):
        for page in ("change", "delete", "history"):
            assert client.get(f"/admin/main/{model}/{path}/{page}/").status_code < 500
    assert client.get(f"/admin/main/expirationrun/{path}/undo/").status_code < 500
    assert client.get(f"/password/reset/{path}/{path}/").status_code < 500
    assert client.get(f"/{path}").status_code < 500
