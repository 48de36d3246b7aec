import logging
import os

from django.core.asgi import get_asgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "knossos.settings")
# Strangers can reach a server, so DEBUG is off here unless it is set. runserver has already read the settings.
os.environ.setdefault("DEBUG_BY_DEFAULT", "off")
application = get_asgi_application()

import knossos.celery  # noqa: E402, F401 - reads the settings; so that `.delay()` knows the broker in a web process
from main.sweep.writable import fault_of_file  # noqa: E402 - needs the settings

if fault := fault_of_file(named=True):
    logging.getLogger("knossos").error(fault)
