"""What people do, with every mistake on the way: no page that answers says a word in English.

Each test walks in the pseudo-language, where all words are in marks, and in Greek. A page is read in `Walker.read`.
"""

from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission, User
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from main.codes.editing import Task
from main.models import CodeImport, ExpirationRun, ReferralCode
from main.notices.models import Wish
from main.sweep.run import sweep
from tests.conftest import INSTANT, NOW, make_agent, make_code
from tests.languages import reading
from tests.staff import make_staff

pytestmark = [pytest.mark.django_db, pytest.mark.usefixtures("clock")]

DAY = timedelta(days=1)
LIST = "/admin/main/referralcode/"
# What people write here, and what a program reads.
WRITTEN = """
    active abc agent csv code codes discount John Smith Maria Garcia staff shop nobody please anna order rabatt status
    maybe OLD LAST MINE GOOD taken lines two at sorry paul Nowhere Somebody New many once expires_at inactive salt hash
"""
DATA = [*WRITTEN.split(), "expires"]
CODE = {"discount": "20", "agent": "", "expires_at_0": "", "expires_at_1": "", "status": "active"}


class Walker:
    """A person whose every page is read for words that are not translated."""

    def __init__(self, language, user=None):
        self.client = Client(HTTP_ACCEPT_LANGUAGE=language)
        self.left = {}
        self.codes = set()
        if user:
            self.client.force_login(user, "django.contrib.auth.backends.ModelBackend")

    def get(self, address, **query):
        return self.read(self.client.get(address, query, follow=True))

    def post(self, address, **fields):
        return self.read(self.client.post(address, fields, follow=True))

    def read(self, response):
        if response.headers["Content-Type"].startswith("text/html") and not response.streaming:
            where = f"{response.wsgi_request.method} {response.wsgi_request.path}"
            for text in reading.words_left_on_page(response.content.decode(), [*DATA, *self.names()]):
                self.left.setdefault(text, where)
        return response

    def names(self):
        """The words in codes, those that were deleted too."""
        self.codes.update(ReferralCode.objects.values_list("code", flat=True))
        return reading.WORD.findall(" ".join(self.codes))

    def done(self):
        assert not self.left, "\n".join(f"{where}: {text}" for text, where in self.left.items())


@pytest.fixture(params=["pseudo", "el"])
def language(request):
    return request.getfixturevalue("pseudo_language") if request.param == "pseudo" else request.param


@pytest.fixture
def staff(language, settings):
    settings.SHARE_URL = "https://shop.example/?code={code}"
    walker = Walker(language, make_staff("anna"))
    yield walker
    walker.done()


@pytest.fixture
def maria():
    return make_agent("Maria Garcia", password="knot-of-ariadne", email="maria@example.com")


@pytest.fixture
def agent(language, maria, settings):
    settings.SHARE_URL = "https://shop.example/?code={code}"
    walker = Walker(language, maria.user)
    yield walker
    walker.done()


def one_of_each_state(agent=None):
    off = make_agent("John Smith", is_active=False)
    codes = [
        make_code("GONE-10", agent=agent, expires_at=NOW - DAY),
        make_code("ENDED-10", agent=agent, expires_at=NOW - DAY, status="inactive"),
        make_code("SOON-10", agent=agent, expires_at=NOW + DAY),
        make_code("LATER-10", agent=agent, expires_at=NOW + 90 * DAY),
        make_code("EVER-10", agent=agent),
        make_code("OFF-10", agent=agent, expires_at=NOW + DAY, status="inactive"),
        make_code("AWAY-10", agent=off, expires_at=NOW + DAY),
    ]
    sweep(ExpirationRun.StartedBy.COMMAND)
    return [*codes, make_code("OVER-10", agent=agent, expires_at=NOW - INSTANT)]


def test_the_form_of_a_code(staff, maria):
    wrong_dates = ["abc", "31/02/2026", "12/24/2027", "01/01/26", "5/5/1066", "5/13", "١/1/2026", "2026-12-31 25:00"]
    for date in wrong_dates:
        staff.post(f"{LIST}add/", **CODE | {"code": "NEW-20", "expires_at_0": date})
        staff.get(f"{LIST}add/what-a-save-does/", **CODE | {"code": "NEW-20", "expires_at_0": date})
    staff.post(f"{LIST}add/", **CODE | {"code": "NEW-20", "expires_at_1": "17:00"})
    make_code("TAKEN")
    for code in ["", "taken", "two\nlines", "a\u0301\u0323", "X" * 65, "ß"]:
        staff.post(f"{LIST}add/", **CODE | {"code": code})
    for discount in ["", "abc", "101", "-1", "1.234"]:
        staff.post(f"{LIST}add/", **CODE | {"code": "NEW-20", "discount": discount})
    staff.post(f"{LIST}add/", **CODE | {"code": "NEW-20", "agent": "0", "status": "maybe"})
    for number, (date, status) in enumerate([("", "active"), ("2020-01-01", "active"), ("", "inactive")]):
        staff.post(f"{LIST}add/", **CODE | {"code": f"SAVED-{number}", "expires_at_0": date, "status": status})
    assert ReferralCode.objects.filter(code__startswith="SAVED").count() == 3


def test_the_list_its_filters_and_what_is_done_to_codes(staff, maria):
    codes = one_of_each_state(maria)
    for query in [{"q": "soon"}, {"q": "nothing"}, {"agent": maria.pk}, {"expires_at__year": 2026}]:
        staff.get(LIST, **query)
    staff.get(LIST, expires_at__year=2026, expires_at__month=11)
    staff.get(LIST, expires_at__year=2026, expires_at__month=11, expires_at__day=21)
    for state in ["working", "ends_soon", "overdue", "ended", "expired", "switched_off", "agent_inactive", "nonsense"]:
        staff.get(LIST, state=state)
    actions = ["extend_by_7_days", "switch_off", "reactivate", "expire", "delete_selected"]
    for action in actions:
        chosen = {"action": action, "_selected_action": [code.pk for code in codes], "index": "0"}
        asked = staff.post(LIST, **chosen)
        seen = (asked.context or {}).get("seen", "")
        answer = staff.post(LIST, **chosen, seen=seen)
        if b"/undo/" in answer.content:
            undo = answer.content.decode().partition(f"{LIST}undo/")[2].partition('"')[0]
            staff.get(f"{LIST}undo/{undo}")
            staff.post(f"{LIST}undo/{undo}")
    staff.post(LIST, action="expire", index="0")
    staff.post(LIST, action="expire", index="0", _selected_action=["0"])
    for code in codes:
        for page in ("change", "history", "delete"):
            staff.get(f"{LIST}{code.pk}/{page}/")
        staff.post(f"{LIST}{code.pk}/delete/", post="yes")


def test_two_people_on_one_form(staff, maria):
    code = make_code("A-10", agent=maria, discount=10, expires_at=NOW + DAY)
    for address in (f"{LIST}{code.pk}/change/", f"/profile/{maria.pk}/codes/{code.pk}/edit/"):
        context = staff.get(address).context
        form = context["adminform"].form if "adminform" in context else context["form"]
        fields = {name: value for name, value in form.initial.items() if isinstance(value, str)}
        ReferralCode.objects.filter(pk=code.pk).update(discount=30, expires_at=None, status="inactive")
        staff.post(address, **CODE | fields | {"code": "A-10", "discount": "15", "agent": maria.pk})


def test_runs_and_their_undo(staff, maria):
    one_of_each_state(maria)
    run = ExpirationRun.objects.latest()
    ReferralCode.objects.filter(code="GONE-10").update(discount=5, updated_at=NOW + DAY)
    for page in ("", f"{run.pk}/change/", f"{run.pk}/undo/", f"{run.pk}/history/"):
        staff.get(f"/admin/main/expirationrun/{page}")
    staff.post(f"/admin/main/expirationrun/{run.pk}/undo/", post="yes")
    staff.post(f"/admin/main/expirationrun/{run.pk}/undo/", post="yes")
    for run in ExpirationRun.objects.all():
        staff.get(f"/admin/main/expirationrun/{run.pk}/change/")
    ExpirationRun.objects.update(state="failed", error="sorry")
    staff.get("/admin/")
    staff.get("/admin/main/expirationrun/")


FILES = [
    "code,agent,discount,expires_at,status\nGOOD-1,,10,2026-12-31,active\nBAD-1,Nobody,120,12/31/2026,maybe\n"
    'good-1,,,,\nTAKEN,,,,\n"two\nlines",,1.234,,\n,,,,active\n',
    "code,rabatt\nA,1\n",
    "code\n",
    "",
    "code,expires_at\nA,05/06/2026\nB,2026-02-30\n",
    "code,agent\nMINE-1,Maria Garcia\nNEW-1,Somebody New\nOLD-1,\n",
]


def test_imports(staff, maria):
    make_code("TAKEN")
    address = "/admin/main/codeimport/upload/"
    staff.get(address)
    staff.post(address)
    for content in [*FILES, b"\xff\xfe\x00"]:
        data = content if isinstance(content, bytes) else content.encode()
        for create in ({}, {"create_agents": "on"}):
            file = SimpleUploadedFile("codes.csv", data)
            staff.post(address, file=file, encoding="utf-8", time_zone="UTC", **create)
    content = b"code,expires_at\nLAST-1,2026-12-31\nLAST-2,2020-01-01\n"
    file = SimpleUploadedFile("codes.csv", content)
    preview = staff.post(address, file=file, encoding="utf-8", time_zone="UTC").content.decode()
    sealed = preview.partition('name="file_to_import" value="')[2].partition('"')[0]
    staff.post(address, file_to_import=sealed)
    staff.post(address, file_to_import=sealed)
    staff.post(address, file_to_import="nonsense")
    entry = CodeImport.objects.get()
    for page in ("", f"{entry.pk}/change/", f"{entry.pk}/undo/"):
        staff.get(f"/admin/main/codeimport/{page}")
    staff.get(f"{LIST}?imported_by={entry.pk}")
    staff.get(f"{LIST}{ReferralCode.objects.get(code='LAST-1').pk}/history/")
    staff.post(f"/admin/main/codeimport/{entry.pk}/undo/", post="yes")
    staff.get(f"/admin/main/codeimport/{entry.pk}/change/")


def test_many_codes_at_once(staff, maria):
    fields = {"agents": "", "each": "1", "pattern": "{agent}-{discount}", "discount": "20", "expires_at_0": ""}
    fields |= {"expires_at_1": "", "coming_end": ""}
    address = f"{LIST}many/"
    wrong = [
        {"agents": "Maria Garcia\nNobody"},
        {"each": "20000"},
        {"pattern": "{x}"},
        {"pattern": "A"},
        {"each": "0"},
    ]
    wrong += [
        {"coming_end": "30", "expires_at_0": "2026-12-31"},
        {"expires_at_0": "2020-01-01"},
        {"pattern": "{agent}"},
    ]
    for change in wrong:
        staff.post(address, **fields | change)
    shown = staff.post(address, **fields | {"agents": "Maria Garcia", "coming_end": "30", "each": "3"})
    sealed = shown.content.decode().partition('name="codes_to_create" value="')[2].partition('"')[0]
    assert sealed
    for _ in range(2):
        staff.post(address, codes_to_create=sealed)
    staff.post(address, codes_to_create="nonsense")


def test_agents_and_their_accounts(staff, maria):
    one_of_each_state(maria)
    people = "/admin/main/userprofile/"
    staff.get(people)
    staff.get(people, role__exact="client")
    staff.get(people, q="nobody")
    new = {"name": "John Smith", "role": "agent", "user_name": "", "email": "", "user": ""}
    for change in [{}, {"email": "x"}, {"user_name": "maria"}, {"user_name": "john2", "user": maria.user_id}]:
        staff.post(f"{people}add/", **new | change)
    staff.post(f"{people}add/", **new | {"user_name": "paul", "email": "paul@example.com", "invitation": "on"})
    for page in ("change", "switch", "history", "delete", "invite"):
        staff.get(f"{people}{maria.pk}/{page}/")
    for _ in range(2):
        staff.post(f"{people}{maria.pk}/switch/", active="0")
        staff.post(f"{people}{maria.pk}/switch/", active="1")
    staff.post(f"{people}{maria.pk}/invite/")
    for page in ("/admin/auth/user/", "/admin/auth/user/add/", f"/admin/auth/user/{maria.user_id}/change/"):
        staff.get(page)
    staff.post("/admin/auth/user/add/", username="maria", password1="a", password2="b", usable_password="true")
    staff.get(f"/admin/auth/user/{maria.user_id}/password/")
    staff.get("/admin/auth/group/add/")


def test_the_agents_pages(agent, maria):
    codes = one_of_each_state(maria)
    for number in range(20):
        make_code(f"MORE-{number}", agent=maria, expires_at=NOW + number * DAY)
    for query in [{}, {"state": "ended"}, {"state": "ends_soon"}, {"q": "nobody"}, {"order": "newest"}]:
        agent.get("/profile/", **query)
    for code in codes[:3]:
        agent.get(f"/profile/{maria.pk}/codes/{code.pk}/history/")
        agent.get(f"/codes/{code.pk}/share/")
    for sentence in ["", "x" * 301, "please", "please"]:
        agent.get(f"/codes/{codes[2].pk}/more-time/")
        agent.post(f"/codes/{codes[2].pk}/more-time/", sentence=sentence)
    agent.get("/profile/")
    agent.get("/notices/")
    agent.post("/notices/", days=["30", "x"], zone="Nowhere")
    agent.post("/notices/", wants_mail="on", days=["30"], zone="Europe/Athens")
    agent.post("/notices/calendar/make/")
    agent.post("/notices/calendar/revoke/")
    agent.get("/zone/")
    agent.post("/zone/", zone="Nowhere")


def test_the_tasks_of_staff_on_an_agents_page(staff, maria):
    codes = one_of_each_state(maria)
    staff.get(f"/profile/{maria.pk}/")
    for code in codes:
        for task in Task:
            address = f"/profile/{maria.pk}/codes/{code.pk}/{task}/"
            staff.get(address)
            staff.post(address, days="30", version="nonsense")
            staff.post(address, days="7")
        staff.get(f"/profile/{maria.pk}/codes/{code.pk}/history/")
    staff.post(f"/profile/{maria.pk}/codes/new/", code="soon-10", discount="abc", expires_at_0="x", expires_at_1="y")
    staff.post(f"/profile/{maria.pk}/codes/new/", code="fresh-10", discount="10", expires_at_0="2020-01-01")


def test_wishes_and_tokens(staff, agent, maria):
    code = make_code("SOON-10", agent=maria, expires_at=NOW + DAY)
    agent.post(f"/codes/{code.pk}/more-time/", sentence="please")
    staff.get("/admin/")
    wish = Wish.objects.get()
    for page in ("", f"{wish.pk}/change/"):
        staff.get(f"/admin/notices/wish/{page}")
    asked = {"action": "decline", "_selected_action": [wish.pk]}
    staff.post("/admin/notices/wish/", **asked)
    staff.post("/admin/notices/wish/", **asked, answer="sorry", post="yes")
    agent.get("/profile/")
    staff.get("/admin/notices/notice/")
    staff.post("/admin/checkout/apitoken/add/", name="")
    staff.post("/admin/checkout/apitoken/add/", name="shop", may_check="on", may_redeem="on")
    staff.get("/admin/checkout/apitoken/")
    staff.get("/admin/checkout/redemption/")
    staff.get("/admin/checkout/redemption/", first="x", last="y")


def test_signing_in_and_passwords(language, maria):
    visitor = Walker(language)
    visitor.get("/sign-in/")
    visitor.post("/sign-in/", username="maria", password="wrong")
    visitor.post("/admin/login/", username="maria", password="knot-of-ariadne")
    User.objects.create_user("away", password="knot-of-ariadne", is_active=False)
    visitor.post("/sign-in/", username="away", password="knot-of-ariadne")
    visitor.get("/password/reset/")
    visitor.post("/password/reset/", email="x")
    visitor.post("/password/reset/", email="nobody@example.com")
    visitor.get("/password/reset/MQ/x/")
    for _ in range(12):
        visitor.post("/sign-in/", username="maria", password="wrong")
    visitor.done()
    agent = Walker(language, maria.user)
    agent.post("/password/", old_password="x", new_password1="a", new_password2="b")
    agent.post("/password/", old_password="knot-of-ariadne", new_password1="12345", new_password2="12345")
    agent.post(
        "/password/", old_password="knot-of-ariadne", new_password1="maria-garcia", new_password2="maria-garcia"
    )
    agent.done()


def test_who_may_not(language, maria):
    viewer = make_staff("anna", "view_referralcode")
    viewer.user_permissions.add(*Permission.objects.filter(codename__startswith="view_"))
    walker = Walker(language, viewer)
    code = make_code("SOON-10", agent=maria, expires_at=NOW + DAY)
    for page in (
        "/admin/",
        LIST,
        f"{LIST}{code.pk}/change/",
        f"{LIST}add/",
        f"/profile/{maria.pk}/codes/new/",
        "/nowhere/",
    ):
        walker.get(page)
    walker.get("/profile/")
    walker.done()
