"""Forms for referral codes, for the pages and the admin alike."""

from datetime import date, datetime
from typing import TYPE_CHECKING, Any

from django import forms
from django.utils import timezone

from main.codes.dates import end_of_day
from main.codes.text import clean_code
from main.codes.wording import day_ended
from main.models import ReferralCode

# The stubs know the form as generic; at run time it is not.
if TYPE_CHECKING:
    ModelForm = forms.ModelForm[ReferralCode]
else:
    ModelForm = forms.ModelForm

EXTENSIONS = (7, 30, 90)  # days


class CodeField(forms.CharField):
    """A code as it is stored, however it was typed."""

    def to_python(self, value: Any) -> str:
        return clean_code(super().to_python(value) or "")


class EndWidget(forms.SplitDateTimeWidget):
    """A day and a time; a code that works to the end of a day shows that day, without a time."""

    use_fieldset = True

    def __init__(self) -> None:
        super().__init__(
            date_attrs={"type": "date", "aria-label": "Last day"},
            time_attrs={"type": "time", "aria-label": "Time, empty for the end of that day"},
            date_format="%Y-%m-%d",
            time_format="%H:%M:%S",
        )

    def decompress(self, value: datetime | None) -> Any:
        return day_and_time(value) or super().decompress(value)


class EndField(forms.SplitDateTimeField):
    """An instant in the current time zone; a day without a time means the end of that day in the project's."""

    widget = EndWidget
    default_error_messages = {
        "invalid_date": "Give the day like 2026-12-31, or leave day and time empty.",
        "invalid_time": "Give the time like 17:30, or leave it empty.",
    }

    def compress(self, data_list: Any) -> datetime | None:
        if data_list and data_list[0] and data_list[1] in self.empty_values:
            return end_of_day(data_list[0])
        return super().compress(data_list)


def day_and_time(instant: datetime | None) -> tuple[date, None] | None:
    """The day that ends at `instant`, and no time; None where no day ends then."""
    day = day_ended(instant) if instant else None
    return (day, None) if day else None


class ReferralCodeForm(ModelForm):
    class Meta:
        model = ReferralCode
        fields = ["code", "discount", "expires_at"]
        field_classes = {"code": CodeField, "expires_at": EndField}
        widgets: dict[str, Any] = {
            "code": forms.TextInput(attrs={"autocapitalize": "characters", "spellcheck": "false"})
        }
        labels = {"expires_at": "Works until"}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if "expires_at" in self.fields:  # staff who may only look get no fields in the admin
            self.fields["expires_at"].help_text = (
                f"Day, and time in {timezone.get_current_timezone_name()}. Without a time: to the end of that day in "
                f"{timezone.get_default_timezone_name()}. Leave both empty for a code that never expires."
            )

    def clean_code(self) -> str:
        code: str = self.cleaned_data["code"]
        namesake = ReferralCode.objects.with_code(code).exclude(pk=self.instance.pk).first()
        if namesake:
            raise forms.ValidationError(f"The code {namesake} exists already.", "exists")
        return code


class ExtendForm(forms.Form):
    days = forms.TypedChoiceField(
        label="Extend by", coerce=int, choices=[(days, f"{days} days") for days in EXTENSIONS],
        widget=forms.RadioSelect, initial=EXTENSIONS[1],
    )  # fmt: skip


class ConfirmForm(forms.Form):
    """A button, for what needs no further word."""
