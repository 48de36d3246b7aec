"""Reads the variables for the settings from the environment and from `.env`.

A wrong value is an error of one sentence: which variable, what its value is, and what it may be.
"""

import math
import re
from pathlib import Path
from typing import Any, NoReturn
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

import environ
from django.core.exceptions import ImproperlyConfigured

ON, OFF = ("on", "true", "yes", "1"), ("off", "false", "no", "0")
LINE = re.compile(r"\s*(#.*)?|(export )?[A-Za-z_0-9]+=.*")
EMAIL_SCHEMES = {
    "smtp://": "without encryption",
    "smtp+tls://": "with STARTTLS",
    "smtp+ssl://": "with TLS from the start",
    "consolemail://": "printed where the server runs",
    "filemail:///FOLDER": "written into a folder",
}


class Environment:
    """Reads the variables. Each method takes a name and the default for a variable that is not set.

    All of them raise ImproperlyConfigured with a sentence for people.
    """

    def __init__(self, file: Path) -> None:
        """Read `file`, if it exists. A variable that is set already in the environment wins."""
        self._env = environ.Env()
        # The library ignores an unreadable file or a wrong line. The sweep would then use the default database.
        if file.exists():
            try:
                lines = file.read_text(encoding="utf-8").splitlines()
            except OSError as error:
                raise ImproperlyConfigured(
                    f"{file} cannot be read ({error.strerror}): give this user the right."
                ) from error
            except UnicodeDecodeError as error:
                raise ImproperlyConfigured(f"{file} is not UTF-8: save it in UTF-8.") from error
            for number, line in enumerate(lines, 1):
                if not LINE.fullmatch(line):
                    raise ImproperlyConfigured(f"{file}, line {number}: write NAME=value, without spaces around =.")
            self._env.read_env(file)

    def text(self, name: str, default: str) -> str:
        # An empty value counts as not set: it is a line of .env that nobody has filled in.
        return self._env.ENVIRON.get(name, "").strip() or default

    def names(self, name: str) -> list[str]:
        """The parts of a comma separated list, by default none."""
        return [part.strip() for part in self.text(name, "").split(",") if part.strip()]

    def switch(self, name: str, *, default: bool) -> bool:
        value = self.text(name, "on" if default else "off").lower()
        if value not in ON + OFF:
            _refuse(name, value, "on or off")
        return value in ON

    def choice(self, name: str, default: str, choices: tuple[str, ...]) -> str:
        value = self.text(name, default).lower()
        if value not in choices:
            _refuse(name, value, " or ".join(choices))
        return value

    def web_address(self, name: str) -> str:
        """An http or https address without a slash at its end, by default none."""
        value = self.text(name, "").rstrip("/")
        if value and not re.fullmatch(r"https?://[^\s/?#]+(/[^\s?#]*)?", value):
            _refuse(name, value, "an address such as https://monitor.example.com/ping/YOUR-CHECK")
        return value

    def address_of_code(self, name: str) -> str:
        """An http or https address with {code} once in it, by default none. A QR code has room for 500 characters."""
        value = self.text(name, "")
        fits = re.fullmatch(r"https?://[^\s/?#{}]+[/?#][^\s{}]*\{code\}[^\s{}]*", value) and len(value) <= 500
        if value and not fits:
            _refuse(name, value, "an address with {code} where the code belongs: https://shop.example/?code={code}")
        return value

    def whole_number(self, name: str, default: int, *, most: int = 2**31 - 1) -> int:
        value = self.text(name, str(default))
        if not re.fullmatch("[0-9]{1,10}", value) or int(value) > most:
            _refuse(name, value, f"a whole number from 0 to {most}")
        return int(value)

    def whole_numbers(self, name: str, default: list[int], *, most: int) -> list[int]:
        """The numbers of a comma separated list."""
        values = self.names(name)
        for value in values:
            if not re.fullmatch("[0-9]{1,10}", value) or int(value) > most:
                _refuse(name, ",".join(values), f"whole numbers from 0 to {most}, such as 30,7,1")
        return [int(value) for value in values] or default

    def number(self, name: str, default: float, unit: str) -> float:
        value = self.text(name, str(default))
        try:
            number = float(value)
        except ValueError:
            number = math.nan
        if not 0 <= number < math.inf:
            _refuse(name, value, f"a number of {unit}, 0 or more")
        return number

    def zone(self, name: str, default: str) -> str:
        value = self.text(name, default)
        try:
            ZoneInfo(value)
        except (ZoneInfoNotFoundError, ValueError, OSError):
            _refuse(name, value, "a time zone such as Europe/Athens or UTC")
        return value

    def database(self, name: str, default: str, folder: Path) -> dict[str, Any]:
        """The connection of a URL. A relative SQLite file is in `folder`, whatever folder a scheduler starts in."""
        url = self.text(name, default)
        may_be = "sqlite:///FILE or postgres://USER:PASSWORD@HOST:PORT/NAME"
        if url.startswith("sqlite:///"):
            database = dict(self._env.db_url_config(url))
            if database["NAME"] != ":memory:":
                database["NAME"] = folder / database["NAME"]
            return database
        if not url.startswith(("postgres://", "postgresql://")):
            _refuse(name, _without_password(url), may_be)
        try:
            database = dict(self._env.db_url_config(url))
        except ValueError:
            _refuse(
                name,
                _without_password(url),
                f"{may_be}, with @ : / ? # in the password written as %40 %3A %2F %3F %23",
            )
        if not database["NAME"]:
            _refuse(name, _without_password(url), f"{may_be}; the name of the database is missing")
        return database

    def rate(self, name: str, default: str) -> str:
        value = self.text(name, default)
        if value == default:
            return default
        from limits import parse  # noqa: PLC0415 - a tenth of the start of a nightly command, which needs no rate

        try:
            parse(value)
        except ValueError:
            _refuse(name, value, "a rate, such as 6000 per minute")
        return value

    def storage(self, name: str, default: str) -> str:
        value = self.text(name, default)
        if value != "memory://" and not re.fullmatch(r"rediss?://[^/]+(/[0-9]+)?", value):
            _refuse(name, _without_password(value), "memory:// or redis://HOST:PORT/NUMBER")
        return value

    def email(self, name: str, default: str) -> dict[str, Any]:
        url = self.text(name, default)
        may_be = ", ".join(f"{scheme} ({meaning})" for scheme, meaning in EMAIL_SCHEMES.items())
        try:
            return dict(self._env.email_url_config(url))
        except (ImproperlyConfigured, ValueError):
            _refuse(name, _without_password(url), f"{may_be}, then USER:PASSWORD@HOST:PORT for smtp")


def mailer(email: dict[str, Any]) -> dict[str, Any]:
    """Django's settings EMAIL_… as an entry of MAILERS, which takes their place from Django 6.1 on."""
    options = {
        "smtp": ("host", "port", "host_user", "host_password", "use_tls", "use_ssl", "timeout"),
        "filebased": ("file_path",),
    }
    renamed = {"host_user": "username", "host_password": "password"}
    names = options.get(email["EMAIL_BACKEND"].split(".")[-2], ())
    values = {renamed.get(name, name): email.get(f"EMAIL_{name.upper()}") for name in names}
    return {
        "BACKEND": email["EMAIL_BACKEND"],
        "OPTIONS": {name: value for name, value in values.items() if value is not None},
    }


def _refuse(name: str, value: str, may_be: str) -> NoReturn:
    raise ImproperlyConfigured(f"{name} is {value!r}. It may be {may_be}.")


def _without_password(url: str) -> str:
    return re.sub(r"(://[^:/@]*):.*@", r"\1:***@", url)
