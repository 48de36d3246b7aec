"""What the checkout does when the sweep has done its work."""

import logging
from typing import Any

from django.db import DatabaseError, transaction
from django.db.models.signals import post_save
from django.dispatch import receiver

from main.checkout.tries import forget_old_tries
from main.models import ExpirationRun

logger = logging.getLogger(__name__)


@receiver(post_save, sender=ExpirationRun)
def forget_old_tries_after_a_run(sender: type[ExpirationRun], instance: ExpirationRun, **kwargs: Any) -> None:
    """Once a night is often enough. What fails here harms no sweep: the next one tries again."""
    if instance.state != ExpirationRun.State.COMPLETED:
        return
    try:
        with transaction.atomic():
            forget_old_tries()
    except DatabaseError:
        logger.exception("Old tries of ended codes could not be deleted.")
