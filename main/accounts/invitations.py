"""Invitations: a mail with a link by which the owner of an account without a password chooses one."""

from __future__ import annotations

from concurrent.futures import wait
from enum import Enum, auto
from functools import partial
from typing import Any

from django.contrib.auth.tokens import default_token_generator
from django.core.mail import EmailMessage
from django.http import HttpRequest
from django.template.loader import render_to_string
from django.urls import reverse
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode

from main.accounts.choices import reader_of
from main.accounts.passwords import send_behind_the_page
from main.accounts.users import address_of

# For so long the page waits to tell what has become of the mail. Seconds.
WAIT = 3.0


class Sending(Enum):
    """What has become of a mail."""

    SENT = auto()
    UNDER_WAY = auto()
    FAILED = auto()


def can_be_invited(user: Any) -> bool:
    """Whether the account is on, has an e-mail address, and nobody has chosen a password for it yet."""
    return bool(user.is_active and address_of(user) and not user.has_usable_password())


def invite(request: HttpRequest, user: Any, name: str) -> Sending:
    """Mail to `user`, who is called `name`, a link to choose a password: the same kind as for a forgotten one.

    The mail is sent by another thread, which logs a failure. Waits for a moment to see how it went.
    """
    key = {"uidb64": urlsafe_base64_encode(force_bytes(user.pk)), "token": default_token_generator.make_token(user)}
    facts = {
        "name": name,
        "user_name": user.get_username(),
        "link": request.build_absolute_uri(reverse("password_reset_confirm", kwargs=key)),
        "site": request.build_absolute_uri(reverse("home")),
    }
    with reader_of(user).reads():
        subject = render_to_string("main/accounts/invitation_subject.txt", facts).strip()
        text = render_to_string("main/accounts/invitation_mail.txt", facts)
    mail = EmailMessage(subject, text, to=[address_of(user)])
    sending = send_behind_the_page(partial(mail.send))
    if sending is None:
        return Sending.FAILED
    wait([sending], WAIT)
    if not sending.done():
        return Sending.UNDER_WAY
    return Sending.FAILED if sending.exception() else Sending.SENT
