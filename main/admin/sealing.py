"""What a page shows and the next request must have unchanged: in a field of the page, signed for this person.

Nothing is kept on the server, so it does not matter which process answers. Why so: docs/decisions/0044.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Any

from django.core import signing

KEPT_FOR = timedelta(hours=1)


def seal(request: Any, purpose: str, value: Any) -> str:
    """Return `value`, made of lists, dicts, texts, numbers and None, as a text for a field of a form."""
    return signing.dumps(value, salt=_salt(request, purpose), compress=True)


def unseal(request: Any, purpose: str, text: str) -> Any:
    """Return the value. None if the text is older than KEPT_FOR, was made for another person, or was changed."""
    try:
        return signing.loads(text, salt=_salt(request, purpose), max_age=KEPT_FOR)
    except signing.BadSignature:
        return None


def _salt(request: Any, purpose: str) -> str:
    return f"{__name__} {purpose} {request.user.pk}"
