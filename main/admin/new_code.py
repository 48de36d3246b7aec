"""The form of a new code: it proposes a free text and ends to choose, and asks for the discount."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext_lazy as _

from main.admin.forms import CodeForm
from main.forms import ComingEndField
from main.models import ReferralCode

FIELDSETS_OF_NEW: list[tuple[Any, dict[str, list[str]]]] = [
    (None, {"fields": ["code", "agent", "discount"]}),
    (_("Expiry"), {"fields": ["expires_at", "coming_end", "status"]}),
]


class NewCodeForm(CodeForm):
    """Without a code, a free one is made from the agent's name and the discount."""

    coming_end = ComingEndField(label=_("or choose"), help_text=_("Instead of writing day and time."))

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.fields["code"].required = False
        self.fields["code"].help_text = _(
            "What the customer types at checkout. Empty: a free code is made from the agent and the discount."
        )
        self.initial["discount"] = (kwargs.get("initial") or {}).get("discount")  # the model's default is 0

    def clean(self) -> dict[str, Any]:
        data = super().clean() or self.cleaned_data
        if chosen := data.get("coming_end"):
            if data.get("expires_at"):
                self.add_error("coming_end", _("Write the end of the code or choose it, but not both."))
            data["expires_at"] = chosen
        if data.get("code") == "" and "agent" in data and "discount" in data:
            agent = data["agent"]
            data["code"] = ReferralCode.generate_unique_code(agent.name if agent else "", data["discount"])
        return data

    def proposal(self) -> str:
        """The text that a save of a checked form would make; empty where the person has written one."""
        return "" if self.data.get("code", "").strip() else self.cleaned_data.get("code", "")
