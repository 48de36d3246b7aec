from importlib import import_module

from django.apps import apps
from django.conf import settings
from django.contrib import admin
from django.urls import URLPattern, URLResolver, include, path

import knossos.sign_ins  # noqa: F401 - its receivers; a nightly command needs none
from knossos.health import health
from knossos.metrics import metrics

admin.autodiscover()
import_module("knossos.accounts")  # takes the place of what Django has just registered
if settings.SECOND_FACTOR:
    # Who may edit devices could sign in as anybody: they are no matter of the admin.
    admin.site.unregister(apps.get_model("otp_totp", "TOTPDevice"))

handler500 = "knossos.errors.server_error"
if apps.is_installed("main.checkout"):
    handler400 = "main.checkout.http.problems.bad_request"

urlpatterns: list[URLPattern | URLResolver] = [
    path("admin/", admin.site.urls),
    path("health/", health, name="health"),
    path("metrics", metrics, name="metrics"),
    *([path("", include("main.notices.urls"))] if apps.is_installed("main.notices") else []),
    path("", include("main.urls")),
    *([path("api/v1/", include("main.checkout.urls"))] if apps.is_installed("main.checkout") else []),
]
if settings.SECOND_FACTOR:
    urlpatterns.insert(0, path("second-factor/", include("knossos.second_factor")))
