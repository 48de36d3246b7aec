"""A new code whose text the system chooses."""

from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction

from main.models import ReferralCode, UserProfile


def create_code(agent: UserProfile | None, discount: Decimal | float, **fields: Any) -> ReferralCode:
    """Store and return a new code of `agent`, or of the house, with a text that `generate_unique_code` proposes.

    Two people who create at once get two codes: who comes second gets the next text. `fields` are others of the
    model. Raises IntegrityError where the database refuses them.
    """
    while True:
        code = ReferralCode.generate_unique_code(agent.name if agent else "", discount)
        try:
            with transaction.atomic():
                return ReferralCode.objects.create(code=code, agent=agent, discount=discount, **fields)
        except IntegrityError:
            if not ReferralCode.objects.with_code(code).exists():
                raise
