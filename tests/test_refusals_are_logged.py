"""One line for each refusal and for each try beyond a limit, without a name."""

import logging

import pytest

from main.checkout.models import ApiToken
from main.checkout.tokens import make_token
from main.throttle import Rate
from tests.access.people import Town


@pytest.fixture
def lines(caplog):
    """The lines of these loggers since the last call."""

    def lines():
        told = [
            record.getMessage() for record in caplog.records if record.name in ("knossos.refusals", "main.throttle")
        ]
        caplog.clear()
        return told

    caplog.set_level(logging.WARNING)
    return lines


@pytest.fixture
def town(db):
    return Town()


def test_a_refusal_tells_the_account_the_address_and_the_network(town, lines):
    number = {name: user.pk for name, user in town.users.items()}
    town.client("viewer").post(f"/profile/{town.agent.pk}/codes/{town.code.pk}/delete/", REMOTE_ADDR="203.0.113.9")
    town.client("viewer").get("/admin/checkout/apitoken/")
    town.client("other").get(f"/profile/{town.agent.pk}/")
    assert lines() == [
        f"403 refused: POST /profile/<int:pk>/codes/<int:code_pk>/delete/ to account {number['viewer']}"
        " from 203.0.113.9.",
        f"403 refused: GET /admin/checkout/apitoken/ to account {number['viewer']} from 127.0.0.1.",
        f"404 refused: GET /profile/<int:pk>/ to account {number['other']} from 127.0.0.1.",
    ]


def test_a_shop_without_the_right_or_the_token_is_told_as_a_stranger(town, lines):
    client, told = town.client("anonymous"), "refused: GET /api/v1/redemptions/<path:order> to a stranger"
    token = make_token(ApiToken(name="shop", may_check=True))
    client.get("/api/v1/redemptions/A-1")
    client.get("/api/v1/redemptions/A-1", headers={"Authorization": f"Bearer {token}"})
    assert lines() == [f"401 {told} from 127.0.0.1.", f"403 {told} from 127.0.0.1."]


def test_what_is_granted_or_not_there_at_all_is_no_refusal(town, lines):
    town.client("agent").get("/profile/")
    town.client("agent").get("/nowhere/")
    town.client("anonymous").get("/nowhere/")
    town.client("anonymous").get("/profile/")
    assert lines() == []


def test_a_try_beyond_a_limit_is_a_line_without_its_subject(lines):
    rate = Rate("wrong guesses", "2 per minute")
    assert [rate.take("anna"), rate.take("anna"), lines()] == [True, True, []]
    assert [rate.take("anna"), rate.is_spent("anna"), rate.take("john")] == [False, True, True]
    assert lines() == ["Too many tries: wrong guesses, 2 per 1 minute."] * 2
