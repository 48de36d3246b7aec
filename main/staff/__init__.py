"""The staff's site: its front page, and what other apps put on it."""

from typing import NamedTuple

from django.dispatch import Signal


class Decision(NamedTuple):
    """What needs a decision of a member of staff now: one sentence, and the address where to act, or nothing."""

    sentence: str
    link: str = ""


# Asks other apps what needs a decision. A receiver takes `request`, and returns a list of Decision for its person.
asked_for_decisions = Signal()
