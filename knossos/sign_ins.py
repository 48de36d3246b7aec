"""Who signed in, who tried, and who was locked out: one line each, with the account's number and the network."""

import logging
from typing import Any

from axes.signals import user_locked_out
from django.contrib.auth.signals import user_logged_in, user_logged_out, user_login_failed
from django.dispatch import receiver
from django.http import HttpRequest

from main.throttle import client_network

logger = logging.getLogger(__name__)


@receiver(user_logged_in)
def log_sign_in(request: HttpRequest, user: Any, **kwargs: Any) -> None:
    logger.info("Account %s signed in from %s.", user.pk, client_network(request))


@receiver(user_logged_out)
def log_sign_out(request: HttpRequest, user: Any, **kwargs: Any) -> None:
    logger.info("Account %s signed out from %s.", user and user.pk, client_network(request))


@receiver(user_login_failed)
def log_failure(request: HttpRequest | None = None, **kwargs: Any) -> None:
    """Without the name that was tried: people type their password there too."""
    logger.warning("A sign-in failed from %s.", request and client_network(request))


@receiver(user_locked_out)
def log_lock(request: HttpRequest, **kwargs: Any) -> None:
    logger.warning("Sign-ins wait from %s: too many failed.", client_network(request))
