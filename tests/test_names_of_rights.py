"""The rights in the admin's forms of accounts and groups, by names that are made when they are shown."""

import pytest
from django.contrib.auth.models import Permission
from lxml import html

from tests.staff import make_staff


@pytest.mark.django_db
@pytest.mark.parametrize("form", ["/admin/auth/group/add/", "/admin/auth/user/{pk}/change/"])
def test_the_names_are_those_that_the_database_has(client, form):
    client.force_login(staff := make_staff())
    page = html.fromstring(client.get(form.format(pk=staff.pk)).content.decode())
    shown = {
        int(option.get("value")): option.text
        for option in page.xpath("//select[@name='permissions' or @name='user_permissions']/option")
    }
    assert shown == {right.pk: str(right) for right in Permission.objects.select_related("content_type")}
