"""Limits how often a visitor may try something, and says which visitors are counted together."""

import logging
from collections.abc import Callable, Iterator
from functools import cache
from ipaddress import IPv6Address, ip_address, ip_network
from time import monotonic

from django.core.exceptions import ImproperlyConfigured
from django.http import HttpRequest
from django.utils.crypto import salted_hmac
from limits import parse
from limits.errors import StorageError
from limits.storage import MemoryStorage, Storage, storage_from_string
from limits.strategies import FixedWindowRateLimiter

from main import conf

logger = logging.getLogger(__name__)

# A provider gives at least a /64 to each customer. Counted by single address, a customer would have 2**64 tries.
IPV6_PREFIX = 64


class Rate:
    """A number of tries in a time, such as "10 per 15 minutes" from the first try on, for each subject of one kind.

    The tries are counted in RATE_LIMIT_STORAGE: a Redis for all processes, or the memory of each process (default).
    If the Redis fails, the error is logged and this process counts for itself for some seconds.
    """

    def __init__(self, kind: str, limit: str) -> None:
        self.kind = kind
        self.limit = parse(limit)

    def take(self, subject: object) -> bool:
        """Count one more try of `subject`, and return whether it was within the rate."""
        return self._noted(_asked(lambda counter: counter.hit(self.limit, *self._key(subject))))

    def is_spent(self, subject: object) -> bool:
        """Return whether the next try of `subject` would be too many; counts nothing."""
        return not self._noted(_asked(lambda counter: counter.test(self.limit, *self._key(subject))))

    def _noted(self, within: bool) -> bool:
        """Log, without a word about the subject, a try that is too many."""
        if not within:
            logger.warning("Too many tries: %s, %s.", self.kind, self.limit)
        return within

    def _key(self, subject: object) -> Iterator[str]:
        """The key of `subject`: a hash, so that the storage holds no names or addresses of people."""
        yield self.kind
        yield salted_hmac("main.throttle", str(subject), algorithm="sha256").hexdigest()


def client_network(request: HttpRequest) -> str | None:
    """The visitor's network, whose tries are counted together: an IPv4 address, or the first address of an IPv6 /64.

    It is the address that the outermost of our PROXIES saw; without proxies, the address of the connection. None for a
    connection over a local socket that names no address.
    """
    # Each proxy appends the address that it saw to X-Forwarded-For. The client may have written what is before those.
    proxies = conf.proxies()
    forwarded = request.META.get("HTTP_X_FORWARDED_FOR", "").split(",")
    claimed = _network(forwarded[-proxies]) if 0 < proxies <= len(forwarded) else None
    return claimed or _network(request.META.get("REMOTE_ADDR", ""))


def _network(written: str) -> str | None:
    """The network of an address with or without a port (203.0.113.9:4711, [2001:db8::1]:4711); None if it is none."""
    text = written.strip()
    if text.startswith("["):
        text = text[1:].partition("]")[0]
    elif text.count(":") == 1:
        text = text.partition(":")[0]
    try:
        address = ip_address(text.partition("%")[0])
    except ValueError:
        return None
    if isinstance(address, IPv6Address) and address.ipv4_mapped:
        address = address.ipv4_mapped
    if isinstance(address, IPv6Address):
        return str(ip_network((address, IPV6_PREFIX), strict=False).network_address)
    return str(address)


@cache
def counts_of_this_process() -> MemoryStorage:
    """The counts of this process alone."""
    return MemoryStorage()


def _storage() -> Storage:
    address = conf.rate_limit_storage()
    return counts_of_this_process() if address == "memory://" else _shared_storage(address)


@cache
def _shared_storage(address: str) -> Storage:
    """The storage at `address`, with short timeouts: a storage that hangs must not hold up a page."""
    storage = storage_from_string(address, wrap_exceptions=True, socket_timeout=1, socket_connect_timeout=1)
    if not isinstance(storage, Storage):
        raise ImproperlyConfigured(f"RATE_LIMIT_STORAGE is for asyncio alone: {address.partition(':')[0]}.")
    return storage


def problems() -> list[str]:
    """What an operator should know of RATE_LIMIT_STORAGE: nothing while it answers."""
    if _storage().check():
        return []
    return ["RATE_LIMIT_STORAGE cannot be reached: each process counts tries for itself."]


# Until when a storage that failed is not asked again, of time.monotonic(): while it hangs, each request would wait.
_rests: dict[str, float] = {}
REST = 5.0  # seconds


def _asked(question: Callable[[FixedWindowRateLimiter], bool]) -> bool:
    address = conf.rate_limit_storage()
    if monotonic() >= _rests.get(address, 0):
        try:
            return question(FixedWindowRateLimiter(_storage()))
        except StorageError:
            _rests[address] = monotonic() + REST
            logger.exception("RATE_LIMIT_STORAGE fails; this process counts for itself.")
    return question(FixedWindowRateLimiter(counts_of_this_process()))
