"""One connection to the mail server for many mails, and what its answers mean."""

from __future__ import annotations

import smtplib
from contextlib import suppress
from typing import Any, Self

from django.core.mail import EmailMessage, get_connection

from main.codes.text import visible
from main.notices import conf

# So many broken connections one after the other, and the server is away.
BREAKS = 3


class Refused(Exception):
    """The server will never take mail for this address. The message is what it said."""


class MessageRefused(Exception):
    """The server refused the content of this mail. The message is what it said."""


class NotTaken(Exception):
    """The server did not take this mail now; it said why."""


class NoAnswer(Exception):
    """The connection broke while the mail was given over: nobody knows whether the server took it."""


class ServerAway(Exception):
    """No mail can be sent now. The message is a whole sentence."""


class Post:
    """A connection that is opened by the first mail, and again where it breaks. Use it in a `with` block."""

    def __init__(self) -> None:
        self._connection = get_connection(timeout=conf.mail_timeout())
        self._used = False
        self._breaks = 0

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: Any, error: Any, traceback: Any) -> None:
        self._close()

    def send(self, message: EmailMessage) -> None:
        """Give `message` to the server; return once it has taken it.

        Raises Refused, MessageRefused, NotTaken or NoAnswer for this mail alone. Raises ServerAway, and has not given
        this mail to anybody, where the connection cannot be made, broke with each of the last BREAKS mails, or the
        server does not accept our sender.
        """
        if self._breaks >= BREAKS:
            raise ServerAway(f"The connection to the mail server broke {BREAKS} times in a row.")
        used = self._used
        try:
            self._give(message)
        except smtplib.SMTPServerDisconnected as error:
            self._close()
            # A server may close a connection that has carried enough mails. One that was silent is not asked twice.
            if used and not isinstance(error.__context__, TimeoutError):
                return self.send(message)
            self._breaks += 1
            raise NoAnswer(_said(error)) from error
        self._used = True
        self._breaks = 0
        return None

    def _give(self, message: EmailMessage) -> None:
        for address in message.to:
            if not address.rpartition("@")[0].isascii():  # Django 5.2 encodes it, which makes it another address
                raise Refused("Before the @ there is a letter that our mails cannot carry.")
        self._open()
        try:
            self._connection.send_messages([message])
        except smtplib.SMTPServerDisconnected:
            raise
        except smtplib.SMTPRecipientsRefused as error:
            code, text = next(iter(error.recipients.values()))
            raise self._answer(code, text, Refused) from error
        except smtplib.SMTPSenderRefused as error:
            raise self._answer(error.smtp_code, error.smtp_error, ServerAway) from error
        except smtplib.SMTPDataError as error:
            raise self._answer(error.smtp_code, error.smtp_error, MessageRefused) from error
        except smtplib.SMTPException as error:
            raise NotTaken(visible(str(error))) from error
        except ValueError as error:  # an address or a name that no mail can carry
            raise Refused(visible(str(error))) from error

    def _open(self) -> None:
        try:
            self._connection.open()
        except OSError as error:  # no connection, or not signed in; SMTPException is one too
            self._close()
            raise ServerAway(f"The mail server cannot be used: {_said(error)}") from error

    def _answer(self, code: int, text: bytes | str, permanent: type[Exception]) -> Exception:
        """What the server's refusal means: for now, or `permanent`."""
        said = visible(f"{code} {text.decode(errors='replace') if isinstance(text, bytes) else text}".strip())
        if code == 421:  # it closes the connection, and smtplib has done so too
            self._close()
        if code < 500:
            return NotTaken(said)
        return permanent(f"The mail server does not accept our sender: {said}" if permanent is ServerAway else said)

    def _close(self) -> None:
        self._used = False
        with suppress(OSError):  # what was taken is taken, whatever happens to the farewell
            self._connection.close()


def _said(error: BaseException) -> str:
    return visible(" ".join(str(error).split())) or type(error).__name__
