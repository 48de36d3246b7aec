"""A form that does not overwrite what others have changed since its page was opened.

The page carries what its person saw. When the form is sent, that is compared with the stored object, which the caller
has locked. What only a sweep has done to a code is no conflict: an edit may follow a sweep.
"""

from __future__ import annotations

import json
from datetime import datetime
from typing import TYPE_CHECKING, Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.timezone import is_naive
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from main.codes.history import last_note_of, stored
from main.codes.history_in_words import field_in_words, value_in_words
from main.codes.wording import in_words
from main.models import ReferralCode

# The form is generic in the type stubs, but not at run time.
if TYPE_CHECKING:
    ModelForm = forms.ModelForm[Any]
else:
    ModelForm = forms.ModelForm


class SeenField(forms.CharField):
    """The values that the person saw, as JSON in a hidden box. They are no input of the person."""

    widget = forms.HiddenInput

    def has_changed(self, initial: Any, data: Any) -> bool:
        return False


class MeanwhileForm(ModelForm):
    """Refuses to save where another person changed a field to something else than this form has.

    Then it says who changed what, keeps what its person wrote, and shows the new value of every other field. Sent
    again, it saves.
    """

    seen = SeenField(label=gettext_lazy("Seen"), required=False)

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        if self.instance.pk:
            self.initial["seen"] = json.dumps(self._stored_values())

    def clean(self) -> dict[str, Any] | None:
        data = super().clean()
        if self.instance.pk and (seen := self._seen()):
            for sentence in self._meanwhile(seen):
                self.add_error(None, sentence)
        return data

    def _meanwhile(self, seen: dict[str, Any]) -> list[str]:
        """What others changed, in sentences; the boxes that this person left alone get the new values."""
        sentences = []
        shown: Any = self.data.copy()  # type: ignore[attr-defined] # a QueryDict or a dict
        for name, saw in seen.items():
            now, data = self._stored(name), self[name].data
            # A field with an error of its own is told first.
            agrees = not self.fields[name].has_changed(now, data) or name not in self.cleaned_data
            if now == saw or agrees or self._is_by_a_sweep(name):
                continue
            touched = self.fields[name].has_changed(saw, data)
            sentences.append(self._conflict(name, touched=touched))
            if not touched:
                self._show(shown, name)
        if not sentences:
            return []
        shown[self.add_prefix("seen")] = json.dumps(self._stored_values())
        self.data = shown
        first = _(
            "Nothing was saved: others changed this after you opened the page. Check the values, then save again."
        )
        return [first, *sentences, *self._sweep()]

    def _conflict(self, name: str, *, touched: bool) -> str:
        model = type(self.instance)
        note = last_note_of(self.instance, name, getattr(self.instance, name))
        mine = self.cleaned_data.get(name)
        figures = {
            "field": field_in_words(model, name),
            "who": f"{note.user.get_username()} ({in_words(note.action_time)})" if note else _("somebody"),
            "now": value_in_words(model, name, stored(getattr(self.instance, name))),
            "mine": value_in_words(model, name, stored(mine)),
        }
        if touched:
            return _("%(field)s: changed to %(now)s by %(who)s. You wrote %(mine)s.") % figures
        return (
            _("%(field)s: changed to %(now)s by %(who)s. You had left it at %(mine)s; the form has the new value now.")
            % figures
        )

    def _is_by_a_sweep(self, name: str) -> bool:
        return isinstance(self.instance, ReferralCode) and name == "status" and self.instance.expired_at is not None

    def _sweep(self) -> list[str]:
        """That a run has expired the code too."""
        code = self.instance
        if isinstance(code, ReferralCode) and code.expired_at and code.expired_by_id:
            figures = {"run": code.expired_by_id, "when": in_words(code.expired_at)}
            return [_("Run %(run)d expired the code (%(when)s).") % figures]
        return []

    def _show(self, shown: Any, name: str) -> None:
        """Put the stored value into the boxes of the field."""
        widget: Any = self.fields[name].widget
        value = self.get_initial_for_field(self.fields[name], name)
        if endings := getattr(widget, "widgets_names", None):  # several boxes
            parts = dict(zip(endings, widget.decompress(value), strict=True))
        else:
            parts = {"": self.fields[name].prepare_value(value)}
        for ending, part in parts.items():
            shown[self.add_prefix(name) + ending] = "" if part is None else part

    def _stored(self, name: str) -> Any:
        return self.instance._meta.get_field(name).value_from_object(self.instance)

    def _stored_values(self) -> dict[str, str | None]:
        return {name: stored(self._stored(name)) for name in self._compared()}

    def _compared(self) -> list[str]:
        """The fields of the form that are stored fields of the object."""
        columns = {field.name for field in self.instance._meta.concrete_fields}
        return [name for name in self.fields if name in columns]

    def _seen(self) -> dict[str, Any]:
        """The values that the person saw, by field; empty for a form that was not made by our page."""
        try:
            seen = json.loads(self.data.get(self.add_prefix("seen"), ""))
            return {name: self._value(name, seen[name]) for name in self._compared() if name in seen}
        except (ValueError, TypeError, RecursionError, ValidationError):
            return {}

    def _value(self, name: str, text: str | None) -> Any:
        if text is None:
            return None
        field = self.instance._meta.get_field(name)
        value = field.to_python(text)
        field.run_validators(value)
        if isinstance(value, datetime) and is_naive(value):
            raise ValueError(text)
        return value
