"""What the staff's own pages with a form have in common."""

from __future__ import annotations

from typing import Any

from django.contrib.admin.helpers import AdminForm
from django.forms import Form


def fieldsets_of(form: Form, model_admin: Any) -> AdminForm:
    """The fields of `form`, to be shown as the admin shows those of an object."""
    return AdminForm(form, [(None, {"fields": list(form.fields)})], {}, model_admin=model_admin)  # type: ignore[arg-type]
