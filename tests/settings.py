"""The project's settings as they are by default: of a developer's .env, only DATABASE_URL counts here."""

import atexit
import os
from tempfile import TemporaryDirectory

# Of this process and those that it starts; gone with it. No test writes into the project's own logs.
_logs = TemporaryDirectory(prefix="knossos-tests-")
atexit.register(_logs.cleanup)

# Set before the settings read .env, which overrides nothing that is set.
os.environ |= {
    "DEBUG": "on",
    "TIME_ZONE": "UTC",
    "LANGUAGE_CODE": "en-gb",
    "EXPIRATION_SCHEDULE": "0 2 * * *",
    "NOTICE_SCHEDULE": "0 8 * * *",
    "LOG_DIR": _logs.name,
}

from knossos.settings import *  # noqa: E402, F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # tests make many users
