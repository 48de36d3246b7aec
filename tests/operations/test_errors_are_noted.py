"""With DEBUG off an error of ours leaves one line on stderr, with the id that the page names, and no person's data."""

import json
import re
from email import message_from_bytes
from email.policy import default

import pytest

from knossos.errors import without_persons
from tests.conftest import PROJECT, managed
from tests.processes.test_production_settings import PRODUCTION

# The database has no tables, so that the page of the sign-in fails.
FAIL = """
from django.test import Client
client = Client(headers={"host": "codes.example.com"}, raise_request_exception=False)
for attempt in range(2):
    answer = client.post(
        "/sign-in/?next=/john", {"username": "john@example.com", "password": "Labyrinth-7"}, secure=True
    )
    print(answer.status_code, answer["X-Request-ID"], answer["X-Request-ID"] in answer.content.decode())
missing = client.get("/password/reset/MQ/secret-token/x", secure=True)
health = client.get("/health/", secure=True)
print(missing.status_code, health.status_code)
"""


@pytest.fixture(scope="module")
def collected(tmp_path_factory):
    """The settings of a server whose static files are collected: else it says on stderr that they are not."""
    folder = tmp_path_factory.mktemp("static_root")
    where = {"DJANGO_SETTINGS_MODULE": "tests.servers.collected", "COLLECTED": str(folder), "PYTHONPATH": str(PROJECT)}
    done = managed(folder, "collectstatic", "--no-input", "-v0", **PRODUCTION, **where)
    assert (done.returncode, done.stderr) == (0, "")
    return where


@pytest.fixture
def fail(manage, collected):
    def run(**env):
        result = manage("shell", "-v", "0", "-c", FAIL, **PRODUCTION, **collected, PYTHONWARNINGS="ignore", **env)
        assert result.returncode == 0, result.stderr
        return result.stdout.splitlines(), result.stderr.splitlines()

    return run


def test_an_error_is_one_line_of_text_with_the_id_that_the_page_names(fail):
    (first, second, others), lines = fail()
    assert re.fullmatch("500 [0-9a-f]{12} True", first)
    assert first != second
    assert others == "404 503"
    assert len(lines) == 2  # neither what was not found nor the health page's answer is an error
    for told, line in zip((first, second), lines, strict=True):
        assert f" ERROR django.request request='{told.split()[1]}' message='500 POST /sign-in/' error='" in line
        assert "OperationalError: no such table: " in line
        assert "/axes/" in line
        for secret in ("john", "Labyrinth", "example.com"):
            assert secret not in line


def test_an_error_is_one_line_of_json(fail):
    (first, *_), lines = fail(LOG_FORMAT="json")
    told = json.loads(lines[0])
    assert list(told) == ["time", "level", "logger", "request", "message", "error", "traceback"]
    assert (told["level"], told["request"], told["message"]) == ("ERROR", first.split()[1], "500 POST /sign-in/")
    assert told["traceback"][0] == "OperationalError"
    assert re.search(r"\.py:\d+ \w+$", told["traceback"][-1])


def test_admins_get_the_same_error_once_an_hour(fail, tmp_path):
    (first, *_), _ = fail(ADMINS="ops@example.com,night@example.com", EMAIL_URL=f"filemail:///{tmp_path}/mails")
    (file,) = (tmp_path / "mails").iterdir()
    (mail,) = file.read_bytes().split(b"\n" + b"-" * 79 + b"\n")[:-1]
    told = message_from_bytes(mail, policy=default)
    assert (told["To"], told["Subject"]) == (
        "ops@example.com, night@example.com",
        "[Django] ERROR: 500 POST /sign-in/",
    )
    assert f"request='{first.split()[1]}'" in told.get_content()
    assert "Labyrinth" not in told.get_content()


def test_a_mail_that_fails_is_told_on_stderr_and_not_mailed_again(fail):
    _, lines = fail(ADMINS="ops@example.com", EMAIL_URL="smtp://127.0.0.1:1")
    assert [line for line in lines if line.startswith("The mail")] == [
        "The mail to ADMINS was not sent: ConnectionRefusedError: [Errno 111] Connection refused"
    ]


@pytest.mark.parametrize(
    ("text", "kept"),
    [
        ("duplicate key value\nDETAIL:  Key (name)=(John Smith) already exists.", "duplicate key value"),
        ("invalid literal for int() with base 10: 'John'", "invalid literal for int() with base 10: '…'"),
        ('near "John": syntax error', 'near "…": syntax error'),
        ("550 <john@example.com> unknown", "550 <…> unknown"),
        ("no such table: main_referralcode", "no such table: main_referralcode"),
    ],
)
def test_what_an_error_quotes_is_left_out(text, kept):
    assert without_persons(text) == kept
