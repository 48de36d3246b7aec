"""The API of the checkout: what a shop sends, and what it gets."""

import logging
from datetime import timedelta
from http import HTTPStatus

import pytest
from django.core.exceptions import ValidationError
from django.core.management import CommandError
from django.db import OperationalError, connection
from django.test import Client
from django.urls import reverse
from hypothesis import given

from main.checkout.guessing import WRONG_CODES, WRONG_CODES_OF_NOBODY
from main.checkout.http.api import api
from main.checkout.models import ApiToken, EndedTry, Redemption
from main.checkout.tokens import make_token
from main.models import ReferralCode
from main.throttle import Rate
from tests.conftest import NOW, make_code
from tests.rubbish.strategies import patient, rubbish

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]
END = NOW + timedelta(minutes=10)


class Shop:
    """A shop with a token."""

    def __init__(self, **token):
        self.row = ApiToken(**{"name": "shop", "may_check": True, "may_redeem": True, **token})
        self.token = make_token(self.row)
        self.client = Client(headers={"Authorization": f"Bearer {self.token}"}, raise_request_exception=False)

    def ask(self, method, address, body=None, content_type="application/json", **headers):
        data = {"data": body, "content_type": content_type} if body is not None else {}
        return getattr(self.client, method)(f"/api/v1/{address}", **data, **headers)

    def check(self, code, customer="c-1"):
        body = {"code": code} if customer is None else {"code": code, "customer": customer}
        response = self.ask("post", "codes/check", body)
        assert response.status_code == 200
        return response.json()


@pytest.fixture
def shop(db):
    return Shop()


@pytest.fixture
def code(john):
    return make_code("JOHNS-20", agent=john, discount=20, expires_at=END)


def problem_of(response):
    assert response["Content-Type"] == "application/problem+json"
    problem = response.json()
    assert problem["status"] == response.status_code
    assert set(problem) <= {"title", "status", "detail", "reason", "errors"}
    return problem


def test_a_code_that_works(shop, code):
    answer = shop.check("johns-20")
    promise = answer.pop("promise")
    assert answer == {"usable": True, "code": "JOHNS-20", "discount": "20.00", "expires_at": "2026-11-21T02:10:00Z"}
    assert promise.startswith("promise:")


@pytest.mark.parametrize(
    ("fields", "reason"),
    [
        ({"expires_at": NOW}, "expired"),
        ({"status": "inactive"}, "switched_off"),
        ({"code": "OTHER"}, "unknown"),
    ],
)
def test_a_code_that_does_not_work(shop, code, fields, reason):
    ReferralCode.objects.update(**fields)
    assert shop.check("johns-20") == {"usable": False, "reason": reason}


def test_a_code_of_an_agent_who_is_switched_off(shop, code):
    code.agent.user.is_active = False
    code.agent.user.save()
    assert shop.check("johns-20") == {"usable": False, "reason": "agent_inactive"}


def test_a_code_is_redeemed_once_for_an_order(shop, code, clock):
    order = {"order": "A-1", "promise": shop.check("johns-20")["promise"], "amount": "49.90", "currency": "EUR"}
    clock.move_to(END)
    first = shop.ask("post", "redemptions", order)
    assert (first.status_code, first.json()) == (
        201,
        {
            "order": "A-1", "code": "JOHNS-20", "discount": "20.00", "amount": "49.90", "currency": "EUR",
            "redeemed_at": "2026-11-21T02:10:00Z", "voided_at": None,
        },
    )  # fmt: skip
    again = shop.ask("post", "redemptions", order)
    assert (again.status_code, again.json()) == (200, first.json())
    assert shop.ask("get", "redemptions/A-1").json() == first.json()
    other = shop.ask("post", "redemptions", {**order, "amount": "49.91"})
    assert problem_of(other)["detail"] == "The order A-1 has a redemption already, with another code or amount."
    assert other.status_code == 409
    assert Redemption.objects.get().shop == "shop"


def test_a_code_that_does_not_work_is_not_redeemed(shop, code):
    response = shop.ask("post", "redemptions", {"order": "A-1", "code": "nobodys"})
    assert problem_of(response) == {
        "title": HTTPStatus.UNPROCESSABLE_ENTITY.phrase, "status": 422,
        "detail": "The code was not redeemed: unknown.", "reason": "unknown",
    }  # fmt: skip
    changed = shop.ask("post", "redemptions", {"order": "A-1", "promise": "promise:" + "A" * 80})
    assert problem_of(changed)["reason"] == "promise_invalid"
    assert not Redemption.objects.exists()


def test_a_redemption_keeps_the_name_of_its_code(shop, code):
    order = {"order": "A-1", "code": "johns-20"}
    first = shop.ask("post", "redemptions", order).json()
    ReferralCode.objects.update(code="RENAMED")
    again = shop.ask("post", "redemptions", order)
    assert (again.status_code, again.json(), first["code"]) == (200, first, "JOHNS-20")
    assert shop.ask("get", "redemptions/A-1").json() == first


@pytest.mark.parametrize(
    ("amount", "currency", "told"),
    [("4990", "JPY", "4990"), ("49.9", "JPY", "49.9"), ("5", "EUR", "5.00"), ("5.125", "EUR", "5.125"),
     ("12.5", "KWD", "12.500"), ("0", "XXX", "0.00")],
)  # fmt: skip
def test_an_amount_is_told_with_the_places_of_its_currency(shop, code, amount, currency, told):
    order = {"order": "A-1", "code": "johns-20", "amount": amount, "currency": currency}
    assert shop.ask("post", "redemptions", order).json()["amount"] == told
    again = shop.ask("post", "redemptions", {**order, "amount": told})
    assert (again.status_code, again.json()["amount"]) == (200, told)


def test_an_order_is_voided(shop, code, clock):
    shop.ask("post", "redemptions", {"order": "A/1 ü", "code": "johns-20"})
    clock.shift(60)
    voided = shop.ask("delete", "redemptions/A%2F1%20%C3%BC")
    assert (voided.status_code, voided.json()["voided_at"]) == (200, "2026-11-21T02:01:00Z")
    clock.shift(60)
    assert shop.ask("delete", "redemptions/A/1 ü").json() == voided.json()
    assert shop.ask("get", "redemptions/A/1 ü").json() == voided.json()
    assert Redemption.objects.get().voided_at == NOW + timedelta(minutes=1)


def test_a_shop_sees_its_own_orders_alone(shop, code):
    shop.ask("post", "redemptions", {"order": "A-1", "code": "johns-20"})
    other = Shop(name="other")
    for method in ("get", "delete"):
        for order in ("A-1", "A-2", "%00"):
            assert problem_of(other.ask(method, f"redemptions/{order}"))["status"] == 404
    assert other.ask("post", "redemptions", {"order": "A-1", "code": "johns-20"}).status_code == 201
    renewed = Shop(name="shop")
    assert renewed.ask("get", "redemptions/A-1").status_code == 200


@given(name=rubbish)
@patient
def test_a_shop_of_any_name_that_a_token_may_have_redeems_and_sees_its_order(name):
    try:
        ApiToken._meta.get_field("name").clean(name.strip(), None)
    except ValidationError:
        return
    place = Shop(name=name.strip())
    code = ReferralCode.objects.create(code=f"C-{ReferralCode.objects.count()}")
    order = f"A-{code}"
    assert place.ask("post", "redemptions", {"order": order, "code": str(code)}).status_code == 201
    assert place.ask("get", f"redemptions/{order}").status_code == 200


def test_a_shop_in_a_script_that_needs_joiners_redeems(code):
    place = Shop(name="فروشگاه\u200cمن")
    assert place.ask("post", "redemptions", {"order": "A-1", "code": "johns-20"}).status_code == 201


# What is refused


WRONG = {
    "no JSON": ("{", 400),
    "not UTF-8": (b'{"code": "\xff"}', 400),
    "nested deeply": ("[" * 15_000, 400),
    "not an object": ("[1]", 400),
    "a space": (" ", 400),
    "a number": ('{"code": 5}', 400),
    "null": ('{"code": null}', 400),
    "no code": ("{}", 400),
    "a field twice": ('{"code": "A", "code": "B"}', 400),
    "no number": ('{"code": NaN}', 400),
    "a number without end": ('{"code": 1e999}', 400),
    "a number of 5000 digits": ('{"code": ' + "9" * 5000 + "}", 400),
    "an unknown field": ('{"code": "A", "costumer": "c-1"}', 400),
    "a long customer": (f'{{"code": "A", "customer": "{"c" * 129}"}}', 400),
    "ten megabytes": ('{"code": "' + "A" * 10_000_000 + '"}', 413),
}


@pytest.mark.parametrize("name", WRONG)
def test_a_wrong_body_gets_a_problem(shop, name):
    body, status = WRONG[name]
    response = shop.ask("post", "codes/check", body)
    assert response.status_code == status
    assert problem_of(response)["detail"]


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"order": ""}, "order"),
        ({"order": "A" * 129}, "order"),
        ({"order": "A\n1"}, "order"),
        ({"order": "\ud800"}, "order"),
        ({"order": 1}, "order"),
        ({"amount": 49.9}, "amount"),
        ({"amount": "1e5"}, "amount"),
        ({"amount": "-1.00"}, "amount"),
        ({"amount": "NaN"}, "amount"),
        ({"amount": "1.0001"}, "amount"),
        ({"amount": "1000000000"}, "amount"),
        ({"amount": "٤"}, "amount"),
        ({"currency": "euro"}, "currency"),
        ({"currency": "EUR\n"}, "currency"),
        ({"currency": None}, "body"),
        ({"code": None}, "body"),
        ({"promise": "promise:x"}, "body"),
        ({"discount": "90"}, "discount"),
    ],
)
def test_a_wrong_order_gets_a_problem_that_names_the_field(shop, code, wrong, field):
    order = {"order": "A-1", "code": "johns-20", "amount": "49.90", "currency": "EUR", **wrong}
    response = shop.ask("post", "redemptions", order)
    assert response.status_code == 400
    assert [error["field"] for error in problem_of(response)["errors"]] == [field]
    assert not Redemption.objects.exists()


@pytest.mark.parametrize("code", ["\0", "\ud800", "", "x" * 9000, "\u0301" * 1000])
def test_any_text_of_a_customer_is_a_code_that_is_unknown(shop, code):
    assert shop.check(code) == {"usable": False, "reason": "unknown"}


def test_wrong_addresses_methods_and_types_get_a_problem(shop):
    assert problem_of(shop.ask("get", "nowhere"))["status"] == 404
    assert problem_of(shop.ask("post", "codes/check/", {"code": "A"}))["status"] == 404
    refused = shop.ask("get", "codes/check")
    assert (problem_of(refused)["status"], refused["Allow"]) == (405, "POST")
    assert problem_of(shop.ask("post", "codes/check", "code=A", "application/x-www-form-urlencoded"))["status"] == 415


@pytest.mark.parametrize("address", ["", "openapi.json"])
def test_a_description_is_to_be_read_alone(shop, address):
    for method in ("post", "put", "patch", "delete", "options"):
        refused = shop.ask(method, address, {})
        assert (problem_of(refused)["status"], refused["Allow"]) == (405, "GET, HEAD")
    assert (shop.ask("get", address).status_code, shop.ask("head", address).status_code) == (200, 200)


def test_a_body_in_chunks_gets_a_problem_that_asks_for_its_length(shop, code):
    refused = shop.ask("post", "codes/check", {"code": "johns-20"}, HTTP_TRANSFER_ENCODING="chunked")
    assert (problem_of(refused)["status"], "Content-Length" in refused.json()["detail"]) == (411, True)


@pytest.mark.parametrize(("address", "host"), [("codes/check", "evil.example"), ("codes/check?x=%00", "testserver")])
def test_what_is_refused_before_any_operation_gets_a_problem_too(shop, client, address, host):
    refused = shop.ask("post", address, {"code": "A"}, HTTP_HOST=host)
    assert problem_of(refused)["status"] == 400
    page = client.get("/sign-in/?x=%00", headers={"Host": host})
    assert (page.status_code, page["Content-Type"]) == (400, "text/html; charset=utf-8")


@pytest.mark.parametrize("length", ["x", "-1", "1e3", "1 2", "9" * 5000])
def test_a_length_that_is_no_number_gets_a_problem(shop, length):
    response = shop.ask("post", "codes/check", {"code": "A"}, CONTENT_LENGTH=length)
    assert (response.status_code, problem_of(response)["detail"]) == (
        400,
        "The header Content-Length is not a number.",
    )


def test_an_error_of_ours_gets_a_problem_and_is_noted(shop, monkeypatch, caplog):
    def broken(*args, **kwargs):
        raise ZeroDivisionError

    def away(*args, **kwargs):
        raise OperationalError("the server is gone")

    monkeypatch.setattr("main.checkout.http.api.check_code", broken)
    with caplog.at_level(logging.ERROR, "django.request"):
        response = shop.ask("post", "codes/check", {"code": "A"})
    assert problem_of(response)["status"] == 500
    assert "ZeroDivisionError" in caplog.text
    monkeypatch.setattr("main.checkout.http.api.check_code", away)
    response = shop.ask("post", "codes/check", {"code": "A"})
    assert (problem_of(response)["status"], response["Retry-After"]) == (503, "1")


# Tokens


@pytest.mark.parametrize("header", [None, "", "Bearer", "Bearer ", "Bearer wrong", "Basic YTpi", "Bearer \xff"])
def test_without_a_token_nothing_is_answered(code, header):
    client = Client(headers={"Authorization": header} if header is not None else {})
    for method, address in [("post", "codes/check"), ("post", "redemptions"), ("get", "redemptions/A-1")]:
        response = getattr(client, method)(f"/api/v1/{address}", {}, content_type="application/json")
        assert (problem_of(response)["status"], response["WWW-Authenticate"]) == (401, "Bearer")


def test_a_token_that_is_switched_off_is_refused_at_once(shop, code):
    assert shop.check("johns-20")["usable"]
    ApiToken.objects.update(is_active=False)
    assert shop.ask("post", "codes/check", {"code": "johns-20"}).status_code == 401


def test_a_token_does_what_it_has_the_right_to(code):
    checks, redeems = Shop(may_redeem=False), Shop(may_check=False)
    assert checks.check("johns-20")["usable"]
    for method, address in [("post", "redemptions"), ("get", "redemptions/A-1"), ("delete", "redemptions/A-1")]:
        refused = problem_of(checks.ask(method, address, {"order": "A-1", "code": "johns-20"}))
        assert (refused["status"], refused["detail"]) == (403, "This token has no right to redeem.")
    assert redeems.ask("post", "redemptions", {"order": "A-1", "code": "johns-20"}).status_code == 201
    assert problem_of(redeems.ask("post", "codes/check", {"code": "johns-20"}))["status"] == 403


def test_the_token_is_kept_as_a_hash_and_its_last_use_is_noted_once_a_minute(shop, code, clock):
    row = ApiToken.objects.get()
    assert shop.token not in str(vars(row))
    assert shop.token.startswith(row.prefix)
    assert row.last_used_at is None
    for seconds, noted in [(0, 0), (59, 0), (60, 60)]:
        clock.move_to(NOW + timedelta(seconds=seconds))
        shop.check("johns-20")
        assert ApiToken.objects.get().last_used_at == NOW + timedelta(seconds=noted)


def test_a_check_asks_the_database_twice(shop, code, django_assert_num_queries):
    shop.check("johns-20")
    with django_assert_num_queries(2):  # the token, the code
        shop.check("johns-20")


@pytest.mark.django_db(transaction=True)
def test_a_request_is_one_transaction_where_that_keeps_nobody_else_from_writing(shop, code):
    """Not on SQLite: there a transaction that only reads locks the file."""
    in_one = []

    def note(run, *args):
        in_one.append(connection.in_atomic_block)
        return run(*args)

    with connection.execute_wrapper(note):
        shop.check("johns-20")
    assert in_one == [connection.vendor == "postgresql"] * len(in_one) != []


@pytest.mark.django_db(transaction=True)
def test_what_an_error_of_ours_has_written_is_undone_where_a_request_is_one_transaction(shop, code, monkeypatch):
    def fail(redemption):
        raise OperationalError

    monkeypatch.setattr("main.checkout.http.bodies.Redeemed.of", fail)
    assert shop.ask("post", "redemptions", {"order": "A-1", "code": "johns-20"}).status_code == 503
    assert Redemption.objects.count() == (0 if connection.vendor == "postgresql" else 1)
    monkeypatch.undo()
    assert shop.ask("post", "redemptions", {"order": "A-1", "code": "johns-20"}).status_code in (200, 201)
    assert Redemption.objects.count() == 1


def test_the_command_makes_a_token_and_its_last_line_is_the_token_alone(run_command, code):
    *words, token, end = run_command("create_api_token", "My shop", "--rights", "redeem", "check").split("\n")
    assert words == [
        "A token for My shop, with the right to check and redeem.",
        "Give it to the shop now: only its hash is kept, and nobody can show it again.",
    ]
    assert end == ""
    client = Client(headers={"Authorization": f"Bearer {token}"})
    assert client.post("/api/v1/codes/check", {"code": "johns-20"}, content_type="application/json").json()["usable"]
    row = ApiToken.objects.get()
    assert (row.name, row.may_check, row.may_redeem) == ("My shop", True, True)


def test_by_default_a_token_may_only_check(run_command):
    run_command("create_api_token", "My shop")
    assert ApiToken.objects.filter(may_check=True, may_redeem=False).exists()


@pytest.mark.parametrize("name", ["", "A\nB", "A" * 101])
def test_a_shop_without_a_proper_name_gets_no_token(run_command, name):
    with pytest.raises(CommandError, match="No token was made. The name:"):
        run_command("create_api_token", name)
    assert not ApiToken.objects.exists()


# Guessing


def test_after_ten_wrong_codes_a_customer_waits_whatever_is_typed(shop, code, clock):
    for number in range(10):
        assert shop.check(f"guess-{number}") == {"usable": False, "reason": "unknown"}
    for typed in ("guess-11", "johns-20"):
        refused = shop.ask("post", "codes/check", {"code": typed, "customer": "c-1"})
        assert refused.json() == {"usable": False, "reason": "try_later"}
        assert refused["Retry-After"] == "600"
    refused = shop.ask("post", "redemptions", {"order": "A-1", "code": "johns-20", "customer": "c-1"})
    assert problem_of(refused)["reason"] == "try_later"
    assert shop.check("johns-20", "c-2")["usable"]
    assert Shop(name="other").check("johns-20", "c-1")["usable"]
    clock.shift(600)
    assert shop.check("guess-12")["reason"] == "unknown"


def test_wrong_codes_of_redemptions_count_too_and_a_promise_is_taken_nevertheless(shop, code):
    promise = shop.check("johns-20")["promise"]
    for number in range(10):
        body = {"order": "A-1", "code": f"guess-{number}", "customer": "c-1"}
        assert problem_of(shop.ask("post", "redemptions", body))["reason"] == "unknown"
    assert shop.check("johns-20")["reason"] == "try_later"
    assert shop.ask("post", "redemptions", {"order": "A-1", "promise": promise, "customer": "c-1"}).status_code == 201


def test_codes_that_work_do_not_count(shop, code):
    for _ in range(20):
        assert shop.check("johns-20")["usable"]


def test_who_guesses_without_a_name_is_not_told_why_any_more_and_closes_the_checkout_for_nobody(
    shop, code, monkeypatch
):
    assert str(WRONG_CODES_OF_NOBODY.limit) == "1000 per 10 minute"
    monkeypatch.setattr("main.checkout.guessing.WRONG_CODES_OF_NOBODY", Rate("nobody", "5 per 10 minutes"))
    for number in range(5):
        assert shop.check(f"guess-{number}", None)["reason"] == "unknown"
    refused = shop.ask("post", "codes/check", {"code": "guess-5"})
    assert (refused.json(), refused["Retry-After"]) == ({"usable": False, "reason": "try_later"}, "600")
    refused = shop.ask("post", "redemptions", {"order": "A-1", "code": "guess-6"})
    assert (problem_of(refused)["reason"], refused["Retry-After"]) == ("try_later", "600")
    assert shop.check("johns-20", None)["usable"]
    assert shop.ask("post", "redemptions", {"order": "A-1", "code": "johns-20"}).status_code == 201
    assert shop.check("guess-7", "c-1")["reason"] == "unknown"
    assert Shop(name="other").check("guess-8", None)["reason"] == "unknown"


@pytest.mark.parametrize("typed", ["johns-20", "guess-1", "", "promise:johns-20"])
def test_a_code_in_the_field_of_the_promise_is_no_promise_and_is_not_redeemed(shop, code, typed):
    refused = shop.ask("post", "redemptions", {"order": "A-1", "promise": typed})
    assert problem_of(refused)["reason"] == "promise_invalid"
    assert not Redemption.objects.exists()


def test_a_promise_is_redeemed_for_several_orders_of_several_shops_within_its_minutes(shop, code, clock):
    promise = shop.check("johns-20")["promise"]
    for place, order in [(shop, "A-1"), (shop, "A-2"), (Shop(name="other"), "A-1")]:
        assert place.ask("post", "redemptions", {"order": order, "promise": promise}).status_code == 201
    clock.shift(15 * 60)
    late = shop.ask("post", "redemptions", {"order": "A-3", "promise": promise})
    assert problem_of(late)["reason"] == "promise_over"


def test_an_order_is_repeated_though_its_customer_has_to_wait(shop, code):
    order = {"order": "A-1", "code": "johns-20", "customer": "c-1"}
    first = shop.ask("post", "redemptions", order)
    for number in range(10):
        shop.check(f"guess-{number}")
    again = shop.ask("post", "redemptions", order)
    assert (again.status_code, again.json()) == (200, first.json())
    other = shop.ask("post", "redemptions", {**order, "amount": "1.00", "currency": "EUR"})
    assert problem_of(other)["status"] == 409
    assert problem_of(shop.ask("post", "redemptions", {**order, "order": "A-2"}))["reason"] == "try_later"


def test_a_token_has_a_rate(shop, code, settings):
    settings.API_TOKEN_RATE = "3 per minute"
    for _ in range(3):
        assert shop.check("johns-20")["usable"]
    refused = shop.ask("post", "codes/check", {"code": "johns-20"})
    assert (problem_of(refused)["status"], refused["Retry-After"]) == (429, "60")
    assert Shop().check("johns-20")["usable"]


def test_tries_of_ended_codes_are_counted(shop, code, clock):
    clock.move_to(END)
    shop.check("johns-20")
    shop.ask("post", "redemptions", {"order": "A-1", "code": "johns-20"})
    shop.check("nobodys")
    assert EndedTry.objects.values_list("code", "count").get() == (code.pk, 2)


def test_no_customer_is_kept(shop, code):
    shop.check("guess", "anna@example.com")
    shop.ask("post", "redemptions", {"order": "A-1", "code": "johns-20", "customer": "anna@example.com"})
    assert "anna" not in str(list(Redemption.objects.values()) + list(EndedTry.objects.values()))
    for rate in (WRONG_CODES, WRONG_CODES_OF_NOBODY):
        assert "anna" not in str(list(rate._key("anna")))


# The description


def test_every_operation_is_described_with_its_problems(client):
    description = client.get("/api/v1/openapi.json").json()
    found = {
        f"{method.upper()} {address}": sorted(operation["responses"])
        for address, methods in description["paths"].items()
        for method, operation in methods.items()
    }
    always = ["400", "401", "403", "411", "413", "415", "429", "500", "503"]
    assert found == {
        "POST /api/v1/codes/check": sorted(["200", *always]),
        "POST /api/v1/redemptions": sorted(["200", "201", "409", "422", *always]),
        "GET /api/v1/redemptions/{order}": sorted(["200", "404", *always]),
        "DELETE /api/v1/redemptions/{order}": sorted(["200", "404", *always]),
    }
    types = {
        (status < "4", *answer["content"])
        for methods in description["paths"].values()
        for operation in methods.values()
        for status, answer in operation["responses"].items()
    }
    assert types == {(True, "application/json"), (False, "application/problem+json")}
    schemas = description["components"]["schemas"]
    assert schemas["OrderToRedeem"]["additionalProperties"] is False
    assert schemas["OrderToRedeem"]["anyOf"] == [{"required": ["code"]}, {"required": ["promise"]}]
    assert set(schemas) == {
        "CodeToCheck", "Works", "DoesNotWork", "OrderToRedeem", "Redeemed", "Problem", "FieldProblem",
    }  # fmt: skip
    assert description["components"]["securitySchemes"]


def test_the_page_of_the_api_tries_it_without_foreign_script(client):
    response = client.get(reverse("api-v1:api-root"))
    page = response.content.decode()
    for operation in ("Check a code", "Redeem a code for an order", "See the redemption", "Void the redemption"):
        assert operation in page
    assert page.count("<script") == 1
    assert 'src="/static/main/checkout/api.js"' in page
    assert "default-src 'self'" in response["Content-Security-Policy"]
    assert api.docs_url is None
