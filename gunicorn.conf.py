"""Settings of gunicorn, which reads this file when it is started in this folder."""

import os
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from typing import Any

# By default gunicorn trusts the headers of every connection from this machine or through a socket. If a proxy then
# passes on X-Forwarded-Proto as the client wrote it, a request by plain HTTP counts as HTTPS. Only the setting PROXIES
# says whether a proxy is trusted, and Django reads the header itself.
secure_scheme_headers: dict[str, str] = {}
forwarder_headers = ""
forwarded_allow_ips = ""
# The control socket would be in the home folder, and could be used to control the server.
control_socket_disable = True

# The workers keep their counts for /metrics (knossos/metrics.py) in this folder, so that each of them can tell the
# sum. A reload keeps the folder. A restart begins a new one; Prometheus expects that of counters.
FOLDER, PREFIX = "PROMETHEUS_MULTIPROC_DIR", "knossos-counts-"
if FOLDER not in os.environ:
    os.environ[FOLDER] = mkdtemp(prefix=PREFIX)


def on_starting(server: Any) -> None:
    """Give the folder to the user of the workers."""
    os.chown(os.environ[FOLDER], server.cfg.uid, server.cfg.gid)


def on_exit(server: Any) -> None:
    """Delete the folder. gunicorn calls this in its first process alone."""
    folder = Path(os.environ[FOLDER])
    if folder.name.startswith(PREFIX):
        rmtree(folder, ignore_errors=True)
