"""Against guessing: a customer with ten wrong codes waits, and a token has a rate.

Customers whom a shop does not tell apart never wait: one of them who guesses would close the checkout for all others.
"""

from functools import cache

from main.checkout import conf
from main.checkout.tokens import Shop
from main.throttle import Rate

WRONG_CODES = Rate("wrong codes of a customer", "10 per 10 minutes")
# Of all customers whom a shop does not tell apart: after so many, a refusal does not say why any more.
WRONG_CODES_OF_NOBODY = Rate("wrong codes of a shop", "1000 per 10 minutes")


class WrongCodes:
    """The wrong codes of one customer of a shop. `customer` is the shop's word for it; only a hash of it is kept."""

    def __init__(self, shop: Shop, customer: str | None) -> None:
        self._is_named = customer is not None
        self._rate = WRONG_CODES if self._is_named else WRONG_CODES_OF_NOBODY
        self._subject = (shop.name, customer)

    def too_many(self) -> bool:
        """Whether this customer has to wait, for a code that works too: else one could go on guessing."""
        return self._is_named and self._rate.is_spent(self._subject)

    def one_more(self) -> bool:
        """Count a wrong code, and return whether the customer may be told the reason."""
        return self._rate.take(self._subject)

    @property
    def wait(self) -> int:
        """For how many seconds the customer waits at most."""
        return self._rate.limit.get_expiry()


@cache
def _token_rate(limit: str) -> Rate:
    return Rate("requests of a token", limit)


def seconds_to_wait(shop: Shop) -> int:
    """Count one request of the shop's token; how many seconds it should wait, or 0 while it is within its rate."""
    rate = _token_rate(conf.token_rate())
    return 0 if rate.take(shop.id) else rate.limit.get_expiry()
