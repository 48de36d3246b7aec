"""Ctrl-C at any moment: the codes of the file are all in or none, and what the command says of it is true."""

import os
import re
import signal
import subprocess
import sys

import pytest

from tests.conftest import PROJECT

COUNT = "from main.models import *; print(ReferralCode.objects.count(), CodeImport.objects.count())"
ROWS = 3000


@pytest.fixture
def file(tmp_path, manage):
    path = tmp_path / "codes.csv"
    lines = [f"{number},A-{number},2020-01-01" for number in range(ROWS)]
    path.write_text("\n".join(["id,code,expires_at", *lines]) + "\n")
    assert manage("migrate", "-v0").returncode == 0
    return path


@pytest.mark.parametrize("seconds", [0.0, 0.3, 0.6, 0.9, 1.2, 1.8, 2.5])
def test_what_is_said_after_ctrl_c_is_true(file, manage, tmp_path, seconds):
    environment = {
        "PATH": os.environ["PATH"], "DATABASE_URL": f"sqlite:///{tmp_path}/db.sqlite3",
        "LOG_DIR": str(tmp_path / "logs"), "DEBUG": "on",
    }  # fmt: skip
    process = subprocess.Popen(
        [sys.executable, str(PROJECT / "manage.py"), "import_codes", str(file), "-v2", "--map", str(tmp_path / "map")],
        env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        preexec_fn=lambda: signal.signal(signal.SIGINT, signal.default_int_handler),  # noqa: PLW1509
    )  # fmt: skip
    try:
        process.wait(timeout=seconds + 1)
    except subprocess.TimeoutExpired:
        process.send_signal(signal.SIGINT)
    out, err = process.communicate(timeout=60)
    stored = manage("shell", "-v0", "-c", COUNT).stdout.strip()
    assert stored in ("0 0", f"{ROWS} 1")
    said = re.findall(r"Nothing was imported|All is imported|Imported 3000 codes", err + out)
    if said:
        assert ("Nothing" in said[0]) == (stored == "0 0")
    else:  # before the command had begun
        assert stored == "0 0"
