"""What a production server gives out beside its pages, and what it says where nobody has collected it."""

import re
from http.client import HTTPConnection
from pathlib import Path

import pytest
from django.contrib import admin

from tests.patience import PATIENCE
from tests.processes.test_production_settings import PRODUCTION
from tests.servers.test_gunicorn import ask, gunicorn

HOST = "127.0.0.1"
SHEETS = Path(__file__).parents[2] / "knossos" / "static" / "staff"
TEMPLATES = Path(admin.__file__).parent / "templates" / "admin"


@pytest.fixture
def served(tmp_path, migrated):
    """The environment of a server on this machine, whose static files are collected into a folder of the test."""
    return PRODUCTION | {
        "PATH": "/usr/bin:/bin",
        "HOME": str(tmp_path),
        "DATABASE_URL": f"sqlite:///{tmp_path}/db.sqlite3",
        "LOG_DIR": str(tmp_path / "logs"),
        "ALLOWED_HOSTS": HOST,
        "SECURE_SSL_REDIRECT": "off",
        "DJANGO_SETTINGS_MODULE": "tests.servers.collected",
        "COLLECTED": str(tmp_path / "static_root"),
    }


def fetch(port, address):
    connection = HTTPConnection(HOST, port, timeout=PATIENCE)
    connection.request("GET", address, headers={"Host": HOST, "Accept-Encoding": "gzip"})
    return connection.getresponse()


def said_by(process):
    process.terminate()
    return process.communicate(timeout=PATIENCE)[1]


def test_collected_files_have_a_hash_in_their_names_are_compressed_and_kept(served, manage):
    assert manage("collectstatic", "--no-input", "-v", "0", **served).stderr == ""
    # Once more, as each upgrade does.
    assert manage("collectstatic", "--no-input", "-v", "0", **served).stderr == ""
    with gunicorn(served) as (port, process):
        page = ask(port, HOST).read().decode()
        [sheet] = re.findall(r'<link rel="stylesheet" href="(/static/main/site\.[0-9a-f]{12}\.css)">', page)
        answer = fetch(port, sheet)
        assert (answer.status, answer.getheader("Content-Encoding")) == (200, "gzip")
        assert answer.getheader("Cache-Control") == "max-age=315360000, public, immutable"
        assert fetch(port, "/static/staff/list.css").status == 200
        assert "collectstatic" not in said_by(process)


def test_without_collected_files_pages_lack_their_style_and_the_log_says_once_what_to_do(served):
    with gunicorn(served) as (port, process):
        ask(port, HOST)
        answer = ask(port, HOST)
        page = answer.read().decode()
        assert (answer.status, "/static/main/site.css" in page, "<h1>Sign in</h1>" in page) == (200, True, True)
        [line] = [line for line in said_by(process).splitlines() if "static" in line]
    assert line.endswith(
        "Pages lack their style: main/icon.svg was not collected. Run `python manage.py collectstatic` with the "
        "settings of this server, then restart it.'"
    )


def test_a_sheet_of_ours_has_all_that_djangos_templates_link_to():
    def named(*files):
        return {name for file in files for name in re.findall(r"admin/css/\w+\.css", file.read_text())}

    base = TEMPLATES / "base.html"

    # Not used here: the sidebar, and languages that are written from right to left. Lists are not edited in place.
    unused = {"admin/css/nav_sidebar.css", "admin/css/rtl.css", "admin/css/responsive_rtl.css"}
    assert named(base, TEMPLATES / "change_list.html") - unused - {"admin/css/forms.css"} == named(SHEETS / "list.css")
    of_a_field = {"admin/css/autocomplete.css"}
    assert named(base, TEMPLATES / "change_form.html") - unused == named(SHEETS / "form.css") - of_a_field
