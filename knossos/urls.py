from django.contrib import admin
from django.urls import include, path

from knossos.health import health

admin.autodiscover()

handler500 = "knossos.errors.server_error"

urlpatterns = [
    path("admin/", admin.site.urls),
    path("health/", health, name="health"),
    path("", include("main.urls")),
]
