"""With DEBUG off, and what .env.example asks for, cookies, HTTPS and headers are as they must be."""

import json
import re

import pytest

PRODUCTION = {
    "DEBUG": "off",
    "SECRET_KEY": "N4hH3n0-not-a-real-key-but-as-long-and-as-random-as-one-8Zq",
    "ALLOWED_HOSTS": "codes.example.com",
    "CSRF_TRUSTED_ORIGINS": "https://codes.example.com",
}
# What a browser sees, asked of the real settings in a process of their own.
ASK = """
import json
import re
from django.test import Client
client = Client(headers={"host": "codes.example.com"})
answers = {
    name: client.get(path, **how)
    for name, path, how in [
        ("http", "/sign-in/", {}),
        ("http probe", "/health/", {}),
        ("shop by http", "/api/v1/redemptions/A-1", {"headers": {"authorization": "Bearer secret"}}),
        ("page of the api by http", "/api/v1/", {}),
        ("https", "/sign-in/", {"secure": True}),
        ("forwarded", "/sign-in/", {"headers": {"x-forwarded-proto": "https"}}),
        ("missing", "/nowhere/", {"secure": True}),
        ("other host", "/sign-in/", {"secure": True, "headers": {"host": "evil.example.com"}}),
    ]
}
cookies = {
    cookie.key: [bool(cookie["secure"]), cookie["samesite"], bool(cookie["httponly"]), cookie["path"]]
    for cookie in answers["https"].cookies.values()
}
print(json.dumps({"cookies": cookies, **{
    name: [answer.status_code, dict(answer.headers), answer.content.decode()] for name, answer in answers.items()
}}))
"""


@pytest.fixture
def ask(migrated):
    def ask(**env):
        result = migrated("shell", "-v", "0", "-c", ASK, **PRODUCTION, **env)
        assert result.returncode == 0, result.stderr
        return json.loads(result.stdout)

    return ask


def test_djangos_own_check_finds_nothing(manage):
    result = manage("check", "--deploy", "--fail-level", "WARNING", **PRODUCTION)
    assert (result.returncode, result.stdout) == (0, "System check identified no issues (1 silenced).\n")


def test_it_refuses_to_start_without_a_key(manage):
    result = manage("check", **PRODUCTION | {"SECRET_KEY": ""})
    assert result.returncode == 1
    assert result.stderr == (
        "The settings are wrong: DEBUG is off and SECRET_KEY is not set:"
        " set SECRET_KEY in the environment or in .env.\n"
    )


def test_what_a_browser_sees(ask):
    answers = ask()
    status, headers, _ = answers["http"]
    assert (status, headers["Location"]) == (301, "https://codes.example.com/sign-in/")
    assert answers["http probe"][0] == 200
    assert answers["page of the api by http"][0] == 301
    status, headers, content = answers["shop by http"]
    assert (status, headers["Content-Type"]) == (403, "application/problem+json")
    assert "Location" not in headers
    assert json.loads(content)["detail"] == "Use https. What was sent by http may have been read: make a new token."

    status, headers, _ = answers["https"]
    assert status == 200
    assert headers["Strict-Transport-Security"] == "max-age=31536000; includeSubDomains"
    assert headers["X-Frame-Options"] == "DENY"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert "default-src 'self'" in headers["Content-Security-Policy"]
    assert answers["cookies"] == {"__Host-csrftoken": [True, "Lax", True, "/"]}

    for name, status in {"missing": 404, "other host": 400}.items():
        assert answers[name][0] == status
        assert "Traceback" not in answers[name][2]
        assert "DEBUG" not in answers[name][2]
    # No proxy is trusted unless the settings say so.
    assert answers["forwarded"][0] == 301


def test_behind_a_proxy_its_word_on_https_counts(ask):
    assert ask(PROXIES="1")["forwarded"][0] == 200


def test_https_can_be_left_to_the_proxy(ask):
    answers = ask(SECURE_SSL_REDIRECT="off")
    assert (answers["http"][0], answers["shop by http"][0]) == (200, 401)


SIGN_IN = """
import json
import re
from django.contrib.auth.models import User
from django.test import Client
User.objects.create_superuser("anna", password="knot-of-ariadne")
client = Client(headers={"host": "codes.example.com"})
names = {"username": "anna", "password": "a wrong one"}
for number in range(10):
    client.post("/sign-in/", names, secure=True, REMOTE_ADDR="2001:db8::7")
client.post("/sign-in/", names | {"password": "knot-of-ariadne"}, secure=True, REMOTE_ADDR="203.0.113.9")
client.post("/zone/", {"zone": "Asia/Tokyo"}, secure=True)
assert '<option value="Asia/Tokyo" selected>' in client.get("/zone/", secure=True).content.decode()
client.post("/notices/calendar/revoke/", secure=True)  # leaves a message
print(json.dumps({
    name: [cookie["path"], cookie["domain"], bool(cookie["secure"]), bool(cookie["httponly"]), cookie["samesite"]]
    for name, cookie in client.cookies.items()
}))
client.post("/sign-out/", secure=True)
"""


def test_each_sign_in_and_each_failure_is_a_line_without_a_name_or_a_password(manage):
    assert manage("migrate", "-v", "0").returncode == 0
    result = manage("shell", "-v", "0", "-c", SIGN_IN, **PRODUCTION)
    assert result.returncode == 0, result.stderr
    cookies = ["__Host-sessionid", "__Host-csrftoken", "__Host-zone", "__Host-messages"]
    assert json.loads(result.stdout) == {name: ["/", "", True, True, "Lax"] for name in cookies}
    lines = [line.split(" ", 1)[1] for line in result.stderr.splitlines() if "knossos.sign_ins" in line]
    told = [re.sub(r" request='\w+'", "", line) for line in lines]
    assert sorted(set(told)) == [
        "INFO knossos.sign_ins message='Account 1 signed in from 203.0.113.9.'",
        "INFO knossos.sign_ins message='Account 1 signed out from 127.0.0.1.'",
        "WARNING knossos.sign_ins message='A sign-in failed from 2001:db8::.'",
        "WARNING knossos.sign_ins message='Sign-ins wait from 2001:db8::: too many failed.'",
    ]
    assert told.count("WARNING knossos.sign_ins message='A sign-in failed from 2001:db8::.'") == 10
    assert "anna" not in result.stderr
    assert "knot" not in result.stderr
