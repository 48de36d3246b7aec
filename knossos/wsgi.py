import os

from django.core.wsgi import get_wsgi_application

import knossos.celery  # noqa: F401 - so that `.delay()` knows the broker in a web process

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "knossos.settings")
application = get_wsgi_application()
