"""Forms for referral codes, for the pages and the admin."""

from datetime import date, datetime
from typing import Any

from django import forms
from django.utils import timezone
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from main.codes.dates import coming_days, day_ended, end_of_day, parse_instant
from main.codes.meanwhile import MeanwhileForm
from main.codes.percent import parse_percent
from main.codes.sentences import days_in_words
from main.codes.text import clean_code
from main.codes.wording import in_words
from main.models import ReferralCode

EXTENSIONS = (7, 30, 90)  # days


class CodeField(forms.CharField):
    """A code. What a person typed becomes the form that is stored."""

    def to_python(self, value: Any) -> str:
        return clean_code(super().to_python(value) or "")


class PercentField(forms.DecimalField):
    """A discount, read in the same way as by the import."""

    widget = forms.TextInput(attrs={"inputmode": "decimal"})

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(localize=True, **kwargs)  # shown with the reader's decimal mark

    def to_python(self, value: Any) -> Any:
        return None if value in self.empty_values else parse_percent(str(value))


class ShowsEnd(forms.SplitDateTimeWidget):
    """A box for a day and one for a time; a code that works to the end of a day shows that day, without a time."""

    def decompress(self, value: Any) -> Any:
        if value and (day := day_ended(value)):
            parts: list[Any] = [day, None]
        else:
            local = timezone.localtime(value) if value else None
            parts = [local.date(), local.time()] if local else [None, None]
        return [widget.format_value(part) for widget, part in zip(self.widgets, parts, strict=True)]


class EndWidget(ShowsEnd):
    use_fieldset = True

    def __init__(self) -> None:
        day: dict[str, Any] = {"type": "date", "aria-label": _("Last day")}
        time: dict[str, Any] = {"type": "time", "aria-label": _("Time, empty for the end of that day")}
        super().__init__(
            date_attrs=day,
            time_attrs=time,
            date_format="%Y-%m-%d",
            time_format="%H:%M:%S",
        )


class EndField(forms.MultiValueField):
    """The end of a code, from a box for the day and one for the time; `parse_instant` reads them."""

    widget = EndWidget

    def __init__(self, **kwargs: Any) -> None:
        day, time = forms.CharField(required=False), forms.CharField(required=False)
        super().__init__(fields=[day, time], require_all_fields=False, **kwargs)

    def compress(self, data_list: list[str]) -> datetime | None:
        day, time = data_list or ("", "")
        if time and not day:
            raise forms.ValidationError(_("Give the day too, such as 2026-12-31, or leave day and time empty."), "day")
        return parse_instant(f"{day} {time}") if day else None


class ComingEndField(forms.ChoiceField):
    """The end of a code, chosen instead of written: in some days, or with the month or the year."""

    WORDS = {"month": _("this month"), "year": _("this year")}

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(choices=self._ends, required=False, **kwargs)

    def clean(self, value: Any) -> datetime | None:
        chosen = super().clean(value)
        return end_of_day(self._days()[chosen]) if chosen else None

    def _ends(self) -> list[tuple[str, Any]]:
        told = {name: self.WORDS.get(name) or days_in_words(int(name)) for name in self._days()}
        return [
            ("", "---"),
            *((name, f"{told[name]}: {in_words(end_of_day(day))}") for name, day in self._days().items()),
        ]

    @staticmethod
    def _days() -> dict[str, date]:
        return coming_days(timezone.localdate(timezone=timezone.get_default_timezone()))


class ReferralCodeForm(MeanwhileForm):
    class Meta:
        model = ReferralCode
        fields = ["code", "discount", "expires_at"]
        field_classes = {"code": CodeField, "discount": PercentField, "expires_at": EndField}
        widgets: dict[str, Any] = {
            "code": forms.TextInput(attrs={"autocapitalize": "characters", "spellcheck": "false"})
        }
        labels: dict[str, Any] = {"expires_at": _("Works until")}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "expires_at" in self.fields:  # in the admin the form has no fields for staff who may only view
            self.fields["expires_at"].help_text = gettext(
                "Day, and time in %(zone)s. A date without a time means the end of that day in %(default_zone)s. "
                "Leave both empty for a code that never expires."
            ) % {
                "zone": timezone.get_current_timezone_name(),
                "default_zone": timezone.get_default_timezone_name(),
            }

    def clean_expires_at(self) -> datetime | None:
        """Keep an untouched date exactly. The boxes show no microseconds, and cannot show a second 03:30 in autumn."""
        touched = "expires_at" in self.changed_data
        end: datetime | None = self.cleaned_data["expires_at"] if touched else self.instance.expires_at
        return end

    def clean_code(self) -> str:
        code: str = self.cleaned_data["code"]
        namesake = ReferralCode.objects.with_code(code).exclude(pk=self.instance.pk).first()
        if namesake:
            raise forms.ValidationError(_("The code %(code)s exists already."), "exists", {"code": namesake})
        return code


class ConfirmForm(forms.Form):
    """A button without further fields. It sends the version of the code that the person saw."""

    version = forms.CharField(widget=forms.HiddenInput, required=False)


class ExtendForm(ConfirmForm):
    days = forms.TypedChoiceField(
        label=_("Extend by"), coerce=int, choices=lambda: [(days, days_in_words(days)) for days in EXTENSIONS],
        widget=forms.RadioSelect, initial=EXTENSIONS[1],
    )  # fmt: skip
