"""Behind PgBouncer in transaction mode, with other clients, everything works with Django's default settings."""

import shutil
import subprocess
import sys

import pytest

from benchmarks.pooler import pooler, traffic
from tests.breakage.audit import assert_nothing_is_overdue, audit
from tests.breakage.world import PROJECT, World
from tests.schedulers.conftest import need

CODES = 30_000
STAFF = """
import re
import django; django.setup()
from django.contrib.auth.models import User
from django.test import Client
client = Client(headers={"host": "localhost"})
staff, _ = User.objects.get_or_create(username="staff", is_staff=True, is_superuser=True)
client.force_login(staff, "django.contrib.auth.backends.ModelBackend")
"""
PAGES = """
for page in ("", "main/referralcode/", "main/referralcode/?q=c+7", "main/userprofile/", "main/expirationrun/"):
    print(client.get("/admin/" + page).status_code, end=" ")
answer = client.get("/admin/main/expirationrun/%s/undo/")
print(answer.status_code, "30,000" in answer.content.decode() or "30000" in answer.content.decode())
file = client.get("/admin/main/referralcode/csv/")
print(file.status_code, sum(part.count(b"\\n") for part in file.streaming_content))
"""
IMPORT = """
from io import BytesIO
rows = BytesIO("code,discount,expires_at\\n".encode() + b"".join(b"WEB-%d,10,2090-01-01\\n" % n for n in range(5000)))
rows.name = "codes.csv"
address = "/admin/main/codeimport/upload/"
shown = client.post(address, {"file": rows, "encoding": "utf-8", "time_zone": "UTC"})
sealed = re.search('name="file_to_import" value="([^"]+)"', shown.content.decode())[1]
print(shown.status_code, client.post(address, {"file_to_import": sealed}).status_code)
"""


@pytest.fixture
def busy(server_world):
    """The world behind the pooler, and the other clients of it."""
    need(shutil.which("pgbouncer"), "pgbouncer")
    with pooler(server_world.url) as url, traffic(url) as others:
        behind = World(url, server_world.log_dir.parent)
        yield behind
    assert all(other.transactions > 10 for other in others)
    assert len({backend for other in others for backend in other.backends}) > 1


def in_the_admin(world, script):
    """What `script` prints when a superuser runs it with `client`."""
    return subprocess.run(
        [sys.executable, "-c", STAFF + script], cwd=PROJECT, text=True, stdout=subprocess.PIPE, check=True,
        env=world.env | {"DJANGO_SETTINGS_MODULE": "knossos.settings", "PYTHONWARNINGS": "default"},
    ).stdout  # fmt: skip


def test_a_night_of_many_codes_its_report_and_its_undo(server_world, busy):
    server_world.seed(CODES)
    code, output, errors = busy.run("expire_referral_codes", "--dry-run")
    assert (code, errors, output.count("\n")) == (0, "", 1 + CODES)

    code, output, errors = busy.run("expire_referral_codes")
    assert (code, errors) == (0, "")
    lines = output.splitlines()
    assert lines[0] == f"Successfully expired {CODES} referral code(s)."
    assert lines[1:] == [f"  - C-{number} (Agent: none)" for number in range(CODES, 0, -1)]
    audit(server_world)
    assert_nothing_is_overdue(server_world)
    assert busy.run("expiration_health")[::2] == (0, "")

    ((run,),) = server_world.query("SELECT max(id) FROM main_expirationrun")
    assert in_the_admin(busy, PAGES % run) == f"200 200 200 200 200 200 True\n200 {1 + CODES}\n"
    server_world.query("UPDATE main_referralcode SET discount = 11, updated_at = now() WHERE code = 'C-7'")
    code, output, errors = busy.run("undo_expiration_run", str(run), "--dry-run")
    assert (code, errors, output.count("\n")) == (0, "", 1 + CODES)
    code, output, errors = busy.run("undo_expiration_run", str(run))
    assert (code, errors, output.count("\n")) == (0, "", 1 + CODES)
    assert output.endswith("Left as it is: C-7 (edited since)\n")
    audit(server_world)


def test_an_import_of_many_rows(server_world, busy, tmp_path):
    server_world.seed(0)
    file = tmp_path / "codes.csv"
    rows = "".join(f"NEW-{number},Agent {number % 3000},10,2090-01-01\n" for number in range(5000))
    file.write_text(f"code,agent,discount,expires_at\n{rows}")
    for _ in range(2):
        code, _, errors = busy.run("import_codes", str(file), "--create-agents")
        assert (code, errors.count("Traceback")) == (0, 0), errors
        file.write_text(file.read_text().replace("NEW-", "NEWER-"))
    assert in_the_admin(busy, IMPORT) == "200 302\n"
    assert server_world.query("SELECT count(*) FROM main_referralcode") == [(15_000,)]
    assert server_world.query("SELECT count(*) FROM main_userprofile") == [(3000,)]
    for table in (
        "main_referralcode",
        "main_codeimport_new_agents",
        "main_codeimport",
        "main_userprofile",
        "django_admin_log",
        "auth_user",
    ):
        server_world.query(f"DELETE FROM {table}")


def test_nothing_is_prepared_on_a_server_that_the_next_transaction_may_not_meet(busy):
    asked = busy.run(
        "shell", "-v0", "-c", "from django.db import connection as c; c.ensure_connection();"
        "print(c.connection.prepare_threshold, c.settings_dict.get('DISABLE_SERVER_SIDE_CURSORS', False))",
    )  # fmt: skip
    assert asked == (0, "None False\n", "")
