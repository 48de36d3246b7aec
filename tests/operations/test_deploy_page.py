"""docs/deploy.md, run as it stands on an empty Debian.

The Debian is a folder that debootstrap fills, entered by chroot in a mount namespace of its own. What it lacks of a
machine is stood in for: systemctl starts a unit's ExecStart as its user, and the site's certificate is our own.
"""

import os
import re
import shutil
import subprocess
import textwrap

import pytest

from tests.conftest import PROJECT

PAGE = PROJECT / "docs" / "deploy.md"
BLOCKS = re.findall(r"^```bash\n(.*?)^```$", PAGE.read_text(), re.DOTALL | re.MULTILINE)

SYSTEMCTL = """\
#!/bin/sh
# Starts what a unit says, as its user; no systemd runs here.
echo "$*" >> /systemctl.log
case "$*" in
"enable --now knossos.service")
    unit=/etc/systemd/system/knossos.service
    install -d -o knossos -g www-data /run/knossos
    cd "$(sed -n s/^WorkingDirectory=//p $unit)"
    setsid runuser -u knossos -g www-data -- $(sed -n s/^ExecStart=//p $unit) > /gunicorn.log 2>&1 &
    for _ in $(seq 300); do [ -S /run/knossos/socket ] && exit 0; sleep 0.1; done
    cat /gunicorn.log; exit 1 ;;
"reload nginx") nginx ;;
esac
"""
# What this test adds to the page: PostgreSQL on its usual port, which the machine around it may have taken.
AFTER_PACKAGES = """
cd /etc/postgresql/*/main
sed -i "s/^port = .*/port = 5432/; s/^#listen_addresses = .*/listen_addresses = ''/" postgresql.conf
pg_ctlcluster "$(ls /etc/postgresql)" main start
mkdir -p /etc/letsencrypt/live/codes.example.com
openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=codes.example.com \
    -addext subjectAltName=DNS:codes.example.com -keyout /etc/letsencrypt/live/codes.example.com/privkey.pem \
    -out /etc/letsencrypt/live/codes.example.com/fullchain.pem 2>/dev/null
"""
LOOK = """
echo '== look'
stat -c '%a %U %n' /srv/knossos/app/.env
cat > /look.py <<'EOF'
import http.client, socket, ssl
context = ssl.create_default_context(cafile="/etc/letsencrypt/live/codes.example.com/fullchain.pem")
def ask(path):
    connection = http.client.HTTPSConnection("codes.example.com", context=context)
    here = socket.create_connection(("127.0.0.1", 443))
    connection.sock = context.wrap_socket(here, server_hostname="codes.example.com")
    connection.request("GET", path, headers={"Host": "codes.example.com"})
    answer = connection.getresponse()
    return answer.status, answer.read().decode()
print(*ask("/health/"))
status, page = ask("/sign-in/")
print(status, "csrfmiddlewaretoken" in page)
EOF
python3 /look.py
sed -n 's/^[^#]* knossos \\(cd .*\\)/\\1/p' /etc/cron.d/knossos | sed 's/\\\\%/%/g' > /cron.sh
runuser -u knossos -- sh -e /cron.sh
ls -1 /var/backups/knossos
"""

pytestmark = pytest.mark.skipif(
    not os.environ.get("REQUIRE_DEPLOY"), reason="fills a Debian from the network: set REQUIRE_DEPLOY=1, as root"
)


@pytest.fixture
def debian(tmp_path):
    root = tmp_path / "debian"
    subprocess.run(["debootstrap", "--variant=minbase", "bookworm", str(root)], check=True, capture_output=True)
    # The clean clone that the page's `git clone` gets, and how this machine reaches the network.
    subprocess.run(["git", "clone", "-q", "--no-hardlinks", str(PROJECT), str(root / "src")], check=True)
    (root / "etc" / "gitconfig").write_text(
        '[safe]\n directory = *\n[url "/src"]\n insteadOf = https://git.example.com/knossos.git\n'
    )
    shutil.copy("/etc/resolv.conf", root / "etc" / "resolv.conf")
    shutil.copy("/etc/ssl/certs/ca-certificates.crt", root / "trusted.crt")
    systemctl = root / "usr" / "local" / "bin" / "systemctl"
    systemctl.write_text(SYSTEMCTL)
    systemctl.chmod(0o755)
    # No journal listens here: what would go there is printed.
    logger = root / "usr" / "local" / "bin" / "logger"
    logger.write_text("#!/bin/sh\nexec cat\n")
    logger.chmod(0o755)
    return root


def test_the_page_leads_from_an_empty_debian_to_a_site_that_works(debian, tmp_path):
    script = "\n".join([BLOCKS[0], AFTER_PACKAGES, *BLOCKS[1:], LOOK])
    (debian / "deploy.sh").write_text(
        f"set -euo pipefail\nexport DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8\n{script}"
    )
    enter = textwrap.dedent(f"""
        mount --bind /proc {debian}/proc
        mount --bind /dev {debian}/dev
        mount -t tmpfs none {debian}/run
        exec chroot {debian} /usr/bin/env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin \
            HOME=/root PIP_CERT=/trusted.crt bash /deploy.sh
    """)
    # A PID namespace of its own: its servers end with it.
    done = subprocess.run(
        ["unshare", "--mount", "--pid", "--fork", "--kill-child", "bash", "-ec", enter],
        capture_output=True, text=True, timeout=1200, check=False,
    )  # fmt: skip
    assert done.returncode == 0, f"{done.stdout[-4000:]}\n{done.stderr[-4000:]}"
    told, looked = done.stdout.split("== look\n")
    assert "No expired referral codes found.\nHealthy.\n" in told
    lines = looked.splitlines()
    assert lines[0] == "600 knossos /srv/knossos/app/.env"
    assert lines[1].startswith('200 {"healthy": true,')
    assert lines[2] == "200 True"
    assert re.fullmatch(
        r"Backed up 0 referral code\(s\) and 1 run\(s\) to /var/backups/knossos/\S+\.backup\.", lines[3]
    )
    assert re.fullmatch(r"\d{4}-\d\d-\d\d\.backup", lines[4])
    assert (debian / "systemctl.log").read_text().splitlines() == [
        "daemon-reload",
        "enable --now knossos.service",
        "reload nginx",
        "daemon-reload",
        "enable --now expire-referral-codes.timer send-notices.timer",
    ]
    units = tmp_path / "units"
    units.mkdir()
    jobs = ("expire-referral-codes", "send-notices")
    for name in ("knossos.service", *(f"{job}.{kind}" for job in jobs for kind in ("service", "timer"))):
        text = (debian / "etc" / "systemd" / "system" / name).read_text()
        (units / name).write_text(text.replace("/srv/", f"{debian}/srv/"))  # where its programs are for this machine
    verified = subprocess.run(
        ["systemd-analyze", "verify", *map(str, units.iterdir())], capture_output=True, text=True, check=False
    )
    assert (verified.returncode, verified.stderr) == (0, "")
