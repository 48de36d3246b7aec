"""The snippets of the owner's design document work as they are written there."""

import logging.config
from datetime import timedelta

import pytest
from django.contrib.messages import get_messages
from django.contrib.messages.storage.cookie import CookieStorage
from django.db import connection
from django.utils.module_loading import import_string

from main.models import ReferralCode
from tests.conftest import NOW, make_code

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

QUERY = """
SELECT code, agent_id, expires_at, status 
FROM main_referralcode 
WHERE status = 'inactive' 
AND expires_at < NOW();
"""  # noqa: W291

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

CRONJOBS = [
    # Run every day at 2:00 AM
    ('0 2 * * *', 'django.core.management.call_command', ['expire_referral_codes']),
]
"""


def run_snippet(snippet: str, names: dict | None = None) -> dict:
    names = {} if names is None else names
    exec(snippet, names)  # noqa: S102
    return names


def test_the_testing_walkthrough_from_start_to_end(john, clock, run_command, capsys) -> None:
    names = run_snippet(CREATE_A_TEST_CODE)

    line = "  - TEST-20 (Agent: John Smith), Expired: 2026-11-20 02:00 UTC\n"
    assert line in run_command("expire_referral_codes", "--dry-run")
    assert "  - TEST-20 (Agent: John Smith)\n" in run_command("expire_referral_codes")

    run_snippet(CHECK_THE_CODE, names)
    assert capsys.readouterr().out == "inactive\n"


def test_from_the_shell(three_overdue, clock, capsys) -> None:
    run_snippet(FROM_THE_SHELL)
    assert capsys.readouterr().out == "Expired 3 codes\n"


def test_from_a_view(three_overdue, clock, rf) -> None:
    from_view = run_snippet(FROM_A_VIEW, run_snippet("from django.contrib import messages"))["some_view"]
    request = rf.post("/")
    request._messages = CookieStorage(request)
    from_view(request)
    assert [str(message) for message in get_messages(request)] == ["Expired 3 referral codes"]


def test_the_query_for_expired_codes(john, clock) -> None:
    expired = ReferralCode.objects.create(code="PAST", agent=john, expires_at=NOW - timedelta(days=900))
    make_code("FUTURE", status="inactive", expires_at=NOW + timedelta(days=36500))
    make_code("ACTIVE", expires_at=NOW - timedelta(days=900))
    with connection.cursor() as cursor:
        cursor.execute(QUERY)
        rows = [(code, agent, status) for code, agent, _, status in cursor.fetchall()]
    assert rows == [(expired.code, john.pk, "inactive")]


def test_the_logging_settings(three_overdue, clock, run_command, tmp_path, monkeypatch, settings) -> None:
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


def test_the_cron_job_of_django_crontab(three_overdue, clock, capsys) -> None:
    [(schedule, job, arguments)] = run_snippet(SETTINGS)["CRONJOBS"]
    import_string(job)(*arguments)
    assert schedule == "0 2 * * *"
    assert capsys.readouterr().out.splitlines()[0] == "Successfully expired 3 referral code(s)."
