"""The sentences about what was done to codes, for the pages, the admin and the history.

Each is a whole sentence with named parts. It is made when it is shown, in the language and the zone of the reader.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from django.utils.translation import gettext_lazy as _
from django.utils.translation import ngettext, ngettext_lazy

from main.codes.editing import Done, Edit, Refusal
from main.codes.wording import in_words
from main.models import ReferralCode

NAMED_AT_MOST = 10

# For one code and for several; `ngettext_lazy` chooses by `count`.
TOLD: dict[Done | Refusal, Any] = {
    Done.EXTENDED: ngettext_lazy(
        # Translators: %(days)s is "1 day" or "30 days".
        "%(count)d code was extended by %(days)s: %(codes)s.",
        "%(count)d codes were extended by %(days)s: %(codes)s.",
        "count",
    ),
    Done.REVIVED: ngettext_lazy(
        "%(count)d code was extended by %(days)s and is active again: %(codes)s.",
        "%(count)d codes were extended by %(days)s and are active again: %(codes)s.",
        "count",
    ),
    Done.SWITCHED_OFF: ngettext_lazy(
        "%(codes)s was switched off.", "%(count)d codes were switched off: %(codes)s.", "count"
    ),
    Done.REACTIVATED: ngettext_lazy(
        "%(codes)s was reactivated.", "%(count)d codes were reactivated: %(codes)s.", "count"
    ),
    Done.EXPIRED: ngettext_lazy(
        "%(codes)s was expired by run %(run)d.", "%(count)d codes were expired by run %(run)d: %(codes)s.", "count"
    ),
    Done.PUT_BACK_PAST: ngettext_lazy(
        "%(count)d code was put back, but expired at once, because its date has passed: %(codes)s.",
        "%(count)d codes were put back, but expired at once, because their dates have passed: %(codes)s.",
        "count",
    ),
    Done.DELETED: ngettext_lazy("%(codes)s was deleted.", "%(count)d codes were deleted: %(codes)s.", "count"),
    Refusal.ALREADY_ACTIVE: ngettext_lazy(
        "%(codes)s was not changed: it is already active.",
        "%(count)d codes were not changed because they are already active: %(codes)s.",
        "count",
    ),
    Refusal.ALREADY_INACTIVE: ngettext_lazy(
        "%(codes)s was not changed: it is already inactive.",
        "%(count)d codes were not changed because they are already inactive: %(codes)s.",
        "count",
    ),
    Refusal.SWITCHED_OFF: ngettext_lazy(
        "%(codes)s was not extended: it is switched off. Reactivate it first.",
        "%(count)d codes were not extended because they are switched off: %(codes)s. Reactivate them first.",
        "count",
    ),
    Refusal.NO_DATE: ngettext_lazy(
        "%(codes)s was not extended: it has no end date.",
        "%(count)d codes were not extended because they have no end date: %(codes)s.",
        "count",
    ),
    Refusal.LAST_DATE: ngettext_lazy(
        "%(codes)s was not extended: the new date would be too late to be stored.",
        "%(count)d codes were not extended because the new date would be too late to be stored: %(codes)s.",
        "count",
    ),
    Refusal.PAST_DATE: ngettext_lazy(
        "%(codes)s was not reactivated: its date has passed. Extend it instead.",
        "%(count)d codes were not reactivated because their date has passed: %(codes)s. Extend them instead.",
        "count",
    ),
    Refusal.IN_LEDGER: ngettext_lazy(
        "%(codes)s was not deleted: run %(run)d in the ledger counts it.",
        "%(count)d codes were not deleted because run %(run)d in the ledger counts them: %(codes)s.",
        "count",
    ),
    Done.PUT_BACK: ngettext_lazy(
        "%(codes)s is as it was before.", "%(count)d codes are as they were before: %(codes)s.", "count"
    ),
    Refusal.CHANGED: ngettext_lazy(
        "%(codes)s was left as it is: it has been changed since you saw it.",
        "%(count)d codes were left as they are because they have been changed since you saw them: %(codes)s.",
        "count",
    ),
    Refusal.IN_USE: ngettext_lazy(
        "%(codes)s was not deleted: it was redeemed, or other records need it. Switch it off instead.",
        "%(count)d codes were not deleted because they were redeemed, or other records need them: %(codes)s. "
        "Switch them off instead.",
        "count",
    ),
}

# For one code, whose date is told too.
TOLD_WITH_DATE: dict[Done | Refusal, Any] = {
    Done.EXTENDED: _("%(codes)s was extended by %(days)s. New date: %(date)s."),
    Done.REVIVED: _("%(codes)s was extended by %(days)s and is active again. New date: %(date)s."),
    Done.PUT_BACK_PAST: _("%(codes)s was put back, but it expired at once: its date has passed (%(date)s)."),
}

# Why a code will be left as it is, for the page that shows what an action will do.
REASONS: dict[Refusal, Any] = {
    Refusal.ALREADY_ACTIVE: _("already active"),
    Refusal.ALREADY_INACTIVE: _("already inactive"),
    Refusal.SWITCHED_OFF: _("switched off: reactivate it first"),
    Refusal.NO_DATE: _("has no end date"),
    Refusal.LAST_DATE: _("the new date would be too late to be stored"),
    Refusal.PAST_DATE: _("its date has passed: extend it instead"),
    Refusal.IN_LEDGER: _("a run in the ledger counts it"),
    Refusal.IN_USE: _("it was redeemed, or other records need it"),
    Refusal.CHANGED: _("changed since"),
}

State = ReferralCode.State
PAST_DATE = _("%(code)s was saved. It does not work, because its date has passed (%(date)s).")
SAVED: dict[State, Any] = {
    State.ACTIVE: _("%(code)s was saved and is active."),
    State.ENDS_SOON: _("%(code)s was saved and is active."),
    State.OVERDUE: PAST_DATE,
    State.EXPIRED: PAST_DATE,
    State.SWITCHED_OFF: _("%(code)s was saved. It is switched off: it does not work until you reactivate it."),
    State.AGENT_INACTIVE: _("%(code)s was saved. It works once the agent's account is switched on."),
}

WORKS_WHEN_SAVED = _("Once saved, the code works until %(date)s.")
WORKS_FOR_EVER_WHEN_SAVED = _("Once saved, the code works without an end date.")
WHEN_SAVED: dict[State, Any] = {
    State.ACTIVE: WORKS_WHEN_SAVED,
    State.ENDS_SOON: WORKS_WHEN_SAVED,
    State.OVERDUE: _("The date has passed (%(date)s): a save marks the code inactive, and it does not work."),
    State.EXPIRED: _(
        "The date has passed (%(date)s): the code does not work. "
        "Give it a later date and choose Active to let it work."
    ),
    State.SWITCHED_OFF: _("Once saved, the code is switched off and does not work. Choose Active to let it work."),
    State.AGENT_INACTIVE: _("Once saved, the code does not work: the agent's account is switched off."),
}


def told(edits: list[Edit]) -> Iterator[str]:
    """One sentence for all codes with the same result, such as "2 codes were extended by 30 days: A-10, B-20."."""
    alike: dict[tuple[Any, ...], list[Edit]] = {}
    for edit in edits:
        alike.setdefault((edit.what, edit.days, edit.run), []).append(edit)
    for same in alike.values():
        figures = {**_figures(same[0]), "count": len(same), "codes": named([edit.code for edit in same])}
        what = same[0].what
        yield (TOLD_WITH_DATE.get(what, TOLD[what]) if len(same) == 1 else TOLD[what]) % figures


def saved(code: ReferralCode) -> str:
    """The sentence after a form was saved: whether the code works now, or why not."""
    return str(SAVED[code.state()] % {"code": code, "date": _date(code.expires_at)})


def when_saved(code: ReferralCode, state: State) -> str:
    """The sentence before a save: what it will do to `code`, which has this `state` in memory."""
    sentence = WHEN_SAVED[state]
    if sentence is WORKS_WHEN_SAVED and code.expires_at is None:
        sentence = WORKS_FOR_EVER_WHEN_SAVED
    return str(sentence % {"date": _date(code.expires_at)})


def days_in_words(days: int) -> str:
    """Return "1 day" or "30 days": a part of a sentence that has another number too."""
    return ngettext("%(count)d day", "%(count)d days", days) % {"count": days}


def named(codes: list[ReferralCode]) -> str:
    """The first NAMED_AT_MOST codes, and how many more there are."""
    names = ", ".join(code.code for code in codes[:NAMED_AT_MOST])
    rest = len(codes) - NAMED_AT_MOST
    return str(_("%(names)s and %(rest)d more") % {"names": names, "rest": rest}) if rest > 0 else names


def _figures(edit: Edit) -> dict[str, Any]:
    return {"days": days_in_words(edit.days), "run": edit.run, "date": _date(edit.code.expires_at)}


def _date(instant: Any) -> str:
    return in_words(instant) if instant else str(_("none"))
