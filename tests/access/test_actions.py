"""Every action of the admin's lists, posted by every kind of person: done for those with the right, for no other."""

import json

import pytest
from django.contrib import admin
from django.test import RequestFactory
from django.urls import reverse

from main.codes.editing import version
from tests.access.people import PEOPLE, everything

# Who may. A new action without a line here fails the test.
ALLOWED = {
    "referralcode: delete_selected": ["staff", "superuser"],
    "referralcode: extend_by_7_days": ["staff", "superuser"],
    "referralcode: extend_by_30_days": ["staff", "superuser"],
    "referralcode: extend_by_90_days": ["staff", "superuser"],
    "referralcode: expire": ["staff", "superuser"],
    "referralcode: switch_off": ["staff", "superuser"],
    # Nothing to do: the chosen code is active.
    "referralcode: reactivate": [],
    # John has codes, and is kept.
    "userprofile: delete_selected": [],
    "group: delete_selected": ["superuser"],
    # Nothing is done without the days, or a sentence.
    "wish: grant": [],
    "wish: decline": [],
    # No address was refused.
    "notice: try_again": [],
}


def test_each_action_has_a_line(town):
    reverse("admin:index")  # the modules of the admin come with its addresses
    request = RequestFactory().get("/")
    request.user = town.users["superuser"]
    found = {
        f"{model._meta.model_name}: {action}"
        for model, model_admin in admin.site._registry.items()
        for action in model_admin.get_actions(request)
    }
    assert found == set(ALLOWED)


@pytest.mark.parametrize("person", PEOPLE)
@pytest.mark.parametrize("line", ALLOWED)
def test_who_may(town, line, person):
    model, action = line.split(": ")
    target = {
        "referralcode": town.code, "userprofile": town.agent, "group": town.group, "wish": town.wish,
        "notice": town.notice,
    }[model]  # fmt: skip
    before = everything()
    seen = json.dumps({target.pk: version(target)}) if model == "referralcode" else ""
    response = town.client(person).post(
        reverse(f"admin:{target._meta.app_label}_{model}_changelist"),
        {"action": action, "_selected_action": [target.pk], "index": "0", "post": "yes", "seen": seen},
    )
    assert response.status_code in (200, 302, 403)
    assert (everything() != before) == (person in ALLOWED[line])


@pytest.mark.parametrize("person", ["anonymous", "agent", "other", "viewer"])
def test_an_action_that_does_not_exist_does_nothing(town, person):
    before = everything()
    response = town.client(person).post(
        reverse("admin:main_referralcode_changelist"), {"action": "drop", "_selected_action": [town.code.pk]}
    )
    assert response.status_code in (200, 302)
    assert everything() == before


def test_an_account_with_codes_or_a_history_is_deleted_by_nobody(town):
    address = reverse("admin:auth_user_delete", args=[town.agent.user.pk])
    assert town.client("superuser").post(address, {"post": "yes"}).status_code == 403
