from importlib import import_module

from django.apps import apps
from django.contrib import admin
from django.urls import include, path

from knossos.health import health
from knossos.metrics import metrics

admin.autodiscover()
import_module("knossos.accounts")  # takes the place of what Django has just registered

handler500 = "knossos.errors.server_error"

urlpatterns = [
    path("admin/", admin.site.urls),
    path("health/", health, name="health"),
    path("metrics", metrics, name="metrics"),
    *([path("", include("main.notices.urls"))] if apps.is_installed("main.notices") else []),
    path("", include("main.urls")),
]
