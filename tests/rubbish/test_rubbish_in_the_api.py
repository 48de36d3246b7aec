"""Whatever a shop sends as JSON: a problem that says what is wrong, or an answer, and never a 500."""

import json
from urllib.parse import quote_from_bytes

import pytest

from main.checkout.http.api import api
from main.checkout.http.bodies import CodeToCheck, OrderToRedeem
from main.checkout.models import ApiToken, Redemption
from main.checkout.tokens import make_token
from main.models import ReferralCode
from tests.rubbish.strategies import NASTY

VALUES = [*NASTY, 0, -1, 1.5, 1e300, 10**400, float("nan"), True, None, [], ["A"], {}, {"A": "B"}]
GOOD = {
    "/api/v1/codes/check": (CodeToCheck, {"code": "JOHNS-20"}),
    "/api/v1/redemptions": (OrderToRedeem, {"order": "A-1", "code": "JOHNS-20", "amount": "1.00", "currency": "EUR"}),
}
ANSWERS = (200, 201, 400, 404, 409, 413, 422)


@pytest.fixture
def ask(client, db):
    ReferralCode.objects.create(code="JOHNS-20", discount=20)
    token = make_token(ApiToken(name="shop", may_check=True, may_redeem=True))

    def ask(method, address, body=None):
        data = {"data": body, "content_type": "application/json"} if body is not None else {}
        answer = getattr(client, method)(address, headers={"Authorization": f"Bearer {token}"}, **data)
        assert answer.status_code in ANSWERS, (address, body)
        assert json.loads(answer.content)
        return answer.status_code

    return ask


def test_every_operation_that_takes_a_body_is_attacked():
    paths = api.get_openapi_schema()["paths"].items()
    assert {path for path, methods in paths for method in methods.values() if "requestBody" in method} == set(GOOD)


@pytest.mark.parametrize("address", GOOD)
def test_rubbish_in_each_field(ask, address):
    schema, good = GOOD[address]
    for field in [*schema.model_fields, "unknown"]:
        for value in VALUES:
            ask("post", address, json.dumps(good | {field: value}))
    # What was stored is what shops may send.
    assert all(redemption.order == redemption.order.strip() != "" for redemption in Redemption.objects.all())
    assert set(Redemption.objects.values_list("currency", flat=True)) <= {"EUR"}


@pytest.mark.parametrize("address", GOOD)
def test_rubbish_in_place_of_the_body(ask, address):
    for value in VALUES:
        assert ask("post", address, json.dumps(value)) in (400, 413)
        raw = str(value).encode("utf-8", "surrogatepass") or b"{"
        assert ask("post", address, raw) in (400, 413)


def test_rubbish_in_place_of_an_order(ask):
    for value in filter(None, NASTY):
        order = quote_from_bytes(value.encode("utf-8", "surrogatepass"), safe="")
        assert ask("get", f"/api/v1/redemptions/{order}") == 404
        assert ask("delete", f"/api/v1/redemptions/{order}") == 404
