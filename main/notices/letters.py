"""The mails themselves: from what is due to subject, text and HTML."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.core.signing import BadSignature, Signer
from django.template.loader import get_template
from django.urls import reverse
from django.utils import timezone, translation
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from main.accounts.choices import Reader
from main.codes.percent import percent_in_words
from main.codes.wording import in_words
from main.models import ReferralCode
from main.notices import conf
from main.notices.due import Item, days_left
from main.notices.models import Alarm, Notice, Preference, Told, Wish

# A mail lists so many codes of a kind; the page shows all.
LISTED = 50

# Why a code has ended or works again, by the name that `Item.why` has for it.
WHY: dict[str, Any] = {
    "switched_off": _("The office switched it off."),
    "ended_by_staff": _("The office ended it."),
    "date": _("It reached its date."),
    "too_early": _("The system ended it before its date."),
    "undone": _("It had been ended by mistake."),
    "extended": _("The office gave it more time."),
}


class Letter(NamedTuple):
    """What a mail says."""

    subject: str
    text: str
    html: str
    stop_url: str = ""  # where these mails are stopped; the operators cannot


class Mail(NamedTuple):
    """A claimed notice, and what it says to whom."""

    notice: Notice
    letter: Letter
    to: list[str]
    is_repeated: bool = False  # an earlier try may have arrived


class Row(NamedTuple):
    """One code in a mail, in the language and the zone of its reader."""

    code: str
    offer: str  # the discount, and how often customers used it
    left: int  # days; 0 on the last one, and for a code that never ends
    sentence: str  # that says when it stops, or why it ended or works again
    date: str  # another sentence, where the first does not name the date
    ask: str  # the words of the link below
    ask_url: str  # where more time can be asked for; empty where the agent knows that there is none


class Section(NamedTuple):
    """The codes of one kind: how many there are, and the rows that are listed."""

    number: int
    rows: list[Row]

    @property
    def rest(self) -> int:
        return self.number - len(self.rows)


class News(NamedTuple):
    """What one agent is to be told."""

    items: list[Item]
    wishes: list[Wish]
    uses: Mapping[int, int] | None = None  # of the codes, by primary key; None where the checkout is not there


def agent_letter(name: str, news: News, preference: Preference, reader: Reader, now: datetime) -> Letter:
    """The mail for an agent called `name`, at the instant `now`, in the language and the zone of that `reader`."""
    with reader.reads():
        granted = {wish.code_id for wish in news.wishes if wish.state in (Wish.State.GRANTED, Wish.State.OVERTAKEN)}
        sections: dict[str, list[Item]] = {kind: [] for kind in Told.Kind}
        for item in news.items:
            if item.kind == Told.Kind.ENDED or item.code.pk not in granted:  # the answer says that it goes on
                sections[item.kind].append(item)
        context = {
            "name": name,
            **{
                kind: Section(len(items), [_row(item, news.uses, now) for item in items[:LISTED]])
                for kind, items in sections.items()
            },
            "wishes": [{"code": wish.code.code, "answer": answer_in_words(wish, now)} for wish in news.wishes],
            "page_url": conf.site_url() + reverse("profile"),
            "choose_url": unsubscribe_url(preference, Notice.Kind.AGENT),
        }
        return _rendered("agent", context)


def staff_letter(name: str, summary: dict[str, Any], preference: Preference, reader: Reader) -> Letter:
    """The summary for a member of staff called `name`, in the language and the zone of that `reader`."""
    with reader.reads():
        context = {
            **summary,
            "name": name,
            "ended": [_line(code) for code in summary["ended"]],
            "ending": [_line(code) for code in summary["ending"]],
            "wishes_url": conf.site_url() + reverse("admin:notices_wish_changelist") + "?state=waiting",
            "admin_url": conf.site_url() + reverse("admin:index"),
            "choose_url": unsubscribe_url(preference, Notice.Kind.STAFF),
        }
        return _rendered("staff", context)


def operators_letter(began: Iterable[Alarm.Problem], ended: Iterable[Alarm.Problem]) -> Letter:
    """What has gone wrong, and what is well again, in the language of the installation."""
    with translation.override(settings.LANGUAGE_CODE):
        context = {
            "began": [problem.label for problem in began],
            "ended": [problem.label for problem in ended],
            "admin_url": conf.site_url() + reverse("admin:index"),
        }
        return _rendered("operators", context)


def message(mail: Mail) -> EmailMultiAlternatives:
    """The mail as it goes to the server. Whoever repeats a notice sends the same Message-ID."""
    headers = {"Message-ID": mail.notice.message_id, "Auto-Submitted": "auto-generated"}
    if mail.letter.stop_url:
        headers |= {
            "List-Unsubscribe": f"<{mail.letter.stop_url}>",
            "List-Unsubscribe-Post": "List-Unsubscribe=One-Click",
        }
    found = EmailMultiAlternatives(mail.letter.subject, mail.letter.text, to=mail.to, headers=headers)
    found.attach_alternative(mail.letter.html, "text/html")
    return found


def unsubscribe_url(preference: Preference, kind: Notice.Kind) -> str:
    """The address that stops mails of this kind: signed, and without a word about the person."""
    return conf.site_url() + reverse("notices_by_link", args=[_signer().sign(f"{kind}.{preference.key.hex}")])


def read_link(token: str) -> tuple[Notice.Kind, str]:
    """The kind of mail and the key of the preference in the `token` of such an address. Raises BadSignature."""
    kind, _, key = _signer().unsign(token).partition(".")
    if kind not in (Notice.Kind.AGENT, Notice.Kind.STAFF):
        raise BadSignature("not a link of ours")
    return Notice.Kind(kind), key


def _signer() -> Signer:
    return Signer(sep="~", salt="main.notices.link")


def _row(item: Item, uses: Mapping[int, int] | None, now: datetime) -> Row:
    code = item.code
    left = days_left(code.expires_at, now, timezone.get_current_timezone()) if code.expires_at else 0
    ends = _ends(code.expires_at)
    can_ask = item.kind == Told.Kind.STOPPING or item.why == "date"
    return Row(
        code=code.code,
        offer=_offer(code, None if uses is None else uses.get(code.pk, 0)),
        left=left,
        sentence=_stops(left, ends) if item.kind == Told.Kind.STOPPING else str(WHY[item.why]),
        date=_date(item.kind, ends),
        ask=gettext("Ask for more time for %(code)s") % {"code": code.code},
        ask_url=conf.site_url() + reverse("wish", args=[code.pk]) if can_ask else "",
    )


def _offer(code: ReferralCode, uses: int | None) -> str:
    """What it gives customers, and how often they took it; `uses` is None where the checkout is not there."""
    facts = {"discount": percent_in_words(code.discount), "count": uses}
    if uses is None:
        return gettext("%(discount)s off") % facts
    return ngettext("%(discount)s off, used %(count)d time", "%(discount)s off, used %(count)d times", uses) % facts


def _stops(left: int, ends: str) -> str:
    if left == 0:
        sentence = gettext("It stops today: %(ends)s.")
    elif left == 1:
        sentence = gettext("It stops tomorrow: %(ends)s.")
    else:
        sentence = ngettext("It stops in %(days)d day: %(ends)s.", "It stops in %(days)d days: %(ends)s.", left)
    return sentence % {"days": left, "ends": ends}


def _date(kind: Told.Kind, ends: str) -> str:
    if kind == Told.Kind.ENDED:
        return gettext("Its date: %(ends)s.") % {"ends": ends} if ends else ""
    if kind == Told.Kind.RESTORED:
        return gettext("It works until: %(ends)s.") % {"ends": ends} if ends else gettext("It has no end date.")
    return ""


def answer_in_words(wish: Wish, now: datetime) -> str:
    """What has become of a wish, as a sentence for its agent."""
    if wish.state == Wish.State.DECLINED:
        return gettext("The office said no: %(answer)s") % {"answer": wish.answer}
    if wish.state not in (Wish.State.GRANTED, Wish.State.OVERTAKEN):
        return gettext("The office has not answered within 30 days. You can ask again.")
    if not wish.code.is_usable_at(now):
        return gettext("It got more time, and has ended since.")
    if wish.code.expires_at is None:
        return gettext("It has no end date now.")
    return gettext("It works until: %(ends)s.") % {"ends": in_words(wish.code.expires_at)}


def _line(code: ReferralCode) -> dict[str, Any]:
    return {"code": code.code, "agent": code.agent or gettext("of the house"), "ends": _ends(code.expires_at)}


def _ends(instant: datetime | None) -> str:
    return in_words(instant) if instant else ""


def _rendered(name: str, context: dict[str, Any]) -> Letter:
    subject = " ".join(_template(f"notices/mail/{name}_subject.txt").render(context).split())
    text = _template(f"notices/mail/{name}.txt").render(context)
    html = _template(f"notices/mail/{name}.html").render(
        {**context, "subject": subject, "language": translation.get_language()}
    )
    return Letter(subject, text, html, context.get("choose_url", ""))


@cache
def _template(name: str) -> Any:
    return get_template(name)
