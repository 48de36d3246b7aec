"""Only superusers decide who is staff and who may what; nobody else comes to the rights or the account of another."""

import pytest
from django.apps import apps
from django.contrib import admin
from django.contrib.auth.models import Group, Permission, User
from django.test import Client
from django.urls import reverse
from lxml import html

from main.models import UserProfile
from tests.access.people import routes
from tests.conftest import make_agent, make_code

PASSWORD = "knot-of-ariadne"
MODELS = ["auth.user", "auth.group", "main.userprofile", "main.referralcode", "main.expirationrun"]
PAGES = ["add", "change", "delete", "history", "changelist"]


class World:
    """A superuser, a colleague, an agent and a group; and Clara, of the staff, who wants more."""

    def __init__(self):
        self.chief = User.objects.create_superuser("chief", "chief@example.com", PASSWORD)
        self.colleague = User.objects.create_user("colleague", "colleague@example.com", PASSWORD, is_staff=True)
        self.agent = make_agent("John Smith", email="john@example.com", password=PASSWORD)
        make_code("JOHNS-20", agent=self.agent)
        self.clara = User.objects.create_user("clara", "clara@example.com", PASSWORD, is_staff=True)
        self.group = Group.objects.create(name="readers")
        self.group.permissions.set(Permission.objects.filter(codename="view_referralcode"))
        self.colleague.groups.add(self.group)
        self.clara.groups.add(self.group)

    def client(self, user):
        client = Client()
        client.force_login(user, "django.contrib.auth.backends.ModelBackend")
        return client

    def powers(self):
        """Who may what, whose account of staff is whose, and which person has which account."""
        users = User.objects.order_by("pk")
        staff = users.filter(pk__in=[self.chief.pk, self.colleague.pk, self.clara.pk])
        return [
            [[user.is_staff, user.is_superuser, *user.groups.all(), *user.user_permissions.all()] for user in users],
            list(staff.values("username", "email", "password", "is_active")),
            [list(group.permissions.all()) for group in Group.objects.order_by("pk")],
            list(UserProfile.objects.filter(pk=self.agent.pk).values_list("user", flat=True)),
        ]


@pytest.fixture
def world(db):
    return World()


def everything_she_wants(world):
    """For each form of the admin at once: rights, and the password, address, person and agent of somebody else."""
    every_right = list(Permission.objects.values_list("pk", flat=True))
    return {
        "username": "x", "email": "clara@example.com", "is_active": "on", "is_staff": "on", "is_superuser": "on",
        "groups": [world.group.pk], "user_permissions": every_right, "permissions": every_right, "name": "x",
        "usable_password": "true", "password1": "thread-of-theseus", "password2": "thread-of-theseus",
        "date_joined_0": "2026-01-01", "date_joined_1": "00:00:00", "user": world.clara.pk, "role": "agent",
        "post": "yes", "_save": "Save",
    }  # fmt: skip


def addresses(world):
    targets = {
        "auth.user": [world.chief.pk, world.colleague.pk, world.clara.pk, world.agent.user_id],
        "auth.group": [world.group.pk],
        "main.userprofile": [world.agent.pk],
    }
    for model in MODELS:
        app, name = model.split(".")
        for page in PAGES:
            route = f"admin:{app}_{name}_{page}"
            objects = targets.get(model, []) if page in ("change", "delete", "history") else [None]
            for pk in objects:
                yield reverse(route, args=[pk] if pk else [])
    for pk in targets["auth.user"]:
        yield reverse("admin:auth_user_password_change", args=[pk])


def attack(world, client):
    for address in addresses(world):
        wanted = everything_she_wants(world)
        if address.endswith("/add/"):
            wanted |= {"username": "new", "name": "new"}
        if address.endswith(("user/", "group/", "userprofile/", "referralcode/")):
            wanted = {"action": "delete_selected", "_selected_action": [world.chief.pk, world.group.pk], **wanted}
        for query in ("", f"?_popup=1&_to_field=id&user={world.clara.pk}&is_superuser=1"):
            assert client.post(f"{address}{query}", wanted).status_code < 500, address


@pytest.mark.parametrize(
    "right", [f"{verb}_{model}" for model in MODELS for verb in ("add", "change", "delete", "view")]
)
def test_one_right_gives_no_other(world, right):
    model, codename = right.split("_")[1], f"{right.split('_')[0]}_{right.split('.')[1]}"
    permission = Permission.objects.get(content_type__app_label=model.split(".")[0], codename=codename)
    world.clara.user_permissions.add(permission)
    before = world.powers()
    attack(world, world.client(world.clara))
    after = world.powers()
    assert after[1:] == before[1:]
    # An account that she may add has no rights.
    assert [rights for rights in after[0] if rights not in before[0]] in ([], [[False, False]])


def test_all_rights_together_give_no_more(world):
    world.clara.user_permissions.set(Permission.objects.all())
    before = world.powers()
    attack(world, world.client(world.clara))
    after = world.powers()
    assert after[1:] == before[1:]
    assert after[0] == [*before[0], *[[False, False]] * (len(after[0]) - len(before[0]))]


def test_a_superuser_may(world):
    before = world.powers()
    attack(world, world.client(world.chief))
    after = world.powers()
    assert all(changed != same for changed, same in zip(after[:3], before[:3], strict=True))
    assert after[3] == before[3]  # whose account a person has is fixed once it is made


def form_as_it_is(client, address):
    """What the browser would send if somebody pressed Save."""
    forms = html.fromstring(client.get(address).content).forms
    form = max(forms, key=lambda form: len(form.fields))  # the others sign out, and choose a language
    return {name: value for name, value in form.form_values() if not name.startswith("_")}


def test_whoever_may_change_accounts_changes_those_of_agents(world):
    world.clara.user_permissions.set(Permission.objects.filter(codename__in=["change_user", "view_user"]))
    client = world.client(world.clara)
    address = reverse("admin:auth_user_change", args=[world.agent.user_id])
    form = form_as_it_is(client, address)
    assert not {"is_staff", "is_superuser", "groups", "user_permissions"} & set(form)
    assert client.post(address, form | {"email": "new@example.com"}).status_code == 302
    assert User.objects.get(pk=world.agent.user_id).email == "new@example.com"
    for pk in (world.chief.pk, world.colleague.pk, world.clara.pk):
        assert client.post(reverse("admin:auth_user_change", args=[pk]), form).status_code == 403
        assert client.get(reverse("admin:auth_user_password_change", args=[pk])).status_code == 403
        assert client.get(reverse("admin:auth_user_change", args=[pk])).status_code == 200


def test_no_list_is_edited_in_place_and_no_lookup_reads_a_secret(world):
    world.clara.user_permissions.set(Permission.objects.all())
    client = world.client(world.clara)
    for model in MODELS:
        app, name = model.split(".")
        address = reverse(f"admin:{app}_{name}_changelist")
        assert b'name="form-0-' not in client.get(address).content
        for lookup in ("password", "user__password", "_to_field", "agent__user__password", "user_permissions"):
            for operator in ("", "__startswith", "__contains", "__regex", "__exact"):
                assert client.get(f"{address}?{lookup}{operator}=a").status_code in (302, 400), (address, lookup)


@pytest.mark.parametrize("field", ["user", "agent"])
def test_who_may_not_see_accounts_and_people_is_offered_none(world, field):
    world.clara.user_permissions.set(
        Permission.objects.filter(codename__in=["add_userprofile", "add_referralcode", "change_referralcode"])
    )
    model = {"user": "userprofile", "agent": "referralcode"}[field]
    query = f"?app_label=main&model_name={model}&field_name={field}&term="
    assert world.client(world.clara).get(reverse("admin:autocomplete") + query).status_code == 403


OURS = ("main", "notices", "checkout", "auth")
PAGES_OF = {
    f"{name}.{model}"
    for name, models in {
        "main": ["referralcode", "userprofile", "expirationrun", "codeimport"], "notices": ["wish", "notice"],
        "checkout": ["apitoken", "redemption"], "auth": ["user", "group"],
    }.items()
    for model in models
}  # fmt: skip


def models():
    return [model for model in apps.get_models() if model._meta.app_label in OURS]


def rights(model):
    meta = model._meta
    return [f"{verb}_{meta.model_name}" for verb in meta.default_permissions] + [name for name, _ in meta.permissions]


# Each right on its own; those on models that have no page of the admin together.
ALONE = [[f"{m._meta.app_label}.{r}"] for m in models() if m._meta.label_lower in PAGES_OF for r in rights(m)]
TOGETHER = [f"{m._meta.app_label}.{r}" for m in models() if m._meta.label_lower not in PAGES_OF for r in rights(m)]

# What each right changes, of all tables. The others change nothing.
CHANGES = {
    "main.add_referralcode": {"main.ReferralCode"},
    "main.change_referralcode": {"main.ReferralCode", "notices.Wish"},  # an answered wish
    "main.delete_referralcode": {"main.ReferralCode", "notices.Wish"},
    "main.add_userprofile": {"main.UserProfile"},
    "main.change_userprofile": {"main.UserProfile"},
    "auth.change_user": {"auth.User"},  # of an agent
    "checkout.add_apitoken": {"checkout.ApiToken"},
    "checkout.change_apitoken": {"checkout.ApiToken"},
    "checkout.delete_apitoken": {"checkout.ApiToken"},
}


def rows():
    return {model._meta.label: list(model._default_manager.order_by("pk").values()) for model in models()}


def test_the_models_with_pages_are_those_of_the_admin():
    reverse("admin:index")  # the modules of the admin come with its addresses
    assert {model._meta.label_lower for model in admin.site._registry} == PAGES_OF


@pytest.mark.parametrize("given", [*ALONE, TOGETHER], ids=lambda given: given[0] if len(given) == 1 else "the others")
def test_what_one_right_changes(town, given):
    clara = User.objects.create_user("clara", is_staff=True)
    for right in given:
        app, codename = right.split(".")
        clara.user_permissions.add(Permission.objects.get(content_type__app_label=app, codename=codename))
    town.users["clara"] = clara
    client = town.client("clara")
    everything = {
        "code": "NEW-1", "discount": "5", "status": "active", "name": "New", "role": "agent", "user": clara.pk,
        "username": "new", "password1": "thread-of-theseus", "password2": "thread-of-theseus",
        "usable_password": "true", "may_check": "on", "may_redeem": "on", "days": "30", "to": "off", "post": "yes",
        "index": "0", "sentence": "x", "answer": "x", "is_superuser": "on", "agents": "John Smith", "each": "1",
        "pattern": "{agent}-{number}", f"days_{town.wish.pk}": "30",
    }  # fmt: skip
    before = rows()
    chosen = {"action": "grant", "_selected_action": [town.wish.pk]}
    client.post("/admin/notices/wish/", everything | chosen)
    for route in sorted({route for route in routes() if route.startswith(("admin/", "profile/", "codes/"))}):
        if not route.endswith(("/logout/", "/switch-on/")):  # which would end the visit, or undo what was just done
            assert client.post(town.address(route), everything).status_code < 500, route
    after = rows()
    assert {label for label in after if after[label] != before[label]} == CHANGES.get(given[0], set())
