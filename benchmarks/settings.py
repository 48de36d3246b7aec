"""The project's settings, and the commands of the contenders."""

from knossos.settings import *  # noqa: F403

INSTALLED_APPS = [*INSTALLED_APPS, "benchmarks"]  # noqa: F405
