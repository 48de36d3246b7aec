"""What only a real server shows: bodies that are too long, or that come in chunks."""

import http.client
import json

import pytest

from tests.checkout.shop import make_token, server
from tests.patience import PATIENCE


@pytest.fixture
def ask(shop_world):
    """Asks for a check over a connection of its own; the body is a text, or parts that come in chunks."""
    with server(shop_world, workers=1) as port:
        headers = {"Authorization": f"Bearer {make_token(shop_world)}", "Content-Type": "application/json"}

        def status_of(body):
            connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
            connection.request("POST", "/api/v1/codes/check", body, headers)
            answer = connection.getresponse()
            told = json.loads(answer.read())
            assert answer.getheader("Content-Type") == "application/problem+json"
            assert told["status"] == answer.status
            return answer.status

        yield status_of


def test_a_client_that_sends_ten_megabytes_gets_to_read_the_problem(ask):
    assert ask('{"code": "' + "A" * 10_000_000 + '"}') == 413


def test_a_client_that_sends_chunks_gets_a_problem(ask):
    assert ask(iter([b'{"code": ', b'"A"}'])) == 411
