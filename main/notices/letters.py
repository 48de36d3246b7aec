"""The mails themselves: from what is due to subject, text and HTML."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import datetime
from functools import cache
from typing import Any, NamedTuple

from django.conf import settings
from django.core.mail import EmailMultiAlternatives
from django.core.signing import BadSignature, Signer
from django.template.loader import get_template
from django.urls import reverse
from django.utils import timezone, translation

from main.codes.wording import in_words
from main.models import ReferralCode
from main.notices import conf
from main.notices.due import Item, days_left, zone_of
from main.notices.models import Notice, Preference, Told, Wish

# A mail lists so many codes of a kind; the page shows all.
LISTED = 50


class Letter(NamedTuple):
    """What a mail says."""

    subject: str
    text: str
    html: str


class Mail(NamedTuple):
    """A claimed notice, and what it says to whom."""

    notice: Notice
    letter: Letter
    to: list[str]
    preference: Preference | None = None  # the operators have none


class Row(NamedTuple):
    """One code in a mail, in the words of its reader's zone."""

    code: str
    discount: str
    ends: str
    days_left: int | None
    why: str
    ask_url: str


class Section(NamedTuple):
    """The codes of one kind: how many there are, and the rows that are listed."""

    number: int
    rows: list[Row]

    @property
    def rest(self) -> int:
        return self.number - len(self.rows)


def agent_letter(name: str, items: list[Item], wishes: list[Wish], preference: Preference, now: datetime) -> Letter:
    """The mail for an agent called `name`, at the instant `now`, in the zone and language of that person."""
    with timezone.override(zone_of(preference)), translation.override(settings.LANGUAGE_CODE):
        granted = {wish.code_id for wish in wishes if wish.state in (Wish.State.GRANTED, Wish.State.OVERTAKEN)}
        context = {
            "name": name,
            "stopping": _section(items, Told.Kind.STOPPING, preference, now, granted),
            "ended": _section(items, Told.Kind.ENDED, preference, now, set()),
            "restored": _section(items, Told.Kind.RESTORED, preference, now, granted),
            "wishes": [{"wish": wish, "ends": _ends(wish.code.expires_at)} for wish in wishes],
            "page_url": conf.site_url() + reverse("profile"),
            "choose_url": unsubscribe_url(preference, Notice.Kind.AGENT),
        }
        return _rendered("agent", context)


def staff_letter(name: str, summary: dict[str, Any], preference: Preference) -> Letter:
    """The summary for a member of staff called `name`."""
    with timezone.override(zone_of(preference)), translation.override(settings.LANGUAGE_CODE):
        context = {
            **summary,
            "name": name,
            "ended": [_line(code) for code in summary["ended"]],
            "ending": [_line(code) for code in summary["ending"]],
            "wishes_url": conf.site_url() + reverse("admin:notices_wish_changelist"),
            "admin_url": conf.site_url() + reverse("admin:index"),
            "choose_url": unsubscribe_url(preference, Notice.Kind.STAFF),
        }
        return _rendered("staff", context)


def operators_letter(began: Iterable[str], ended: Iterable[str]) -> Letter:
    """What has gone wrong, and what is well again."""
    with translation.override(settings.LANGUAGE_CODE):
        context = {"began": list(began), "ended": list(ended), "admin_url": conf.site_url() + reverse("admin:index")}
        return _rendered("operators", context)


def message(mail: Mail) -> EmailMultiAlternatives:
    """The mail as it goes to the server. Whoever repeats a notice sends the same Message-ID."""
    headers = {"Message-ID": mail.notice.message_id, "Auto-Submitted": "auto-generated"}
    if mail.preference:
        headers |= {
            "List-Unsubscribe": f"<{unsubscribe_url(mail.preference, Notice.Kind(mail.notice.kind))}>",
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


def _section(items: list[Item], kind: Told.Kind, preference: Preference, now: datetime, without: set[int]) -> Section:
    chosen = [item for item in items if item.kind == kind and item.code.pk not in without]
    return Section(len(chosen), [_row(item.code, _left(item, preference, now), item.why) for item in chosen[:LISTED]])


def _left(item: Item, preference: Preference, now: datetime) -> int | None:
    if item.kind == Told.Kind.ENDED or not item.code.expires_at:
        return None
    return days_left(item.code.expires_at, now, zone_of(preference))


def _row(code: ReferralCode, left: int | None, why: str) -> Row:
    return Row(
        code.code,
        f"{code.discount.normalize():f}",
        _ends(code.expires_at),
        left,
        why,
        conf.site_url() + reverse("wish", args=[code.pk]),
    )


def _line(code: ReferralCode) -> dict[str, Any]:
    return {"code": code.code, "agent": code.agent or "of the house", "ends": _ends(code.expires_at)}


def _ends(instant: datetime | None) -> str:
    return in_words(instant) if instant else ""


def _rendered(name: str, context: dict[str, Any]) -> Letter:
    subject = " ".join(_template(f"notices/mail/{name}_subject.txt").render(context).split())
    text = _template(f"notices/mail/{name}.txt").render(context)
    return Letter(subject, text, _template(f"notices/mail/{name}.html").render({**context, "subject": subject}))


@cache
def _template(name: str) -> Any:
    return get_template(name)
