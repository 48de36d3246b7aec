"""The admin's form for a code."""

from __future__ import annotations

from typing import Any

from django.contrib.admin.widgets import AdminSplitDateTime
from django.db.models import Q
from django.urls import reverse
from django.utils.translation import gettext_lazy as _

from main.forms import ReferralCodeForm, ShowsEnd
from main.models import UserProfile


class ExpiryWidget(ShowsEnd, AdminSplitDateTime):
    """The date and time boxes, with the calendar and the clock of the admin."""

    def __init__(self, attrs: dict[str, Any] | None = None) -> None:
        super().__init__(attrs)
        for part, label in zip(self.widgets, (_("Expiry date"), _("Expiry time")), strict=True):
            part.attrs["aria-label"] = label


class CodeForm(ReferralCodeForm):
    class Media:
        js = ["main/admin_code_form.js"]

    class Meta(ReferralCodeForm.Meta):
        fields = ["code", "agent", "discount", "expires_at", "status"]
        widgets = {"expires_at": ExpiryWidget}
        labels: dict[str, str] = {}

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        # The form has no fields for staff who may view codes but not change them.
        if "agent" in self.fields:
            agents = Q(role=UserProfile.Role.AGENT) | Q(pk=self.instance.agent_id)
            self.fields["agent"].queryset = UserProfile.objects.filter(agents)  # type: ignore[attr-defined]
        if "status" in self.fields:
            self.fields["status"].help_text = _("A code past its date is saved as inactive, whatever is chosen here.")
            self.fields["status"].widget.attrs["data-what-a-save-does"] = (
                reverse("admin:main_referralcode_hint", args=[self.instance.pk])
                if self.instance.pk
                else reverse("admin:main_referralcode_hint_for_new")
            )
