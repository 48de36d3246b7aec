"""The examples of docs/checkout.md, run as they stand on the page."""

import json
import re
import shutil
import subprocess
import sys

import pytest
from django.test import RequestFactory

from main.checkout.models import ApiToken, Redemption
from main.checkout.tokens import make_token
from tests.conftest import PROJECT, make_agent, make_code

BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```", (PROJECT / "docs" / "checkout.md").read_text(), re.MULTILINE | re.DOTALL)


def block(language, word):
    """The one example in this language that has this word."""
    [found] = [text for kind, text in BLOCKS if kind == language and word in text]
    return found


@pytest.fixture
def env(transactional_db, live_server, settings):
    settings.SECURE_SSL_REDIRECT = False
    make_code("JOHNS-20", agent=make_agent("John Smith"), discount=20)
    token = make_token(ApiToken(name="My shop", may_redeem=True))
    return {"PATH": "/usr/bin:/bin", "TOKEN": token, "API": f"{live_server.url}/api/v1"}


def output_of(command, env):
    if not shutil.which(command[0]):
        pytest.skip(f"needs {command[0]}")
    return subprocess.run(command, env=env, capture_output=True, text=True, timeout=60, check=True).stdout


def test_the_checkout_in_django(transactional_db):
    make_code("JOHNS-20", discount=20)
    shop = {}
    exec(block("python", "def pay"), shop)  # noqa: S102 - as a reader would copy it
    post = RequestFactory().post
    found = json.loads(shop["check"](post("/", {"code": "johns-20"})).content)
    assert found["discount"] == "20.00"
    paid = json.loads(shop["pay"](post("/", {"promise": found["promise"]})).content)
    assert paid == {"paid with": "JOHNS-20", "discount": "20.00"}
    assert json.loads(shop["check"](post("/", {"code": "nobodys"})).content) == {"sorry": "unknown"}
    assert len([line for line in block("python", "def pay").splitlines() if line]) <= 20


def test_the_checkout_in_python(env):
    assert output_of([sys.executable, "-c", block("python", "urlopen")], env) == "redeemed 20.00\n"
    assert Redemption.objects.get().order == "A-1"


def test_the_checkout_in_javascript(env):
    script = block("javascript", "fetch")
    assert output_of(["node", "--input-type=module", "--eval", script], env) == "redeemed 20.00\n"
    assert Redemption.objects.get().order == "A-1"


def test_the_checkout_with_curl(env):
    if not shutil.which("curl"):
        pytest.skip("needs curl")
    answers = json.loads("[" + output_of(["bash", "-c", block("bash", "curl")], env).replace("}{", "},{") + "]")
    assert [answer.get("usable", answer.get("order")) for answer in answers] == [True, "A-1", "A-1", "A-1"]
    assert answers[-1]["voided_at"]


def test_the_command_of_the_page_makes_a_token(manage):
    assert manage("migrate", "-v", "0").returncode == 0
    command = block("bash", "create_api_token").split(maxsplit=2)
    assert command[:2] == ["python", "manage.py"]
    made = manage("create_api_token", "My shop", "--rights", "check", "redeem")
    assert command[2].strip() == 'create_api_token "My shop" --rights check redeem'
    assert made.stdout.splitlines()[-1].startswith("kno_")
