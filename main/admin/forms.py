"""The form on which staff write a code in the admin."""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.contrib.admin.widgets import AdminSplitDateTime
from django.db.models import Q
from django.utils import timezone

from main.forms import ReferralCodeForm, day_and_time
from main.models import UserProfile


class ExpiryWidget(AdminSplitDateTime):
    """A code that works to the end of a day shows that day, without a time."""

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs)
        self.widgets[0].attrs["data-zone-of-days"] = timezone.get_default_timezone_name()
        self.widgets[1].attrs["data-zone-of-times"] = timezone.get_current_timezone_name()
        for part, label in zip(self.widgets, ("Expiry date", "Expiry time"), strict=True):
            part.attrs["aria-label"] = label

    def decompress(self, value: datetime | None) -> Any:
        return day_and_time(value) or super().decompress(value)


class CodeForm(ReferralCodeForm):
    class Meta(ReferralCodeForm.Meta):
        fields = ["code", "agent", "discount", "expires_at", "status"]
        widgets = {"expires_at": ExpiryWidget}
        labels: dict[str, str] = {}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # A person who may only look gets no fields at all.
        if "agent" in self.fields:
            agents = Q(role=UserProfile.Role.AGENT) | Q(pk=self.instance.agent_id)
            self.fields["agent"].queryset = UserProfile.objects.filter(agents)  # type: ignore[attr-defined]
        if "status" in self.fields:
            self.fields["status"].help_text = "A code past its date is saved as inactive, whatever is chosen here."
