"""Six kinds of people, what they might look for, and how to tell that something was changed."""

import re
from datetime import timedelta

from django.contrib.admin.models import LogEntry
from django.contrib.auth.models import Group, Permission, User
from django.test import Client
from django.urls import URLResolver, get_resolver
from django.utils import timezone

from main.checkout.models import ApiToken, Redemption
from main.checkout.redeeming import redeem
from main.models import CodeImport, ExpirationRun, ReferralCode, UserProfile
from main.notices import wishes
from main.notices.letters import unsubscribe_url
from main.notices.models import CalendarKey, Notice, Preference, Wish
from main.sweep.run import sweep
from tests.conftest import make_agent, make_code

# The order of the columns in the tables. "agent" owns what is asked for; "other" is another agent.
PEOPLE = ["anonymous", "agent", "other", "viewer", "staff", "superuser"]


class Visitor(Client):
    """Takes a file to its end, as a browser does."""

    def request(self, **request):
        response = super().request(**request)
        if response.streaming:
            taken = b"".join(response.streaming_content)
            response.streaming_content = [taken]
        return response


class Town:
    """John, whose code, account and run are asked for; Maria, who has one of her own; and the staff."""

    def __init__(self):
        self.agent = make_agent("John Smith")
        other = make_agent("Maria Garcia")
        self.users = {
            "agent": self.agent.user,
            "other": other.user,
            "viewer": _staff("viewer", codename__startswith="view_"),
            "staff": _staff("staff"),
            "superuser": User.objects.create_superuser("superuser"),
        }
        past, future = timezone.now() - timedelta(days=1), timezone.now() + timedelta(days=30)
        make_code("JOHNS-OLD", agent=self.agent, expires_at=past)
        self.run = sweep(ExpirationRun.StartedBy.COMMAND)
        self.code = make_code("JOHNS-20", agent=self.agent, expires_at=future)
        make_code("MARIA-15", agent=other, expires_at=future)
        self.entry = CodeImport.objects.create(
            imported_at=past, person="root", file_name="codes.csv", sha256="", code_count=0, expired_count=0
        )
        self.group = Group.objects.create(name="group")
        self.wish = wishes.ask(self.code, self.agent, "Until spring, please")
        self.notice = Notice.objects.create(
            kind="agent", user=self.agent.user, day=timezone.localdate(), message_id="<1@here>", state="sent",
            made_at=timezone.now(), sent_at=timezone.now(),
        )  # fmt: skip
        preference = Preference.objects.create(user=self.agent.user)
        self.link = unsubscribe_url(preference, Notice.Kind.AGENT).split("/")[-2]
        self.token = ApiToken.objects.create(name="shop", prefix="kno_x", digest="x")
        self.redemption = redeem("maria-15", order="A-1")

    def client(self, person, **options):
        client = Visitor(raise_request_exception=False, **options)
        if person != "anonymous":
            client.force_login(self.users[person], "django.contrib.auth.backends.ModelBackend")
        return client

    def address(self, route):
        """An address of `route` that leads to what is John's."""
        target = {
            "userprofile": self.agent, "expirationrun": self.run, "codeimport": self.entry,
            "group": self.group, "user": self.agent.user,
            "wish": self.wish, "notice": self.notice,
        }  # fmt: skip
        target |= {"apitoken": self.token, "redemption": self.redemption}
        model = route.split("/")[2] if route.startswith("admin/") and route.count("/") > 2 else ""
        pk = target.get(model, self.code).pk
        for argument, value in {
            "<path:object_id>": pk,
            "<path:content_type_id>": 1,
            "<id>": pk,
            "<int:code_pk>": self.code.pk,
            "<int:pk>": self.code.pk if route.startswith("codes/") else self.agent.pk,
            "<slug:key>": "nothing",
            "<uidb64>": "MQ",
            "<token>": "set-password",
            "^(?P<app_label>…)/$": "main/",
            "notices/<str:token>": f"notices/{self.link}",
            "<str:token>": "nobodys",
            "(?P<url>.*)$": "nowhere",
            "<path:order>": "A-1",
            r"^[\s\S]*$": "nowhere",
        }.items():
            route = route.replace(argument, str(value))
        return f"/{route}"


def _staff(name, **kind):
    user = User.objects.create_user(name, is_staff=True)
    user.user_permissions.set(Permission.objects.filter(content_type__app_label="main", **kind))
    return user


def routes(resolver=None, before=""):
    """Every address of the site, as the URL configuration writes it."""
    for pattern in (resolver or get_resolver()).url_patterns:
        # The admin lists its apps and models in the order in which they were imported.
        route = before + re.sub(r"<app_label>[^)]*", "<app_label>…", str(pattern.pattern))
        if isinstance(pattern, URLResolver):
            yield from routes(pattern, route)
        else:
            yield route


def outcome(response):
    """In a word: shown, sent to sign in, sent elsewhere, or the status of a refusal."""
    if response.status_code in (301, 302):
        return "sign-in" if response["Location"].startswith(("/sign-in/?", "/admin/login/?")) else "sent"
    return {200: "shown"}.get(response.status_code, str(response.status_code))


def body(response):
    """The bytes of a page or a file."""
    return b"".join(response.streaming_content) if response.streaming else response.content


def everything():
    """All that people and audits care for, to be compared before and after."""
    models = [ReferralCode, UserProfile, ExpirationRun, Group, LogEntry, Wish, Preference, CalendarKey, Notice]
    models += [ApiToken, Redemption, CodeImport]
    users = list(User.objects.order_by("pk").values("pk", "username", "password", "is_active", "is_superuser"))
    return [users, *(list(model._default_manager.order_by("pk").values()) for model in models)]


def foreign_names(person):
    """What must be on no page that `person` gets."""
    names = {"JOHNS": ["JOHNS-20", "JOHNS-OLD", "John Smith"], "MARIA": ["MARIA-15", "Maria Garcia"]}
    return {
        "anonymous": [*names["JOHNS"], *names["MARIA"]], "agent": names["MARIA"], "other": names["JOHNS"],
    }.get(person, [])  # fmt: skip
