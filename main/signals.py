"""Receivers: expiry on save, and the log of every expiration. Connected by `MainConfig.ready`."""

import logging
import sys
from typing import Any

from django.db import DEFAULT_DB_ALIAS
from django.db.models.signals import post_save
from django.dispatch import receiver

from main.codes.text import visible
from main.models import ExpirationRun, ReferralCode
from main.sweep.announcing import ExpiredCode
from main.sweep.chosen import expire_on_save
from main.sweep.run import referral_codes_expired, sweep
from main.sweep.undo import referral_codes_restored

logger = logging.getLogger(__name__)


@receiver(post_save, sender=ReferralCode)
def check_referral_code_expiration_on_save(
    sender: type[ReferralCode],
    instance: ReferralCode,
    created: bool,
    raw: bool = False,
    using: str = DEFAULT_DB_ALIAS,
    **kwargs: Any,
) -> None:
    """Check if referral code is expired when saved, and mark it inactive if so; fixtures load as they are."""
    if raw:
        return
    # If the date is still an expression, only the database knows whether it has passed.
    if hasattr(instance.expires_at, "resolve_expression") or instance.is_overdue:
        expire_on_save(instance, using)


@receiver(referral_codes_expired)
def log_expired_codes(
    sender: type[ReferralCode], codes: list[ExpiredCode], run: ExpirationRun | None, **kwargs: Any
) -> None:
    """Log one line for each code, as one record. If the log cannot be written, warn on stderr and in the ledger."""
    warning = _log(logging.INFO, _lines("expired", codes, f"by run {run.pk}" if run else "on save"))
    _warn(warning, run)


@receiver(referral_codes_restored)
def log_restored_codes(
    sender: type[ReferralCode], codes: list[ExpiredCode], run: ExpirationRun, **kwargs: Any
) -> None:
    """Log the codes that the undo `run` put back, as `log_expired_codes` does."""
    _warn(_log(logging.INFO, _lines("restored", codes, f"by run {run.pk}, undoing run {run.undo_of_id}")), run)


def log_failed_sweep(reason: str) -> None:
    """Log why a sweep did not complete, because the ledger cannot say it when the database is gone."""
    _warn(_log(logging.ERROR, f"sweep failed: {visible(reason)}"), None)


def check_all_expired_referral_codes(
    started_by: ExpirationRun.StartedBy = ExpirationRun.StartedBy.SHELL,
) -> int:
    """Expire every code whose date is now or earlier, as the command does, and return how many codes that were.

    For the shell, views and tasks. Raises main.sweep.errors.SweepFailed when the sweep cannot complete, and
    django.db.DatabaseError when it cannot begin. Codes that were expired before the error stay expired.
    """
    return sweep(started_by).expired_count


def _log(level: int, text: str) -> str:
    """Return a warning, or an empty text."""
    try:
        logger.log(level, "%s", text)
    except OSError as error:
        return f"The log could not be written: {error}"
    return ""


def _warn(warning: str, run: ExpirationRun | None) -> None:
    """Warn on stderr, and in the ledger if there is a run. One warning for each run is enough."""
    if warning and (run is None or run.warning != warning):
        sys.stderr.write(f"Warning: {visible(warning)}\n")
        if run:
            run.warning = warning


def _lines(verb: str, codes: list[ExpiredCode], cause: str) -> str:
    return "\n".join(
        f"{verb} {visible(code)} (id {pk}, {f'agent {agent}' if agent else 'no agent'}, expiry {expires_at}) {cause}"
        for pk, code, agent, expires_at in codes
    )
