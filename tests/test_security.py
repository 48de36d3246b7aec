"""docs/security.md names a test for each line that it calls held; and what no other test shows."""

import ast
import re
from datetime import timedelta

import pytest
import time_machine
from django.apps import apps
from django.contrib.auth import get_user_model
from django.contrib.auth.password_validation import validate_password
from django.contrib.auth.tokens import default_token_generator
from django.core.exceptions import ValidationError
from django.core.signing import BadSignature
from django.test import Client, override_settings
from django.utils import timezone
from django.utils.encoding import force_bytes
from django.utils.http import urlsafe_base64_encode

from main.admin.sealing import seal, unseal
from main.checkout.checking import check_code
from main.checkout.promises import promise, read_promise
from main.models import UserProfile
from main.notices.letters import read_link, unsubscribe_url
from main.notices.models import Notice, Preference
from tests.conftest import PROJECT, make_agent, make_code

User = get_user_model()
PASSWORD = "knot-of-ariadne"
PAGE = (PROJECT / "docs" / "security.md").read_text(encoding="utf-8")
LINES = re.findall(r"^\| (\d[\d.]*) \| (.+) \| (.+) \|$", PAGE, re.MULTILINE)
# The numbers of levels 1 and 2, section by section.
LEVELS_1_AND_2 = """
1.1 1-2; 1.2 1-9; 1.3 1-11; 1.4 1-3; 1.5 1-2; 2.1 1-3; 2.2 1-3; 2.3 1-4; 2.4 1-1; 3.2 1-2; 3.3 1-4; 3.4 1-6;
3.5 1-5; 3.7 1-2; 4.1 1-3; 4.2 1-1; 4.3 1-2; 4.4 1-4; 5.1 1-1; 5.2 1-3; 5.3 1-2; 5.4 1-3; 6.1 1-3; 6.2 1-12;
6.3 1-4; 6.4 1-4; 6.5 1-5; 6.6 1-3; 6.8 1-4; 7.1 1-3; 7.2 1-4; 7.3 1-2; 7.4 1-5; 7.5 1-2; 7.6 1-2; 8.1 1-2;
8.2 1-3; 8.3 1-1; 8.4 1-1; 9.1 1-3; 9.2 1-4; 10.1 1-2; 10.2 1-2; 10.3 1-4; 10.4 1-11; 10.5 1-5; 10.6 1-2; 10.7
1-3; 11.1 1-2; 11.2 1-3; 11.3 1-3; 11.4 1-4; 11.5 1-1; 11.6 1-1; 12.1 1-3; 12.2 1-2; 12.3 1-4; 13.1 1-1; 13.2
1-5; 13.3 1-2; 13.4 1-5; 14.1 1-2; 14.2 1-4; 14.3 1-3; 15.1 1-3; 15.2 1-3; 15.3 1-7; 16.1 1-1; 16.2 1-5; 16.3
1-4; 16.4 1-3; 16.5 1-3; 17.1 1-1; 17.2 1-4; 17.3 1-2
"""


def numbers():
    for section, first, last in re.findall(r"(\d+\.\d+)\s(\d+)-(\d+)", LEVELS_1_AND_2):
        yield from (f"{section}.{number}" for number in range(int(first), int(last) + 1))


def test_every_number_of_levels_1_and_2_has_its_line_and_no_other_has():
    found = [number for number, _, _ in LINES]
    assert len(found) == len(set(found))
    covered = {number: [own for own in found if f"{number}.".startswith(f"{own}.")] for number in numbers()}
    assert {number: lines for number, lines in covered.items() if len(lines) != 1} == {}
    assert set(found) == {own for lines in covered.values() for own in lines}


def test_every_line_is_held_by_a_test_that_exists_or_says_why_not():
    for number, _, answer in LINES:
        if not answer.startswith(("n/a: ", "open: ")):
            assert re.fullmatch(r"`tests/[\w/]+\.py(::\w+)?`", answer), number
    for file, test in re.findall(r"`(tests/[\w/]+\.py)(?:::(\w+))?`", PAGE):
        tree = ast.parse((PROJECT / file).read_text(encoding="utf-8"))
        names = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}
        assert any(name.startswith("test_") for name in names), file
        assert not test or test in names, f"{file}::{test}"


def test_every_table_is_said_to_be_worth_protecting_or_not():
    section = PAGE.partition("## What is worth protecting")[2].partition("##")[0]
    told = [name for line in section.splitlines()[4:] if line for name in line.split("|")[2].strip().split(", ")]
    assert set(told) == {model._meta.object_name for model in apps.get_models()}


def test_the_figures_above_the_table_are_right():
    na, still_open = (sum(answer.startswith(f"{word}: ") for _, _, answer in LINES) for word in ("n/a", "open"))
    told = " ".join(PAGE.split())
    assert f"{len(LINES) - na - still_open} are held, {na} do not apply, {still_open} are open." in told


@pytest.fixture
def maria(db):
    return make_agent("Maria Garcia", password=PASSWORD, email="maria@example.com")


def signed_in(name="maria"):
    client = Client()
    assert client.post("/sign-in/", {"username": name, "password": PASSWORD}).status_code == 302
    return client


def test_what_people_write_is_text_on_a_page(maria, admin_client):
    UserProfile.objects.update(name="<b>{{ 7|add:7 }}</b>&amp;{% now 'Y' %}")
    make_code("<I>&'", agent=maria)
    assert "&lt;I&gt;&amp;&#x27;" in signed_in().get("/profile/").content.decode()
    page = admin_client.get("/admin/main/userprofile/").content.decode()
    assert "&lt;b&gt;{{ 7|add:7 }}&lt;/b&gt;&amp;amp;{% now &#x27;Y&#x27; %}" in page
    assert "<b>{{" not in page


def test_nothing_is_evaluated_or_unpickled(settings):
    assert settings.SESSION_SERIALIZER == "django.contrib.sessions.serializers.JSONSerializer"
    for path in [*(PROJECT / "main").rglob("*.py"), *(PROJECT / "knossos").rglob("*.py")]:
        code = path.read_text(encoding="utf-8")
        assert not re.search(r"(?<![\w.])(eval|exec)\(|\bpickle\b|\bmarshal\b|os\.system|shell=True", code), path


def test_no_script_of_ours_writes_html():
    for path in (PROJECT / "main" / "static").rglob("*.js"):
        script = path.read_text(encoding="utf-8")
        wrong = (
            r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|localStorage|sessionStorage|__proto__"
        )
        assert not re.search(wrong, script), path


@pytest.mark.parametrize("address", ["/sign-in/", "/profile/", "/admin/", "/health/", "/nowhere/"])
def test_every_answer_says_what_it_is(maria, address):
    response = signed_in().get(address)
    if response.status_code == 200:
        assert response["Content-Type"] in ("text/html; charset=utf-8", "application/json")
    assert response["X-Content-Type-Options"] == "nosniff"
    assert "Access-Control-Allow-Origin" not in response


def test_trace_repeats_nothing(maria):
    for address in ("/sign-in/", "/profile/", "/admin/"):
        response = signed_in().generic("TRACE", address, headers={"x-secret": "do-not-repeat"})
        assert "do-not-repeat" not in response.content.decode()


@pytest.mark.parametrize("address", ["/.git/config", "/.env", "/db.sqlite3", "/static/", "/static/../.env", "/logs/"])
def test_no_file_of_the_project_is_served(client, db, address):
    assert client.get(address).status_code == 404


@pytest.mark.parametrize(
    ("password", "reason"),
    [
        ("short-1", "password_too_short"),
        ("password123", "password_too_common"),
        ("83746251839", "password_entirely_numeric"),
        ("mariagarcia", "password_too_similar"),
        ("eight-ok", ""),
        ("only small letters", ""),
        ("ΑΡΙΑΔΝΗ-ΚΝΩΣΟΣ 🧵", ""),
        ("x9" * 64, ""),
    ],
)
def test_what_a_password_may_be(password, reason):
    user = User(username="mariagarcia", first_name="Maria", email="maria@example.com")
    try:
        validate_password(password, user)
        found = {""}
    except ValidationError as error:
        found = {str(one.code) for one in error.error_list}
    assert reason in found


def test_a_password_is_taken_as_it_is(db):
    long = " Knot of Ariadne " * 10
    user = User.objects.create_user("anna", password=long)
    assert [user.check_password(text) for text in (long, long.strip(), long.lower(), long[:128])] == [True] + [
        False
    ] * 3
    with time_machine.travel(timezone.now() + timedelta(days=3650), tick=False):
        assert User.objects.get(username="anna").check_password(long)


@pytest.mark.parametrize("address", ["/sign-in/", "/password/", "/admin/password_change/"])
def test_passwords_are_hidden_and_may_be_pasted(admin_client, client, db, address):
    page = (client if address == "/sign-in/" else admin_client).get(address).content.decode()
    fields = re.findall(r'<input[^>]*name="(?:old_|new_)?password[12]?"[^>]*>', page)
    assert fields
    assert all('type="password"' in field and "onpaste" not in field for field in fields)
    assert 'autocomplete="off"' not in "".join(fields)


def test_a_new_database_has_no_account(db):
    assert not User.objects.exists()


def test_signing_in_makes_a_new_session(maria):
    client = Client()
    client.cookies["sessionid"] = "a" * 32
    client.post("/sign-in/", {"username": "maria", "password": PASSWORD})
    first = client.cookies["sessionid"].value
    second = signed_in().cookies["sessionid"].value
    assert len({first, second, "a" * 32}) == 3
    assert len(first) == 32  # of 36 characters: 165 bits
    client.post("/sign-in/", {"username": "maria", "password": PASSWORD})
    assert client.cookies["sessionid"].value != first


def test_a_session_ends_on_the_server(maria):
    client, thief = signed_in(), Client()
    thief.cookies["sessionid"] = client.cookies["sessionid"].value
    assert '<form method="post" action="/sign-out/"' in thief.get("/profile/").content.decode()
    client.post("/sign-out/")
    assert thief.get("/profile/").status_code == 302


def test_a_new_password_ends_the_other_sessions(maria):
    mine, other = signed_in(), signed_in()
    new = {"old_password": PASSWORD, "new_password1": "thread-of-theseus", "new_password2": "thread-of-theseus"}
    assert mine.post("/password/", new).status_code == 302
    assert [client.get("/profile/").status_code for client in (mine, other)] == [200, 302]


def test_a_session_lasts_two_weeks_at_most(maria):
    client = signed_in()
    for day, status in ((7, 200), (13, 200), (15, 302)):
        with time_machine.travel(timezone.now() + timedelta(days=day), tick=False):
            assert client.get("/profile/").status_code == status


def test_passwords_are_kept_by_a_slow_hash(db):
    hashers = ["django.contrib.auth.hashers.PBKDF2PasswordHasher"]
    with override_settings(PASSWORD_HASHERS=hashers):
        stored = User.objects.create_user("anna", password=PASSWORD).password
    algorithm, rounds, salt, _ = stored.split("$")
    assert (algorithm, int(rounds) >= 600_000, len(salt) >= 22) == ("pbkdf2_sha256", True, True)


def test_a_signed_text_is_good_for_its_purpose_alone(maria, rf):
    john = make_agent("John Smith")
    request, of_john = rf.get("/"), rf.get("/")
    request.user, of_john.user = maria.user, john.user
    make_code("A-1", agent=maria, discount=20)

    def link(token):
        try:
            return read_link(token)
        except BadSignature:
            return None

    mail = unsubscribe_url(Preference.objects.create(user=maria.user), Notice.Kind.AGENT)
    texts = {
        "promise": promise(check_code("A-1")),
        "link of a mail": mail.split("/")[-2],
        "file in a form": seal(request, "file", ["A-1"]),
        "codes in a form": seal(request, "codes", ["A-1"]),
        "form of John": seal(of_john, "codes", ["A-1"]),
        "link of a reset": default_token_generator.make_token(maria.user),
    }
    readers = {
        "promise": read_promise,
        "link of a mail": link,
        "file in a form": lambda text: unseal(request, "file", text),
        "codes in a form": lambda text: unseal(request, "codes", text),
        "form of John": lambda text: unseal(of_john, "codes", text),
        "link of a reset": lambda text: default_token_generator.check_token(maria.user, text) or None,
    }
    taken = {
        (reader, text)
        for reader, read in readers.items()
        for text, signed in texts.items()
        for written in (signed, signed.removeprefix("promise:"), f"promise:{signed}")
        if read(written) is not None
    }
    assert taken == {(name, name) for name in texts}
    # A new kind of signed text belongs above.
    signing = [
        path.relative_to(PROJECT).as_posix()
        for folder in ("main", "knossos")
        for path in (PROJECT / folder).rglob("*.py")
        if re.search(r"\bSigner\(|\bsigning\.dumps\(|\.make_token\(", path.read_text(encoding="utf-8"))
    ]
    assert sorted(signing) == [
        "main/accounts/invitations.py", "main/admin/sealing.py", "main/checkout/promises.py",
        "main/notices/letters.py",
    ]  # fmt: skip


def test_a_link_of_a_reset_cannot_be_forged(maria):
    other = make_agent("John Smith", password=PASSWORD)
    uid, foreign = (urlsafe_base64_encode(force_bytes(person.user.pk)) for person in (maria, other))
    token = default_token_generator.make_token(maria.user)
    assert len(token.partition("-")[2]) == 32  # half of an HMAC with SHA-256: 128 bits
    tries = [
        (uid, token[:-1] + ("0" if token[-1] != "0" else "1")),
        (foreign, token),
        (uid, "set-password"),
        (uid, ""),
    ]
    for who, text in tries:
        page = Client().get(f"/password/reset/{who}/{text or 'x'}/", follow=True).content.decode()
        assert "<h1>This link does not work</h1>" in page
    with time_machine.travel(timezone.now() + timedelta(days=3, seconds=2), tick=False):
        assert (
            "This link does not work" in Client().get(f"/password/reset/{uid}/{token}/", follow=True).content.decode()
        )
    assert "Choose a new password" in Client().get(f"/password/reset/{uid}/{token}/", follow=True).content.decode()
