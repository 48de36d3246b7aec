"""Forms for the mails a person wants, for wishes and for their answers."""

from __future__ import annotations

from typing import Any

from django import forms
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from main.accounts.forms import ZoneForm
from main.codes.text import validate_one_line
from main.notices import conf
from main.notices.due import days_of
from main.notices.models import Preference, Wish
from main.notices.wishes import LONGEST

# Besides those of the project and those that the person has now.
OFFERED = [60, 30, 14, 7, 3, 1, 0]


class DaysForm(forms.Form):
    """On which days before the end of a code its agent wants to hear of it."""

    days = forms.TypedMultipleChoiceField(
        label=_("Before a code stops, write"), coerce=int, required=False, widget=forms.CheckboxSelectMultiple,
        help_text=_("Without any, you only hear of codes that have ended."),
    )  # fmt: skip

    def __init__(self, data: Any, preference: Preference) -> None:
        chosen = days_of(preference)
        super().__init__(data, initial={"days": chosen})
        offered = sorted({*OFFERED, *conf.days(), *chosen}, reverse=True)
        self.fields["days"].choices = [(days, _in_words(days)) for days in offered]  # type: ignore[attr-defined]

    def save(self, preference: Preference) -> None:
        preference.days = self.cleaned_data["days"]
        preference.save()


class PreferenceForm(DaysForm, ZoneForm):
    """All that a person who is signed in can choose. The zone is not saved here: it is not for mails alone."""

    wants_mail = forms.BooleanField(label=_("Write to me about my codes"), required=False)
    wants_summary = forms.BooleanField(label=_("Each morning, write a summary of all codes to me"), required=False)
    field_order = ["wants_mail", "days", "zone", "wants_summary"]

    def __init__(self, data: Any, preference: Preference, zone: str, *, may_view_codes: bool) -> None:
        super().__init__(data, preference)
        self.initial.update(wants_mail=preference.wants_mail, wants_summary=preference.wants_summary, zone=zone)
        self.fields["zone"].help_text = _("For mails, for the calendar, and for all pages.")
        if not may_view_codes:
            del self.fields["wants_summary"]

    def save(self, preference: Preference) -> None:
        for name in ("wants_mail", "wants_summary"):
            setattr(preference, name, self.cleaned_data.get(name, getattr(preference, name)))
        super().save(preference)


class WishForm(forms.Form):
    # A question takes no colon. Django sees that in English, but not by the question mark of Greek.
    sentence = forms.CharField(
        label=_("Why, and until when?"), label_suffix="",
        max_length=Wish._meta.get_field("sentence").max_length, validators=[validate_one_line],
    )  # fmt: skip


class DeclineForm(forms.Form):
    answer = forms.CharField(
        label=_("What should the agents be told?"), label_suffix="",
        max_length=Wish._meta.get_field("answer").max_length, validators=[validate_one_line],
    )  # fmt: skip


class GrantForm(forms.Form):
    """One field of days for each wish."""

    def __init__(self, data: Any, proposed: dict[int, tuple[str, int]]) -> None:
        """Take the label and the proposed days for the primary key of each wish."""
        super().__init__(data)
        for pk, (label, days) in proposed.items():
            self.fields[f"days_{pk}"] = forms.IntegerField(label=label, initial=days, min_value=1, max_value=LONGEST)

    def days(self) -> dict[int, int]:
        return {int(name.removeprefix("days_")): days for name, days in self.cleaned_data.items()}


def _in_words(days: int) -> str:
    if days == 0:
        return gettext("on the last day")
    return ngettext("%(days)d day before", "%(days)d days before", days) % {"days": days}
