"""What notices add to the figures of /metrics: by name, what it means, and its value at this instant."""

from collections.abc import Iterator

from django.utils import timezone

from main.notices import operators
from main.notices.models import Wish


def figures() -> Iterator[tuple[str, str, float]]:
    yield (
        "notices_waiting",
        "Notices that were not sent yet, and that nobody sends now.",
        operators.unsent(timezone.now()).count(),
    )
    yield (
        "notices_refused_addresses",
        "People whose address a mail server refused for good.",
        operators.with_refused_address().count(),
    )
    yield "wishes_waiting", "Wishes for more time that staff can answer.", Wish.objects.waiting().count()
