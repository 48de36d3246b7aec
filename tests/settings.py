"""The project's settings as they are by default: of a developer's .env, only DATABASE_URL counts here."""

import os

# Set before the settings read .env, which overrides nothing that is set.
os.environ |= {"DEBUG": "on", "TIME_ZONE": "UTC", "EXPIRATION_SCHEDULE": "0 2 * * *", "LOG_DIR": "logs"}

from knossos.settings import *  # noqa: F403

PASSWORD_HASHERS = ["django.contrib.auth.hashers.MD5PasswordHasher"]  # tests make many users
