"""The form on which staff write a code."""

from __future__ import annotations

from datetime import datetime
from typing import TYPE_CHECKING, Any

from django import forms
from django.contrib.admin.widgets import AdminSplitDateTime
from django.db.models import Q
from django.utils import timezone

from main.dates import end_of_day, validate_year
from main.models import ReferralCode, UserProfile
from main.text import clean_code
from main.wording import day_ended

if TYPE_CHECKING:
    ModelForm = forms.ModelForm[ReferralCode]
else:
    ModelForm = forms.ModelForm


class CodeField(forms.CharField):
    """A code as it is stored, however it is typed."""

    def to_python(self, value: Any) -> str:
        return clean_code(super().to_python(value) or "")


class ExpiryWidget(AdminSplitDateTime):
    """A code that works to the end of a day shows that day, without a time."""

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs)
        self.widgets[0].attrs["data-zone-of-days"] = timezone.get_default_timezone_name()
        self.widgets[1].attrs["data-zone-of-times"] = timezone.get_current_timezone_name()
        for part, label in zip(self.widgets, ("Expiry date", "Expiry time"), strict=True):
            part.attrs["aria-label"] = label

    def decompress(self, value: datetime | None) -> Any:
        day = day_ended(value) if value else None
        return [day, None] if day else super().decompress(value)


class ExpiryField(forms.SplitDateTimeField):
    """A date, and a time in the current zone; without a time, the end of that day in the project's zone."""

    widget = ExpiryWidget

    def compress(self, data_list: Any) -> datetime | None:
        if not data_list:
            return None
        day, clock = data_list
        if day and clock in self.empty_values:
            return end_of_day(day)
        instant: datetime | None = super().compress(data_list)
        if instant:
            validate_year(instant)
        return instant


class CodeForm(ModelForm):
    class Meta:
        model = ReferralCode
        fields = ["code", "agent", "discount", "expires_at", "status"]
        field_classes = {"code": CodeField, "expires_at": ExpiryField}
        widgets = {"expires_at": ExpiryWidget}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # A person who may only look gets no fields at all.
        if "agent" in self.fields:
            agents = Q(role=UserProfile.Role.AGENT) | Q(pk=self.instance.agent_id)
            self.fields["agent"].queryset = UserProfile.objects.filter(agents)  # type: ignore[attr-defined]
        if "status" in self.fields:
            self.fields["status"].help_text = "A code past its date is saved as inactive, whatever is chosen here."
        if "expires_at" in self.fields:
            self.fields["expires_at"].help_text = (
                f"Times are in {timezone.get_current_timezone_name()}. A date without a time: the code works all of "
                f"that day in {timezone.get_default_timezone_name()}. No date: it never expires."
            )

    def clean_code(self) -> str:
        code: str = self.cleaned_data["code"]
        namesake = ReferralCode.objects.with_code(code).exclude(pk=self.instance.pk).first()
        if namesake:
            raise forms.ValidationError(f"The code {namesake} exists already.", "exists")
        return code
