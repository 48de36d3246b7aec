"""Creates a new code whose text the system chooses."""

from decimal import Decimal
from typing import Any

from django.db import IntegrityError, transaction

from main.models import ReferralCode, UserProfile


def create_code(agent: UserProfile | None, discount: Decimal | float, **fields: Any) -> ReferralCode:
    """Store and return a new code of `agent`, or a house code, with a text from `generate_unique_code`.

    If two people create a code at the same moment, the second one gets the next free text. `fields` are other fields
    of the model. Raises IntegrityError if the database rejects them.
    """
    while True:
        code = ReferralCode.generate_unique_code(agent.name if agent else "", discount)
        try:
            with transaction.atomic():
                return ReferralCode.objects.create(code=code, agent=agent, discount=discount, **fields)
        except IntegrityError:
            if not ReferralCode.objects.with_code(code).exists():
                raise
