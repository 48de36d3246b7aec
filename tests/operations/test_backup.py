"""`backup` and `restore` on the real databases, as an operator runs them: whole, or not at all."""

import os
import sqlite3
import stat
import subprocess
from uuid import uuid4

import pytest

from tests.conftest import PROJECT

SERVER = "postgres://postgres@127.0.0.1:5432"


def psql(database, sql):
    done = subprocess.run(
        ["psql", "-qAt", f"{SERVER}/{database}", "-c", sql], capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request, tmp_path):
    if request.param == "sqlite":
        yield f"sqlite:///{tmp_path}/db.sqlite3"
        return
    name = f"backup_{uuid4().hex[:8]}"
    try:
        psql("postgres", f"CREATE DATABASE {name}")
    except (OSError, subprocess.CalledProcessError):
        if os.environ.get("REQUIRE_SCHEDULERS"):
            raise
        pytest.skip("needs a PostgreSQL on 127.0.0.1:5432")
    yield f"{SERVER}/{name}"
    psql("postgres", f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def operator(manage, url):
    def run(*args):
        return manage(*args, DATABASE_URL=url, PYTHONWARNINGS="ignore")

    assert run("demo", "-v0").returncode == 0
    return run


def shell(operator, text):
    done = operator("shell", "-v0", "-c", f"from main.models import *; {text}")
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


COUNT = "print(ReferralCode.objects.count(), ExpirationRun.objects.count())"


def test_a_backup_comes_back_whole_and_its_file_is_for_one_user_alone(operator, tmp_path):
    codes, runs = shell(operator, COUNT).split()
    held = f"{codes} referral code(s) and {runs} run(s)"
    file = tmp_path / "codes.backup"

    made = operator("backup", str(file))
    assert (made.returncode, made.stdout, made.stderr) == (0, f"Backed up {held} to {file}.\n", "")
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    assert sorted(path.name for path in tmp_path.glob("codes*")) == ["codes.backup"]

    again = operator("backup", str(file))
    assert (again.returncode, again.stdout, again.stderr) == (
        1,
        "",
        f"CommandError: No backup was made. {file} exists already: "
        "choose another name, such as one with the day in it.\n",
    )

    shell(operator, "ReferralCode.objects.all().delete(); ReferralCode.objects.create(code='LATER')")
    back = operator("restore", str(file), "--no-input")
    assert (back.returncode, back.stderr) == (0, "")
    assert back.stdout == (
        f"Restored {held}.\nNow run `python manage.py migrate`, then `python manage.py expiration_health`.\n"
    )
    assert shell(operator, COUNT) == f"{codes} {runs}"
    assert operator("migrate", "--check").returncode == 0
    assert shell(operator, f"print(ReferralCode.objects.create(code='LATER').pk > {codes})") == "True"


def test_a_backup_that_is_not_whole_changes_nothing(operator, tmp_path):
    before = shell(operator, COUNT)
    file, half, other = (tmp_path / name for name in ("codes.backup", "half.backup", "other.backup"))
    assert operator("backup", str(file)).returncode == 0
    data = file.read_bytes()
    half.write_bytes(data[: len(data) // 2])
    other.write_text("a picture of a cat")
    for wrong in (half, other):
        refused = operator("restore", str(wrong), "--no-input")
        assert (refused.returncode, refused.stdout) == (1, "")
        assert refused.stderr.startswith("CommandError: ")
        assert str(wrong) in refused.stderr
        assert len(refused.stderr.splitlines()) == 1
    missing = operator("restore", str(tmp_path / "none"), "--no-input")
    assert (missing.returncode, missing.stderr) == (
        2,
        f"CommandError: {tmp_path}/none cannot be read: No such file or directory.\n",
    )
    assert shell(operator, COUNT) == before


def test_a_backup_that_cannot_be_written_is_told_and_leaves_nothing(operator, tmp_path):
    refused = operator("backup", "/proc/codes.backup")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr == (
        "CommandError: No backup was made. /proc/codes.backup cannot be written: No such file or directory.\n"
    )


def test_without_a_yes_nothing_is_replaced(operator, url, tmp_path):
    file = tmp_path / "codes.backup"
    assert operator("backup", str(file)).returncode == 0
    shell(operator, "ReferralCode.objects.create(code='LATER')")
    asked = subprocess.run(
        [".venv/bin/python", "manage.py", "restore", str(file)],
        cwd=PROJECT, input="no\n", capture_output=True, text=True, check=False,
        env={"PATH": os.environ["PATH"], "DATABASE_URL": url, "LOG_DIR": str(tmp_path)},
    )  # fmt: skip
    assert (asked.returncode, asked.stderr) == (1, "CommandError: Nothing was changed.\n")
    assert asked.stdout.startswith("Replace everything in the database ")
    assert shell(operator, "print(ReferralCode.objects.filter(code='LATER').exists())") == "True"


def test_a_backup_without_tables_is_refused(manage, url, tmp_path):
    """What `pg_dump` of an empty variable did: an empty file, and everything well."""
    if url.startswith("sqlite"):
        sqlite3.connect(tmp_path / "db.sqlite3").close()
    refused = manage("backup", str(tmp_path / "empty.backup"), DATABASE_URL=url)
    assert (refused.returncode, refused.stdout) == (1, "")
    assert refused.stderr.startswith("CommandError: No backup was made. ")
    assert not list(tmp_path.glob("empty*"))
