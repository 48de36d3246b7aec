"""The project's server, and beside it a view that makes one SELECT and answers JSON."""

import os

os.environ["DJANGO_SETTINGS_MODULE"] = "benchmarks.settings"

from knossos.wsgi import application

__all__ = ["application"]
