"""The tokens of shops: made, shown once, and found again by their hash."""

import hashlib
import secrets
from datetime import timedelta
from functools import cache
from typing import NamedTuple

from django.db import router
from django.db.models import Q
from django.utils import timezone

from main.checkout.models import ApiToken
from main.checkout.statements import TEXT, Statement

# Tells people, and programs that look for secrets in files, what such a text is.
PREFIX = "kno_"
SHOWN = len(PREFIX) + 6
USE_NOTED_EVERY = timedelta(minutes=1)


class Shop(NamedTuple):
    """Who asks: the row of the token that came with the request."""

    id: int
    name: str
    may_check: bool
    may_redeem: bool
    last_used_at: object


def make_token(token: ApiToken) -> str:
    """Save the new row `token` and return the text for the shop, which nobody can see again."""
    text = PREFIX + secrets.token_urlsafe(32)
    token.prefix, token.digest = text[:SHOWN], _digest(text)
    token.save()
    return text


def shop_with(text: str) -> Shop | None:
    """The shop with this token, or None for one that is unknown or switched off. Notes the use, once a minute."""
    row = _lookup(router.db_for_read(ApiToken)).first(text=_digest(text))
    if row is None:
        return None
    shop = Shop(*row)
    now = timezone.now()
    used = Q(last_used_at__isnull=True) | Q(last_used_at__lte=now - USE_NOTED_EVERY)
    if shop.last_used_at is None or shop.last_used_at <= now - USE_NOTED_EVERY:  # type: ignore[operator]
        ApiToken.objects.filter(used, pk=shop.id).update(last_used_at=now)
    return shop


@cache
def _lookup(using: str) -> Statement:
    return Statement(ApiToken.objects.using(using).filter(digest=TEXT, is_active=True).values_list(*Shop._fields))


def _digest(text: str) -> str:
    # A plain hash will do: the token has 256 random bits, and nobody guesses one.
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
