"""One run: what is due is written down, sent, and marked. Safe to repeat, and to run twice at once."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field
from itertools import chain

from django.utils import timezone

from main.notices import operators, outbox, people, wishes
from main.notices.contents import to_agents, to_staff
from main.notices.letters import Mail, message
from main.notices.models import Notice, SwitchedOn
from main.notices.post import MessageRefused, NoAnswer, NotTaken, Post, Refused, ServerAway
from main.sweep.databases import now_for_writing


@dataclass
class Result:
    """What became of the notices of one run."""

    switched_on: bool = False  # by this run, which sends nothing
    sent: int = 0
    refused: list[tuple[str, str]] = field(default_factory=list)  # the address, and what the mail server said
    waiting: int = 0  # for the next run
    said: str = ""  # by the mail server, of the last one that waits
    stopped: str = ""  # why no more could be sent: a sentence


def run(
    *, on_mail: Callable[[Mail], object] = lambda mail: None, stop_if_asked: Callable[[], None] = lambda: None
) -> Result:
    """Send what is due now, and return what became of it.

    `on_mail` is called after each mail that was sent, `stop_if_asked` before each; what they raise ends the run, and
    nothing is lost. The first run ever sends nothing: it writes down since when notices are sent. Raises WrongClock
    where the clock of this machine may be wrong: it would tell everybody that all codes have ended.
    """
    now_for_writing()
    switched_on, is_first = SwitchedOn.objects.get_or_create(pk=1, defaults={"at": timezone.now()})
    result = Result(switched_on=is_first)
    wishes.close_outdated()
    people.lapse_for_the_absent()
    if is_first:
        return result
    with Post() as post:
        sender = _Sender(post, result, on_mail, stop_if_asked)
        for mails in chain(to_agents(switched_on.at), to_staff(switched_on.at)):
            sender.send(mails)
            if result.stopped:
                return result
        operators.report(sender.send_one)
    return result


class _Sender:
    def __init__(
        self, post: Post, result: Result, on_mail: Callable[[Mail], object], stop_if_asked: Callable[[], None]
    ) -> None:
        self._post = post
        self._result = result
        self._on_mail = on_mail
        self._stop_if_asked = stop_if_asked

    def send(self, mails: list[Mail]) -> None:
        """Send all; where that is cut short, give back those that were not given to the server."""
        rest = deque(mails)
        try:
            while rest and not self._result.stopped:
                self._stop_if_asked()
                self.send_one(rest.popleft())
        finally:
            if rest:
                self._give_back(list(rest), self._result.stopped)

    def send_one(self, mail: Mail) -> bool:
        """Send it and mark it; return whether the server took it."""
        address = ", ".join(mail.to)
        try:
            self._post.send(message(mail))
        except Refused as error:
            self._refused(mail.notice, address, str(error))
        except MessageRefused as error:
            # It may be this mail, this address, or all our mails: so it is tried a few times.
            if mail.notice.tries < outbox.REFUSALS:
                self._give_back([mail], str(error))
            else:
                self._refused(mail.notice, address, str(error))
        except NotTaken as error:
            self._give_back([mail], str(error))
        except NoAnswer as error:
            outbox.mark_unanswered(mail.notice, str(error))
            self._waits(1, str(error))
        except ServerAway as error:
            self._result.stopped = str(error)
            self._give_back([mail], str(error))
        else:
            outbox.mark_sent(mail.notice, address)
            self._result.sent += 1
            self._on_mail(mail)
            return True
        return False

    def _refused(self, notice: Notice, address: str, said: str) -> None:
        outbox.mark_refused(notice, address, said)
        self._result.refused.append((address, said))

    def _give_back(self, mails: list[Mail], said: str) -> None:
        """For the next run. Of one that may have arrived earlier, that is still all that is known."""
        for mail in mails:
            if mail.is_repeated:
                outbox.mark_unanswered(mail.notice, said)
        outbox.give_back([mail.notice for mail in mails if not mail.is_repeated], said)
        self._waits(len(mails), said)

    def _waits(self, count: int, said: str) -> None:
        self._result.waiting += count
        self._result.said = said
