"""A variable that cannot be right ends in one sentence: its name, what it is, what it may be."""

import os
import runpy
from pathlib import Path

import pytest
from django.core.exceptions import ImproperlyConfigured

from knossos.environment import Environment, mailer
from tests.conftest import PROJECT

DATABASE = "It may be sqlite:///FILE or postgres://USER:PASSWORD@HOST:PORT/NAME"
EMAIL = (
    "It may be smtp:// (without encryption), smtp+tls:// (with STARTTLS), smtp+ssl:// (with TLS from the start), "
    "consolemail:// (printed where the server runs), filemail:///FOLDER (written into a folder), "
    "then USER:PASSWORD@HOST:PORT for smtp."
)


@pytest.fixture
def environment(tmp_path):
    return Environment(tmp_path / ".env")


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("DEBUG", "perhaps", "DEBUG is 'perhaps'. It may be on or off."),
        ("PROXIES", "abc", "PROXIES is 'abc'. It may be a whole number from 0 to 9."),
        ("PROXIES", "-1", "PROXIES is '-1'. It may be a whole number from 0 to 9."),
        ("PROXIES", "10", "PROXIES is '10'. It may be a whole number from 0 to 9."),
        ("PROXIES", "٣", "PROXIES is '٣'. It may be a whole number from 0 to 9."),
        (
            "SECURE_HSTS_SECONDS",
            "1e9",
            "SECURE_HSTS_SECONDS is '1e9'. It may be a whole number from 0 to 2147483647.",
        ),
        ("TIME_ZONE", "Foo/Bar", "TIME_ZONE is 'Foo/Bar'. It may be a time zone such as Europe/Athens or UTC."),
        ("TIME_ZONE", "../etc", "TIME_ZONE is '../etc'. It may be a time zone such as Europe/Athens or UTC."),
        (
            "EXPIRATION_CLOCK_TOLERANCE",
            "a minute",
            "EXPIRATION_CLOCK_TOLERANCE is 'a minute'. It may be a number of seconds, 0 or more.",
        ),
        (
            "EXPIRATION_OVERDUE_LIMIT",
            "nan",
            "EXPIRATION_OVERDUE_LIMIT is 'nan'. It may be a number of hours, 0 or more.",
        ),
        (
            "HEARTBEAT_URL",
            "file:///etc/passwd",
            "HEARTBEAT_URL is 'file:///etc/passwd'. It may be an address such as "
            "https://monitor.example.com/ping/YOUR-CHECK.",
        ),
        *(
            (
                "SHARE_URL",
                wrong,
                f"SHARE_URL is '{wrong}'. It may be an address with {{code}} where the code belongs: "
                "https://shop.example/?code={code}.",
            )
            for wrong in (
                "https://shop.example/",
                "https://{code}.example/",
                "shop.example/{code}",
                "javascript:{code}",
                "https://shop.example/{code}{code}",
                "https://shop.example/ {code}",
                "https://shop.example/{CODE}",
                f"https://shop.example/{'a' * 500}{{code}}",
            )
        ),
        ("DATABASE_URL", "nonsense", f"DATABASE_URL is 'nonsense'. {DATABASE}."),
        ("DATABASE_URL", "mysql://root@127.0.0.1/test", f"DATABASE_URL is 'mysql://root@127.0.0.1/test'. {DATABASE}."),
        ("DATABASE_URL", "sqlite://db.sqlite3", f"DATABASE_URL is 'sqlite://db.sqlite3'. {DATABASE}."),
        (
            "DATABASE_URL",
            "postgres://me:secret@127.0.0.1/",
            f"DATABASE_URL is 'postgres://me:***@127.0.0.1/'. {DATABASE}; the name of the database is missing.",
        ),
        (
            "DATABASE_URL",
            "postgres://me:secret@127.0.0.1:port/codes",
            f"DATABASE_URL is 'postgres://me:***@127.0.0.1:port/codes'. {DATABASE}, "
            "with @ : / ? # in the password written as %40 %3A %2F %3F %23.",
        ),
        ("EMAIL_URL", "console", f"EMAIL_URL is 'console'. {EMAIL}"),
        ("EMAIL_URL", "smtp://me:secret@host:port", f"EMAIL_URL is 'smtp://me:***@host:port'. {EMAIL}"),
    ],
)
def test_a_wrong_value_is_refused_in_one_sentence(monkeypatch, name, value, sentence):
    monkeypatch.setenv(name, value)
    with pytest.raises(ImproperlyConfigured) as refused:
        runpy.run_path(str(PROJECT / "knossos" / "settings.py"))
    assert str(refused.value) == sentence


def test_a_command_prints_the_sentence_alone(manage):
    refused = manage("check", PROXIES="abc")
    assert (refused.returncode, refused.stdout, refused.stderr) == (
        1,
        "",
        "The settings are wrong: PROXIES is 'abc'. It may be a whole number from 0 to 9.\n",
    )


def test_an_empty_value_counts_as_not_set(environment, monkeypatch):
    monkeypatch.setenv("KNOSSOS_TEST", " ")
    assert environment.text("KNOSSOS_TEST", "the default") == "the default"


def test_a_right_value_is_taken(environment, monkeypatch, tmp_path):
    monkeypatch.setenv("KNOSSOS_TEST", " Yes ")
    assert environment.switch("KNOSSOS_TEST", default=False) is True
    monkeypatch.setenv("KNOSSOS_TEST", "$7, b ,,")
    assert environment.names("KNOSSOS_TEST") == ["$7", "b"]  # a dollar sign does not name another variable
    monkeypatch.setenv("KNOSSOS_TEST", "2")
    assert environment.whole_number("KNOSSOS_TEST", 0) == 2
    monkeypatch.setenv("KNOSSOS_TEST", "1.5")
    assert environment.number("KNOSSOS_TEST", 60, "seconds") == 1.5
    monkeypatch.setenv("KNOSSOS_TEST", "sqlite:///x.sqlite3")
    assert environment.database("KNOSSOS_TEST", "", tmp_path)["NAME"] == tmp_path / "x.sqlite3"
    monkeypatch.setenv("KNOSSOS_TEST", "sqlite:////var/x.sqlite3")
    assert environment.database("KNOSSOS_TEST", "", tmp_path)["NAME"] == Path("/var/x.sqlite3")
    monkeypatch.setenv("KNOSSOS_TEST", "postgres://me:s%40e@db.example.com:6543/codes")
    database = environment.database("KNOSSOS_TEST", "", tmp_path)
    assert database == {
        "ENGINE": "django.db.backends.postgresql",
        "NAME": "codes",
        "USER": "me",
        "PASSWORD": "s@e",
        "HOST": "db.example.com",
        "PORT": 6543,
    }


@pytest.mark.parametrize(
    ("line", "sentence"),
    [
        ("DATABASE_URL = postgres://db/codes", ".env, line 2: write NAME=value, without spaces around =."),
        ("DATABASE_URL postgres://db/codes", ".env, line 2: write NAME=value, without spaces around =."),
        ("NAME=\udcff", ".env is not UTF-8: save it in UTF-8."),
    ],
)
def test_a_line_of_env_that_would_be_passed_over_is_refused(tmp_path, line, sentence):
    (tmp_path / ".env").write_text(f"# mine\n{line}\n", encoding="utf-8", errors="surrogateescape")
    with pytest.raises(ImproperlyConfigured, match=f"^{tmp_path}/{sentence}$"):
        Environment(tmp_path / ".env")


def test_an_env_that_this_user_may_not_read_is_refused_rather_than_passed_over(tmp_path, monkeypatch):
    (tmp_path / ".env").write_text("DATABASE_URL=postgres://db/codes\n")

    def refuse(*args, **options):  # root, who runs the gate, may read every file
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr(Path, "read_text", refuse)
    with pytest.raises(ImproperlyConfigured, match=r"\.env cannot be read \(Permission denied\): give this user"):
        Environment(tmp_path / ".env")


def test_comments_blank_lines_and_quotes_are_read_and_the_environment_wins(tmp_path, monkeypatch):
    monkeypatch.setenv("KNOSSOS_SET", "mine")
    monkeypatch.delenv("KNOSSOS_NEW", raising=False)
    (tmp_path / ".env").write_text("# a comment\n\nexport KNOSSOS_NEW='a b'\nKNOSSOS_SET=the file's\n")
    environment = Environment(tmp_path / ".env")
    try:
        assert environment.text("KNOSSOS_NEW", "") == "a b"
        assert environment.text("KNOSSOS_SET", "") == "mine"
    finally:
        os.environ.pop("KNOSSOS_NEW", None)


@pytest.mark.parametrize(
    ("url", "entry"),
    [
        (
            "smtp+tls://me:s%40e@mail.example.com:587",
            {
                "BACKEND": "django.core.mail.backends.smtp.EmailBackend",
                "OPTIONS": {
                    "host": "mail.example.com",
                    "port": 587,
                    "username": "me",
                    "password": "s@e",
                    "use_tls": True,
                },
            },
        ),
        ("consolemail://", {"BACKEND": "django.core.mail.backends.console.EmailBackend", "OPTIONS": {}}),
        (
            "filemail:///var/mails",
            {"BACKEND": "django.core.mail.backends.filebased.EmailBackend", "OPTIONS": {"file_path": "var/mails"}},
        ),
    ],
)
def test_the_mail_settings_become_those_of_newer_djangos(environment, monkeypatch, url, entry):
    monkeypatch.setenv("EMAIL_URL", url)
    assert mailer(environment.email("EMAIL_URL", "")) == entry
