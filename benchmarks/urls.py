"""The project's addresses, and one more."""

import json

from django.db import connection
from django.http import HttpRequest, JsonResponse
from django.urls import include, path
from django.views.decorators.csrf import csrf_exempt

from main.codes.lookalikes import lookup_key

SELECT = "SELECT id, code, discount, status FROM main_referralcode WHERE lookup_key = %s"


@csrf_exempt
def select(request: HttpRequest) -> JsonResponse:
    """What a check is measured against: one SELECT, answered as JSON."""
    with connection.cursor() as cursor:
        cursor.execute(SELECT, [lookup_key(json.loads(request.body)["code"])])
        pk, code, discount, status = cursor.fetchone()
    return JsonResponse({"id": pk, "code": code, "discount": str(discount), "status": status})


urlpatterns = [path("select/", select), path("", include("knossos.urls"))]
