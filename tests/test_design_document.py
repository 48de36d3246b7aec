"""The snippets of the owner's design document work as they are written there."""

import logging.config
import re
import shutil
from datetime import timedelta
from types import ModuleType

import pytest
from django.db import connection

from main.models import ReferralCode
from tests.conftest import NOW, PROJECT, make_code

SCHEDULING = PROJECT / "docs" / "scheduling.md"

pytestmark = pytest.mark.django_db(transaction=True)

CREATE_A_TEST_CODE = """
from main.models import ReferralCode, UserProfile
from django.utils import timezone
from datetime import timedelta

agent = UserProfile.objects.filter(role='agent').first()
code = ReferralCode.objects.create(
    code='TEST-20',
    agent=agent,
    discount=20,
    expires_at=timezone.now() - timedelta(days=1),  # Yesterday
    status='active'
)
"""

CHECK_THE_CODE = """
code.refresh_from_db()
print(code.status)  # Should be 'inactive'
"""

FROM_THE_SHELL = """
from main.signals import check_all_expired_referral_codes

# Expire all expired codes
count = check_all_expired_referral_codes()
print(f"Expired {count} codes")
"""

FROM_A_VIEW = """
from main.signals import check_all_expired_referral_codes

def some_view(request):
    # Manually trigger expiration check
    count = check_all_expired_referral_codes()
    messages.info(request, f"Expired {count} referral codes")
    # ...
"""

IMPORTS_OF_A_VIEW = """
from django.contrib import messages
from django.shortcuts import redirect
from django.urls import include, path
"""
ADDRESS_OF_THE_VIEW = """
urlpatterns = [path("some-view/", some_view), path("", include("knossos.urls"))]
"""

QUERY = """
SELECT code, agent_id, expires_at, status 
FROM main_referralcode 
WHERE status = 'inactive' 
AND expires_at < NOW();
"""  # noqa: W291

INSERT_INACTIVE = """
INSERT INTO main_referralcode (code, discount, status, expires_at, created_at, updated_at)
VALUES ('{}', 20, 'inactive', '{}', '2024-01-01', '2024-01-01')
"""

SETTINGS = """
LOGGING = {
    'version': 1,
    'disable_existing_loggers': False,
    'handlers': {
        'file': {
            'level': 'INFO',
            'class': 'logging.FileHandler',
            'filename': 'logs/referral_codes.log',
        },
    },
    'loggers': {
        'main.signals': {
            'handlers': ['file'],
            'level': 'INFO',
            'propagate': True,
        },
    },
}
"""


def run_snippet(snippet, names=None):
    names = {} if names is None else names
    exec(snippet, names)  # noqa: S102
    return names


def test_the_testing_walkthrough_from_start_to_end(john, clock, run_command, capsys):
    names = run_snippet(CREATE_A_TEST_CODE)

    line = "  - TEST-20 (Agent: John Smith), Expired: 2026-11-20 02:00 UTC\n"
    assert line in run_command("expire_referral_codes", "--dry-run")
    assert "  - TEST-20 (Agent: John Smith)\n" in run_command("expire_referral_codes")

    run_snippet(CHECK_THE_CODE, names)
    assert capsys.readouterr().out == "inactive\n"


def test_from_the_shell(three_overdue, clock, capsys):
    run_snippet(FROM_THE_SHELL)
    assert capsys.readouterr().out == "Expired 3 codes\n"


def test_from_a_view(three_overdue, clock, client, settings):
    """The snippet ends where the view goes on; here, to a page that shows the message."""
    view = FROM_A_VIEW.replace("    # ...\n", "    return redirect('sign_in')\n")
    pages = ModuleType("pages_of_the_owner")
    exec(IMPORTS_OF_A_VIEW + view + ADDRESS_OF_THE_VIEW, pages.__dict__)  # noqa: S102
    settings.ROOT_URLCONF = pages
    page = client.get("/some-view/", follow=True)
    assert "Expired 3 referral codes" in page.text
    assert not ReferralCode.objects.overdue().exists()


def test_the_query_for_expired_codes(john, clock):
    expired = ReferralCode.objects.create(code="PAST", agent=john, expires_at=NOW - timedelta(days=900))
    make_code("FUTURE", status="inactive", expires_at=NOW + timedelta(days=36500))
    make_code("ACTIVE", expires_at=NOW - timedelta(days=900))
    with connection.cursor() as cursor:
        cursor.execute(QUERY)
        rows = [(code, agent, status) for code, agent, _, status in cursor.fetchall()]
    assert rows == [(expired.code, john.pk, "inactive")]


def test_the_query_in_psql(john, clock, manage):
    if connection.vendor != "postgresql":
        pytest.skip("needs PostgreSQL: set DATABASE_URL")
    ReferralCode.objects.create(code="PAST", agent=john, expires_at=NOW - timedelta(days=900))
    make_code("FUTURE", status="inactive", expires_at=NOW + timedelta(days=36500))
    url = "postgres://{USER}:{PASSWORD}@{HOST}:{PORT}/{NAME}".format(**connection.settings_dict)
    asked = manage("dbshell", "--", "-At", "-c", QUERY, DATABASE_URL=url)
    assert (asked.returncode, asked.stderr) == (0, "")
    assert asked.stdout == f"PAST|{john.pk}|2024-06-04 02:00:00+00|inactive\n"


@pytest.mark.skipif(not shutil.which("sqlite3"), reason="needs sqlite3, SQLite's own shell")
def test_the_query_in_the_shell_of_sqlite_needs_its_other_spelling(migrated):
    dates = {"PAST": "2024-06-04 02:00:00", "FUTURE": "2999-12-31 23:59:59.999999"}
    for code, expires_at in dates.items():
        migrated("dbshell", "--", INSERT_INACTIVE.format(code, expires_at))

    refused = migrated("dbshell", "--", QUERY)
    assert (refused.returncode, "no such function: NOW" in refused.stderr) == (1, True)
    [other_spelling] = re.findall("^SELECT [^;]*datetime[^;]*;", SCHEDULING.read_text(), re.MULTILINE)
    assert migrated("dbshell", "--", other_spelling).stdout == "PAST||2024-06-04 02:00:00|inactive\n"


def test_the_logging_settings(three_overdue, clock, run_command, tmp_path, monkeypatch, settings):
    (tmp_path / "logs").mkdir(exist_ok=True)
    monkeypatch.chdir(tmp_path)
    logger = logging.getLogger("main.signals")
    handlers = logger.handlers[:]
    try:
        logging.config.dictConfig(run_snippet(SETTINGS)["LOGGING"])
        run_command("expire_referral_codes")
        lines = (tmp_path / "logs" / "referral_codes.log").read_text().splitlines()
    finally:
        for handler in logger.handlers:
            handler.close()
        logger.handlers = handlers
    assert [line.split()[:2] for line in lines] == [
        ["expired", "JOHNS-20"],
        ["expired", "MARIA-15"],
        ["expired", "ALEX-10"],
    ]
