"""Creates new codes whose texts the system chooses."""

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext_lazy as _

from main.codes.lookalikes import lookup_key
from main.codes.proposing import with_pairs
from main.models import ReferralCode, UserProfile

CHUNK = 500  # codes that are looked up at once; SQLite takes 999 parameters for certain


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


def free_texts(wanted: Iterable[str]) -> list[str]:
    """Return each of the cleaned texts `wanted`, with letters and digits more where a code or another one has it.

    No two of the returned texts look the same. They are not reserved. Raises ValidationError for a text that no code
    can have, or that would become too long.
    """
    left = dict(enumerate(wanted))
    found: dict[int, str] = {}
    keys: set[str] = set()
    pairs = 0
    while left:
        tries = {number: with_pairs(text, pairs) for number, text in left.items()}
        keys |= _stored_keys(list(tries.values()))
        for number, text in tries.items():
            if not (key := lookup_key(text)):
                raise ValidationError(
                    _("'%(text)s' cannot be a code: it is too long, or has invisible characters."),
                    params={"text": text[:80]},
                )
            if key not in keys:
                keys.add(key)
                found[number] = text
                del left[number]
        pairs += 1
    return [found[number] for number in sorted(found)]


def _stored_keys(texts: list[str]) -> set[str]:
    keys: set[str] = set()
    for start in range(0, len(texts), CHUNK):
        stored = ReferralCode.objects.with_code(*texts[start : start + CHUNK])
        keys.update(stored.values_list("lookup_key", flat=True))
    return keys
