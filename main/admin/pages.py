"""The staff's own pages beside the lists and forms of the admin."""

from __future__ import annotations

from typing import Any

from django.contrib.admin.helpers import AdminForm
from django.forms import Form
from django.http import HttpRequest, HttpResponse
from django.template.response import TemplateResponse


def page(model_admin: Any, request: HttpRequest, template: str, title: Any, context: dict[str, Any]) -> HttpResponse:
    """A page of the admin with this `title`, made by a `template` that extends admin/main/page.html."""
    usual = {"title": title, "opts": model_admin.opts, "media": model_admin.media}
    return TemplateResponse(request, template, {**model_admin.admin_site.each_context(request), **usual, **context})


def fieldsets_of(form: Form, model_admin: Any) -> AdminForm:
    """The fields of `form`, to be shown as the admin shows those of an object."""
    return AdminForm(form, [(None, {"fields": list(form.fields)})], {}, model_admin=model_admin)  # type: ignore[arg-type]
