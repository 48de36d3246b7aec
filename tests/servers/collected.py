"""The project's settings, with the static files in a folder of a test."""

import os

from knossos.settings import *  # noqa: F403

STATIC_ROOT = os.environ["COLLECTED"]
